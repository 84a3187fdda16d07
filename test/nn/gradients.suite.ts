import { fusionAdapter } from '../../src/fusion/adapters.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { infoNceTargets, uploadTargets } from '../../src/kernels/info_nce.ts';
import { uploadIndex } from '../../src/kernels/row_index.ts';
import { activation } from '../../src/lab/reference/activation.ts';
import { build } from '../../src/lab/reference/arrays.ts';
import { attentionReference } from '../../src/lab/reference/attention.ts';
import { cosineLogitsReference } from '../../src/lab/reference/cosine_logits.ts';
import { infoNce as infoNceReference } from '../../src/lab/reference/info_nce.ts';
import * as maps from '../../src/lab/reference/maps.ts';
import { matmulReference } from '../../src/lab/reference/matmul.ts';
import { patchEmbeddingReference } from '../../src/lab/reference/patch_embedding.ts';
import * as rows from '../../src/lab/reference/rows.ts';
import {
  activate,
  activatedLinear,
  add,
  assembleTokens,
  attention,
  bce,
  bilinearResize,
  checkpoint,
  cosineLogits,
  dice,
  exp,
  focal,
  gatherRows,
  infoNce,
  l2Normalize,
  layerNorm,
  linear,
  matmul,
  meanGroups,
  meanRows,
  mul,
  patchEmbedding,
  placeRows,
  scale,
  scaleRows,
  softmax,
  type Tensor,
} from '../../src/nn/index.ts';
import { noise } from '../harness/close.ts';
import { gradientTest } from '../harness/gradients.ts';
import { suite } from '../harness/registry.ts';

const LABEL = Float32Array.of(0, 1, 1);
const MASK = Float32Array.from({ length: 24 }, (_, i) => Number(i % 5 < 2));
const TRUTH = [
  [true, false, true],
  [false, true, false],
];
const device = (gpu: Gpu, values: Float32Array<ArrayBuffer>, shape: number[]) => GpuArray.from(gpu, values, shape);
/** Probabilities of two classes, not near 0 or 1. */
const probabilities = (seed: number, pairs: number) =>
  noise(seed, 2 * pairs).map((v, i, all) => (i % 2 === 0 ? 0.5 + 0.4 * v : 0.5 - 0.4 * all[i - 1]));
/** Away from the kink of a ReLU, so that a difference does not step over it. */
const bent = (seed: number, length: number) => noise(seed, length, 3).map((v) => v + 0.1 * Math.sign(v));

/** Every operation that has a kernel of its own, through the tape; the arithmetic is in arithmetic.suite.ts. */
suite('gradients', () => {
  for (const kind of ['relu', 'leaky_relu', 'gelu', 'quickgelu'] as const) {
    gradientTest('activation', kind, {
      inputs: [{ shape: [3, 7], values: bent(1, 21) }],
      run: ([x]) => activate(x, kind),
      reference: ([x]) => activation(x, kind),
    });
  }
  gradientTest('scale', 'by −1.5', {
    inputs: [{ shape: [5] }],
    run: ([x]) => scale(x, -1.5),
    reference: ([x]) => Float64Array.from(x, (v) => -1.5 * v),
  });
  gradientTest('scale_rows', 'each by its own constant', {
    inputs: [{ shape: [3, 5] }],
    run: ([x], gpu) =>
      scaleRows(
        x,
        device(
          gpu,
          LABEL.map((v) => v - 0.3),
          [3],
        ),
      ),
    reference: ([x]) => build([3, 5], ([i, j]) => (LABEL[i] - 0.3) * x[5 * i + j]),
  });
  gradientTest('softmax', 'rows of 5', {
    inputs: [{ shape: [3, 5], values: noise(2, 15, 3) }],
    run: ([x]) => softmax(x),
    reference: ([x]) => rows.softmax(x, 5),
  });
  gradientTest('layer_norm', 'rows of 7', {
    inputs: [{ shape: [5, 7] }, { shape: [7] }, { shape: [7] }],
    run: ([x, weight, bias]) => layerNorm(x, weight, bias),
    reference: ([x, weight, bias]) => rows.layerNorm(x, weight, bias, 1e-5),
    tolerance: { absolute: 2e-5, relative: 2e-5 },
  });
  for (const share of [1, 3]) {
    gradientTest('layer_norm', `beside its input, ${share} of it`, {
      inputs: [{ shape: [5, 8] }, { shape: [8] }, { shape: [8] }],
      run: ([x, weight, bias]) => {
        const z = scale(x, 2);
        const y = layerNorm(z, weight, bias);
        return add(y, share === 1 ? z : scale(z, share));
      },
      reference: ([x, weight, bias]) =>
        rows
          .layerNorm(
            Float64Array.from(x, (v) => 2 * v),
            weight,
            bias,
            1e-5,
          )
          .map((v, i) => v + 2 * share * x[i]),
      tolerance: { absolute: 2e-5, relative: 2e-5 },
    });
  }
  gradientTest('l2_normalize', 'rows of 6', {
    inputs: [{ shape: [5, 6] }],
    run: ([x]) => l2Normalize(x),
    reference: ([x]) => rows.l2Normalize(x, 6, 1e-12),
  });
  gradientTest('linear', 'with a bias', {
    inputs: [{ shape: [2, 3, 5] }, { shape: [4, 5] }, { shape: [4] }],
    run: ([x, weight, bias]) => linear(x, weight, bias),
    reference: ([x, weight, bias]) => matmulReference(x, weight, [6, 5, 4], false, true).map((v, i) => v + bias[i % 4]),
  });
  for (const bias of [true, false]) {
    gradientTest('linear', `on a residual, ${bias ? 'with' : 'without'} a bias`, {
      inputs: [{ shape: [6, 5] }, { shape: [4, 5] }, { shape: [6, 4] }, ...(bias ? [{ shape: [4] }] : [])],
      run: ([x, weight, residual, b]) => linear(x, weight, b ?? null, residual),
      reference: ([x, weight, residual, b]) =>
        matmulReference(x, weight, [6, 5, 4], false, true).map((v, i) => v + (b?.[i % 4] ?? 0) + residual[i]),
    });
  }
  for (const act of ['gelu', 'quickgelu'] as const) {
    gradientTest('activated_linear', act, {
      inputs: [{ shape: [3, 5], values: bent(1, 15) }, { shape: [4, 5] }, { shape: [4] }, { shape: [3, 4] }],
      run: ([x, weight, bias, residual]) => activatedLinear(x, { weight, bias }, act, residual),
      reference: ([x, weight, bias, residual]) =>
        matmulReference(activation(x, act), weight, [3, 5, 4], false, true).map(
          (v, i) => v + bias[i % 4] + residual[i],
        ),
    });
  }
  gradientTest('matmul', 'times a factor', {
    inputs: [{ shape: [3, 5] }, { shape: [5, 4] }],
    run: ([a, b]) => matmul(a, b, 0.5),
    reference: ([a, b]) => matmulReference(a, b, [3, 5, 4]).map((v) => 0.5 * v),
  });
  for (const causal of [false, true]) {
    const shape = { batch: 2, length: 5, heads: 2, width: 4, causal };
    gradientTest('attention', causal ? 'causal' : 'in both directions', {
      inputs: [{ shape: [2, 5, 24] }],
      run: ([qkv]) => attention(qkv, 2, causal),
      reference: ([qkv]) => attentionReference(qkv, shape).out,
    });
  }
  gradientTest('gather_rows', 'one of them twice', {
    inputs: [{ shape: [4, 3] }],
    run: ([table], gpu) => gatherRows(table, uploadIndex(gpu, [2, 0, 2])),
    reference: ([table]) => build([3, 3], ([i, j]) => table[3 * [2, 0, 2][i] + j]),
  });
  gradientTest('place_rows', 'among constant ones, one of them twice', {
    inputs: [{ shape: [2, 3], constant: true }, { shape: [2, 3] }],
    run: ([constant, own], gpu) => placeRows(constant, own, uploadIndex(gpu, [1, 3, 1, 2]), uploadIndex(gpu, [3, 1])),
    reference: ([constant, own]) =>
      build([4, 3], ([i, j]) => [...Array.from(constant), ...Array.from(own)][3 * [1, 3, 1, 2][i] + j]),
  });
  gradientTest('mean_groups', 'unequal ones', {
    inputs: [{ shape: [6, 3] }],
    run: ([x], gpu) => meanGroups(x, uploadIndex(gpu, [0, 1, 6])),
    reference: ([x]) => rows.meanGroups(x, [0, 1, 6], 3),
  });
  gradientTest('mean_rows', 'of three axes', {
    inputs: [{ shape: [2, 4, 3] }],
    run: ([x]) => meanRows(x),
    reference: ([x]) => rows.meanGroups(x, [0, 4, 8], 3),
  });
  gradientTest('assemble_tokens', 'patches, class and positions', {
    inputs: [{ shape: [2, 3, 4] }, { shape: [4] }, { shape: [4, 4] }],
    run: ([patches, cls, positions]) => assembleTokens(patches, cls, positions),
    reference: ([patches, cls, positions]) => rows.assembleTokens(patches, cls, positions),
  });
  gradientTest('patch_embedding', 'of the weight', {
    inputs: [{ shape: [2, 3, 5, 5], constant: true }, { shape: [4, 3, 2, 2] }],
    run: ([images, weight]) => patchEmbedding(images, weight),
    reference: ([images, weight]) => patchEmbeddingReference(images, weight, { batch: 2, size: 5, patch: 2, width: 4 }),
  });
  gradientTest('cosine_logits', 'of features and texts', {
    inputs: [{ shape: [5, 6] }, { shape: [2, 6] }],
    run: ([f, t]) => cosineLogits(f, t, 10),
    reference: ([f, t]) => cosineLogitsReference(f, t, [5, 2, 6], 10),
    tolerance: { absolute: 5e-5, relative: 2e-5 },
  });
  gradientTest('cosine_logits', 'of what a ReLU was given', {
    inputs: [{ shape: [5, 3] }, { shape: [6, 3] }, { shape: [2, 6] }],
    run: ([x, weight, t]) => cosineLogits(linear(x, weight, null, 'relu-sloped'), t, 10, true),
    reference: ([x, weight, t]) => {
      const f = matmulReference(x, weight, [5, 3, 6], false, true).map((v) => Math.max(v, 0));
      return cosineLogitsReference(f, t, [5, 2, 6], 10);
    },
    tolerance: { absolute: 5e-5, relative: 2e-5 },
  });
  gradientTest('info_nce', 'of cosines and scale', {
    inputs: [{ shape: [2, 3] }, { shape: [1], values: Float32Array.of(1.2) }],
    run: ([cosine, logScale], gpu) =>
      infoNce(
        cosine,
        logScale,
        uploadTargets(
          gpu,
          infoNceTargets(2, 3, (i, j) => TRUTH[i][j]),
          [2, 3],
        ),
      ),
    reference: ([cosine, logScale]) => [infoNceReference(cosine, logScale[0], TRUTH)],
  });
  gradientTest('resize', 'to a larger map', {
    inputs: [{ shape: [1, 2, 3, 2] }],
    run: ([x]) => bilinearResize(x, [4, 5], false),
    reference: ([x]) => maps.resize(x, [1, 2, 3, 2], [4, 5], false),
  });
  for (const mode of ['prob', 'mvfa', 'margin'] as const) {
    gradientTest('bce', mode, {
      inputs: [{ shape: [6, 2], values: probabilities(3, 6) }],
      run: ([pair], gpu) => bce(pair, device(gpu, LABEL, [3]), mode),
      reference: ([pair]) => maps.bce(pair, LABEL, mode),
    });
  }
  const pixels = { shape: [4, 3, 4, 2], values: probabilities(4, 48) };
  gradientTest('focal', 'two groups', {
    inputs: [pixels],
    run: ([prob], gpu) => focal(prob, device(gpu, MASK, [2, 3, 4]), { gamma: 2, alpha: 0.7, smooth: 1e-5 }),
    reference: ([prob]) => maps.focal(prob, MASK, 2, { gamma: 2, alpha: 0.7, smooth: 1e-5 }),
  });
  gradientTest('dice', 'two groups', {
    inputs: [pixels],
    run: ([prob], gpu) => dice(prob, device(gpu, MASK, [2, 3, 4])),
    reference: ([prob]) => maps.dice(prob, MASK, 2, 1),
  });
  gradientTest('checkpoint', 'x eˣ', {
    inputs: [{ shape: [7] }],
    run: (inputs: Tensor[]) => checkpoint(([x]) => mul(x, exp(x)), inputs),
    reference: ([x]) => Float64Array.from(x, (v) => v * Math.exp(v)),
  });
  for (const act of ['none', 'leaky_relu'] as const) {
    gradientTest('fusion_adapter', act, {
      inputs: [{ shape: [2, 3] }, { shape: [2, 4, 3] }, { shape: [5, 6] }, { shape: [5] }],
      run: ([cls, patches, weight, bias]) => fusionAdapter({ cls, patches }, weight, bias, act),
      reference: ([cls, patches, weight, bias]) =>
        build([2, 4, 5], ([b, n, e]) => {
          let z = bias[e];
          for (let i = 0; i < 3; i++) {
            z += weight[6 * e + i] * cls[3 * b + i] + weight[6 * e + 3 + i] * patches[3 * (4 * b + n) + i];
          }
          return act === 'none' ? z : Math.max(z, 0.01 * z);
        }),
    });
  }
});
