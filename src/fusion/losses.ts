import { GpuArray } from '../gpu/array.ts';
import { matmul } from '../kernels/matmul.ts';
import { softmax as softmaxKernel } from '../kernels/softmax.ts';
import { topRows } from '../kernels/top_rows.ts';
import {
  bce,
  concatenate,
  dice,
  focal,
  meanRows,
  reshape,
  scale,
  scaleRows,
  softmax,
  sum,
  type Tensor,
} from '../nn/index.ts';
import { type MapGeometry, probabilityMap } from './maps.ts';
import type { FusionOptions } from './options.ts';

/** Ground truth of a batch. */
export interface Targets {
  /** [B], 1 = abnormal */
  readonly label: GpuArray;
  /** [B, S, S] of 0 and 1, or null for image-level sets */
  readonly mask: GpuArray | null;
}

/** A loss and its parts, e.g. `focal.gal.6`; `values` [parts] in the order of `names`. */
export interface FusionLoss {
  readonly total: Tensor;
  readonly names: readonly string[];
  readonly values: Tensor;
}

/**
 * Pixel-level loss of one layer and branch: focal and dice (equation 6).
 * @param logits [B·N, 2]
 * @param mask [B, S, S] of 0 and 1
 */
export function segmentationLoss(
  logits: Tensor,
  mask: GpuArray,
  options: FusionOptions,
  geometry: MapGeometry,
): { focal: Tensor; dice: Tensor } {
  const prob = probabilityMap(logits, options, geometry);
  return {
    focal: focal(prob, mask, {
      gamma: options['loss.focal.gamma'],
      alpha: options['loss.focal.alpha'],
      smooth: options['loss.focal.smooth'],
    }),
    dice: dice(prob, mask, options['loss.dice.smooth']),
  };
}

/**
 * Image-level loss of one layer and branch (equation 5): BCE on the similarities aggregated over the patches.
 * @param logits [B·N, 2]
 * @param label [B], 1 = abnormal
 * @returns [1]
 */
export function detectionLoss(logits: Tensor, label: GpuArray, options: FusionOptions, grid: number): Tensor {
  const patches = grid * grid;
  const mode = options['loss.det'];
  const scores = mode === 'margin' ? logits : softmax(logits);
  return bce(aggregate(scores, logits.value, patches, options['loss.region']), label, mode);
}

/** Collects the parts of a loss under their names. */
export class LossSum {
  readonly #options: FusionOptions;
  readonly #geometry: MapGeometry;
  readonly #names: string[] = [];
  readonly #parts: Tensor[] = [];

  constructor(options: FusionOptions, geometry: MapGeometry) {
    this.#options = options;
    this.#geometry = geometry;
  }

  /** Adds focal and dice of the logits [B·N, 2] of one place, e.g. `gal.6`. */
  segmentation(where: string, logits: Tensor, mask: GpuArray): void {
    const parts = segmentationLoss(logits, mask, this.#options, this.#geometry);
    this.#names.push(`focal.${where}`, `dice.${where}`);
    this.#parts.push(parts.focal, parts.dice);
  }

  /** Adds weight · BCE of the logits [B·N, 2] of one place. */
  detection(where: string, logits: Tensor, label: GpuArray, weight = 1): void {
    const value = detectionLoss(logits, label, this.#options, this.#geometry.grid);
    this.#names.push(`bce.${where}`);
    this.#parts.push(weight === 1 ? value : scale(value, weight));
  }

  /** The sum of all parts. */
  end(): FusionLoss {
    const values = concatenate(this.#parts);
    return { total: sum(values), names: this.#names, values };
  }
}

/** Mean over all patches, or over the R most abnormal ones: [B·N, 2] → [B, 2]. */
function aggregate(scores: Tensor, logits: GpuArray, patches: number, region: string): Tensor {
  const batch = scores.shape[0] / patches;
  const all = (x: Tensor) => meanRows(reshape(x, [batch, patches, 2]));
  if (region === 'all') return all(scores);
  const count = Math.min(patches, Number(region.slice('topk:'.length)));
  return scale(all(scaleRows(scores, mostAbnormal(logits, batch, count))), patches / count);
}

/** 1 for the `count` patches of each image with the largest probability of "abnormal", 0 for the others: [B·N]. */
function mostAbnormal(logits: GpuArray, batch: number, count: number): GpuArray {
  const { gpu, rows } = logits;
  const second = GpuArray.from(gpu, Float32Array.of(0, 1), [2, 1]);
  const abnormal = matmul(softmaxKernel(logits), second).reshape([batch, rows / batch]);
  return topRows(abnormal, count).reshape([rows]);
}
