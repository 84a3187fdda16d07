/**
 * Calls of every wrapper for `check_shaders.ts`: at tiny sizes, where a race between invocations that share memory can be
 * searched for by interpretation, and at the largest supported ones, where no invocation may run more than 65,535 loop iterations.
 */
import { GpuArray } from '../src/gpu/array.ts';
import type { Gpu } from '../src/gpu/gpu.ts';
import { activation, activationBackward } from '../src/kernels/activation.ts';
import { adamStep } from '../src/kernels/adam.ts';
import { assembleTokens, assembleTokensBackward } from '../src/kernels/assemble_tokens.ts';
import { attention, attentionBackward, attentionBackwardWith, attentionWith } from '../src/kernels/attention.ts';
import { ATTENTION_VARIANTS, type AttentionVariant } from '../src/kernels/attention_variants.ts';
import { bankDistance } from '../src/kernels/bank_distance.ts';
import { bce, bceBackward } from '../src/kernels/bce.ts';
import { binary, binaryWith } from '../src/kernels/binary.ts';
import { clipNorm } from '../src/kernels/clip_norm.ts';
import { convolution } from '../src/kernels/convolution.ts';
import { cosineLogits, cosineLogitsBackward } from '../src/kernels/cosine_logits.ts';
import { dice, diceBackward } from '../src/kernels/dice.ts';
import { addInto, clamp, fill, scale, scaleRows, sumAll } from '../src/kernels/elementwise.ts';
import { focal, focalBackward } from '../src/kernels/focal.ts';
import { gatherRows, scatterRows } from '../src/kernels/gather_rows.ts';
import { guidedUpsample } from '../src/kernels/guided_upsample.ts';
import { infoNce, infoNceBackward } from '../src/kernels/info_nce.ts';
import { l2Normalize, l2NormalizeBackward } from '../src/kernels/l2_normalize.ts';
import { layerNorm, layerNormBackward } from '../src/kernels/layer_norm.ts';
import { matmul, matmulWith } from '../src/kernels/matmul.ts';
import { MATMUL_VARIANTS, type MatmulVariant } from '../src/kernels/matmul_variants.ts';
import { maxPool } from '../src/kernels/max_pool.ts';
import { meanGroups, meanGroupsBackward, meanRows, meanRowsBackward } from '../src/kernels/mean_groups.ts';
import { patchEmbedding } from '../src/kernels/patch_embedding.ts';
import { bilinearResize, bilinearResizeBackward } from '../src/kernels/resize.ts';
import { uploadIndex } from '../src/kernels/row_index.ts';
import { softmax, softmaxBackward } from '../src/kernels/softmax.ts';
import { permute, repeatTo, sliceAxis, writeSlice } from '../src/kernels/strided_copy.ts';
import { sumTo } from '../src/kernels/sum_axis.ts';
import { topRows } from '../src/kernels/top_rows.ts';
import { unary } from '../src/kernels/unary.ts';
import { where } from '../src/kernels/where.ts';
import { windowAttention } from '../src/kernels/window_attention.ts';

type Case = (gpu: Gpu) => void;

/** An array that holds zeros when it is small enough to hold anything. */
const array = (gpu: Gpu, ...shape: number[]): GpuArray => GpuArray.empty(gpu, shape);

/** Sizes by which a case runs its wrappers: tiny ones and the largest ones differ in nothing else. */
function normalisation(rows: number, width: number): Case {
  return (gpu) => {
    const x = array(gpu, rows, width);
    const weight = array(gpu, width);
    const { y, mean, rstd } = layerNorm(x, weight, weight);
    layerNormBackward(y, x, weight, mean, rstd, { x: true, weight: true });
    layerNormBackward(y, x, weight, mean, rstd, { x: true, weight: false }, array(gpu, rows, width));
    const unit = l2Normalize(x);
    l2NormalizeBackward(x, unit.y, unit.inverseNorm);
  };
}

function softmaxes(rows: number, width: number): Case {
  return (gpu) => softmaxBackward(array(gpu, rows, width), softmax(array(gpu, rows, width)));
}

function pointwise(rows: number, width: number): Case {
  return (gpu) => {
    const x = array(gpu, rows, width);
    for (const kind of ['relu', 'leaky_relu', 'gelu', 'quickgelu'] as const) {
      activationBackward(x, activation(x, kind), kind);
    }
    binary('add', x, x);
    binaryWith('any', 'div', x, array(gpu, rows, 1));
    for (const kind of ['exp', 'log', 'sqrt', 'abs', 'power'] as const) unary(kind, x, 64);
    writeSlice(x, sliceAxis(permute(permute(x, [1, 0]), [1, 0]), 1, 1, width - 1), 1, 1);
    where(array(gpu, rows, 1), x, array(gpu, width));
    repeatTo(array(gpu, rows, 1), [rows, width], 2);
    scale(x, 2);
    addInto(x, scaleRows(x, array(gpu, rows)));
    sumTo(x, [width]);
    sumTo(x, [rows, 1]);
    sumAll(x);
    fill([rows, width], 1, gpu);
    clamp(x, 0, 1);
    clipNorm([x], 1, [array(gpu, 8)]);
    const state = { exp_avg: array(gpu, rows, width), exp_avg_sq: array(gpu, rows, width) };
    adamStep(array(gpu, rows, width), x, state, array(gpu, 8));
  };
}

function rowwise(sentences: number, length: number, width: number): Case {
  return (gpu) => {
    const ids = new Uint32Array(sentences).fill(1);
    gatherRows(array(gpu, 3, width), uploadIndex(gpu, ids));
    gatherRows(array(gpu, 3, 3), uploadIndex(gpu, ids));
    scatterRows(array(gpu, sentences, width), ids, 3);
    const starts = uploadIndex(gpu, [0, 1, sentences]);
    meanGroups(array(gpu, sentences, width), starts);
    meanGroupsBackward(array(gpu, 2, width), starts, sentences);
    meanRowsBackward(meanRows(array(gpu, 2, sentences, width)), sentences);
    assembleTokens(array(gpu, 2, length, width), array(gpu, width), array(gpu, length + 1, width));
    assembleTokensBackward(array(gpu, 2, length, width), { patches: true, cls: true, positions: true });
    topRows(array(gpu, 2, sentences), 1);
  };
}

function maps(groups: number, batch: number, grid: number, side: number): Case {
  return (gpu) => {
    for (const align of [true, false, { patch: 2 }]) {
      const y = bilinearResize(array(gpu, groups * batch, grid, grid, 2), [side, side], align);
      bilinearResizeBackward(y, [grid, grid], align);
      bilinearResize(array(gpu, batch, 1, 1, 4096), [3, 3], false);
    }
    const prob = array(gpu, groups * batch, side, side, 2);
    const mask = array(gpu, batch, side, side);
    const grad = array(gpu, groups);
    focal(prob, mask);
    focalBackward(grad, prob, mask);
    focalBackward(grad, prob, mask, 2, 1e-5, null, prob);
    diceBackward(grad, dice(prob, mask).sums, mask, prob.shape);
    for (const mode of ['prob', 'mvfa', 'margin'] as const) {
      const pair = array(gpu, groups * batch, 2);
      bce(pair, array(gpu, batch), mode);
      bceBackward(grad, pair, array(gpu, batch), mode);
    }
  };
}

function refinement(batch: number, side: number, radius: number): Case {
  return (gpu) => {
    const guide = array(gpu, batch, 3, side, side);
    guidedUpsample(array(gpu, batch, side, side), guide, { radius, space: 7, range: 0.1 });
  };
}

function products(m: number, k: number, n: number): Case {
  return (gpu) => {
    matmul(array(gpu, m, k), array(gpu, k, n));
    matmul(array(gpu, m, k), array(gpu, n, k), { transposeB: true });
  };
}

/** By every variant, chosen or not. */
function everyProduct(m: number, k: number, n: number): Case {
  return (gpu) => {
    for (const variant of Object.keys(MATMUL_VARIANTS) as MatmulVariant[]) {
      matmulWith(variant, array(gpu, m, k), array(gpu, k, n));
      matmulWith(variant, array(gpu, k, m), array(gpu, k, n), { transposeA: true });
    }
  };
}

function heads(batch: number, length: number, count: number, width: number): Case {
  return (gpu) => {
    const qkv = array(gpu, batch, length, 3 * count * width);
    const { out, logSumExp } = attention(qkv, count);
    attentionBackward(out, qkv, out, logSumExp, count);
  };
}

function everyHeads(batch: number, length: number, count: number, width: number): Case {
  return (gpu) => {
    const qkv = array(gpu, batch, length, 3 * count * width);
    for (const variant of Object.keys(ATTENTION_VARIANTS) as AttentionVariant[]) {
      const result = attentionWith(variant, qkv, count, { causal: true });
      attentionBackwardWith(variant, result.out, qkv, result, count, { causal: true });
    }
  };
}

function similarities(rows: number, classes: number, bank: number, width: number): Case {
  return (gpu) => {
    const f = array(gpu, rows, width);
    const t = array(gpu, classes, width);
    const { logits, inverseNorm } = cosineLogits(f, t, 100);
    cosineLogitsBackward(logits, f, t, inverseNorm, 100, { f: true, t: true });
    bankDistance(f, array(gpu, bank, width));
  };
}

function contrast(batch: number): Case {
  return (gpu) => {
    const cosine = array(gpu, batch, batch);
    const targets = { wanted: cosine, weights: array(gpu, cosine.shape[0] + cosine.shape[1]) };
    const { logSumExp } = infoNce(cosine, array(gpu, 1), targets);
    infoNceBackward(array(gpu, 1), cosine, array(gpu, 1), targets, logSumExp);
  };
}

function windows(batch: number, grid: number, side: number, heads: number): Case {
  return (gpu) => {
    const x = array(gpu, batch, grid, grid, 3 * heads * 32);
    convolution(x, array(gpu, 4, side * side * x.width), { side, stride: 2, pad: 1 });
    maxPool(x, { side, stride: 2, pad: 1 });
    windowAttention(x, array(gpu, x.width), array(gpu, (2 * side - 1) ** 2, heads), { heads, side, shift: 1 });
  };
}

const pictures: Case = (gpu) => patchEmbedding(array(gpu, 8, 3, 518, 518), array(gpu, 1024, 3, 14, 14));

/** Small enough for an interpreter, and no multiples of a tile; only what may have workgroup memory. */
export const TINY: readonly Case[] = [
  normalisation(3, 4),
  normalisation(3, 5),
  normalisation(2, 19),
  softmaxes(3, 5),
  softmaxes(2, 19),
  softmaxes(3, 2),
  pointwise(3, 4),
  pointwise(3, 5),
  rowwise(3, 3, 4),
  maps(1, 2, 2, 4),
  refinement(1, 3, 1),
  similarities(3, 2, 4, 5),
  contrast(3),
  products(3, 5, 2),
  everyProduct(3, 5, 2),
  heads(1, 3, 1, 4),
  everyHeads(1, 3, 1, 4),
  windows(1, 3, 2, 1),
];

/** Model width 4096, 518 px (1,370 tokens) and 60,000 of them at once, 176 images of 240² pixels, 2048² pixels; variants as chosen. */
export const CHOSEN: readonly Case[] = [
  normalisation(60_000, 16_383),
  normalisation(60_000, 16_384),
  softmaxes(176 * 240 * 240, 2),
  softmaxes(1370, 80_000),
  pointwise(60_000, 4096),
  pointwise(60_000, 4095),
  rowwise(60_000, 3, 64),
  rowwise(420, 77, 4096),
  maps(16, 176, 37, 240),
  maps(1, 60_000, 1, 8),
  maps(8, 1, 256, 2048),
  refinement(8, 2048, 48),
  products(8 * 1370, 4096, 4096),
  products(8, 100_000, 8),
  products(33, 4095, 31),
  similarities(8 * 1369, 2, 32 * 1369, 1024),
  similarities(1369, 14, 1000, 2000),
  contrast(4096),
  pictures,
  heads(8, 1370, 16, 64),
  heads(1, 1900, 1, 128),
  windows(8, 160, 80, 1),
  windows(8, 56, 7, 3),
];

/** The same, and every variant that can be forced. */
export const LARGEST: readonly Case[] = [
  ...CHOSEN,
  everyProduct(8 * 1370, 4096, 4096),
  everyProduct(8, 100_000, 8),
  everyProduct(33, 4095, 31),
  everyHeads(8, 1370, 16, 64),
  everyHeads(1, 1900, 1, 128),
];
