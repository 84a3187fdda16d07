import { GpuArray } from '../gpu/array.ts';
import { rowLaunch } from './rows.ts';
import { bce_backward, bce as forward } from './shaders.gen.ts';
import { elementGrid, expectShape } from './shapes.ts';

/** How the image-level loss reads a pair of means; see {@link bce}. */
export type BceMode = 'prob' | 'mvfa' | 'margin';

const MODE: Readonly<Record<BceMode, number>> = { prob: 0, mvfa: 1, margin: 2 };
const MOST_IMAGES = 60_000;

/**
 * Binary cross-entropy of G groups, each the mean over the same B images.
 * prob: −(y·log p₁ + (1−y)·log p₀), logarithms at least −100; mvfa: BCE-with-logits on p₁; margin: on m₁ − m₀.
 * @param pair [G·B, 2], means over the patches for normal and abnormal: probabilities, or similarities for `margin`
 * @param label [B], 0 or 1
 * @returns [G]
 */
export function bce(pair: GpuArray, label: GpuArray, mode: BceMode): GpuArray {
  const { count, batch } = groupsOf(pair, label);
  const loss = GpuArray.empty(pair.gpu, [count]);
  const { constants, groups } = rowLaunch(pair.gpu, count, batch);
  pair.gpu.run({
    shader: forward,
    constants: { ...constants, MODE: MODE[mode] },
    buffers: { pair, label, loss },
    params: { count, batch },
    groups,
    flops: 20 * pair.rows,
  });
  return loss;
}

/**
 * d loss / d pair.
 * @param grad [G]
 * @returns [G·B, 2]
 */
export function bceBackward(grad: GpuArray, pair: GpuArray, label: GpuArray, mode: BceMode): GpuArray {
  const { count, batch } = groupsOf(pair, label);
  expectShape('bce gradient', grad, [count]);
  const dpair = GpuArray.empty(pair.gpu, pair.shape);
  pair.gpu.run({
    shader: bce_backward,
    constants: { MODE: MODE[mode] },
    buffers: { grad, pair, label, dpair },
    params: { rows: count * batch, batch },
    groups: elementGrid(count * batch, bce_backward.constants.WORKGROUP),
    flops: 10 * pair.rows,
  });
  return dpair;
}

function groupsOf(pair: GpuArray, label: GpuArray): { count: number; batch: number } {
  const batch = label.size;
  if (batch === 0) throw new Error('bce: there is no image, and so no mean over images');
  const count = pair.rows / batch;
  if (!Number.isInteger(count) || batch > MOST_IMAGES) {
    throw new Error(
      `bce: [${pair.shape}] are not the pairs of whole groups of ${batch} images (at most ${MOST_IMAGES})`,
    );
  }
  expectShape('bce pair', pair, [count * batch, 2]);
  expectShape('bce label', label, [batch]);
  return { count, batch };
}
