import type { VisionTower } from '../clip/index.ts';
import { GpuArray } from '../gpu/array.ts';
import { copyElements } from '../kernels/copy.ts';
import { uploadIndex } from '../kernels/row_index.ts';
import { gatherRows, reshape, Tensor } from '../nn/index.ts';
import { imageOf } from './batches.ts';

/** Bytes of the widest activation of a pass; more sequences are taken in several passes. Far below any binding limit. */
const MOST_BYTES = 64 * 2 ** 20;

/** Patches [side²] of every square window of a grid, stride 1, windows and patches row by row: [(grid − side + 1)²]. */
export function windowPatches(grid: number, side: number): number[][] {
  const starts = Array.from({ length: Math.max(0, grid - side + 1) }, (_, i) => i);
  const steps = Array.from({ length: side }, (_, i) => i);
  return starts.flatMap((y) => starts.map((x) => steps.flatMap((dy) => steps.map((dx) => (y + dy) * grid + x + dx))));
}

/**
 * Image embeddings of all windows: each is a sequence of its own, [class token ; patches of the window] with the
 * positions that they have in the image, and the windows of an image are one batch of sequences. An image's embeddings have
 * the same bits whatever images it is given with.
 * @param images [B, 3, S, S]
 * @param side of a window in patches
 * @returns [B, windows, E]
 */
export function windowEmbeddings(tower: VisionTower, images: GpuArray, side: number): GpuArray {
  const { gpu } = images;
  const { embed, vision } = tower.config;
  const windows = windowPatches(tower.grid, side);
  const batch = images.shape[0];
  const out = GpuArray.empty(gpu, [batch, windows.length, embed]);
  const tokens = tower.grid ** 2 + 1;
  const length = side * side + 1;
  const pass = Math.max(1, Math.floor(MOST_BYTES / (4 * length * vision.mlp)));
  for (let i = 0; i < batch; i++) {
    using _image = gpu.scope();
    const rows = reshape(tower.embed(new Tensor(imageOf(images, i))), [tokens, vision.width]);
    for (let start = 0; start < windows.length; start += pass) {
      using _pass = gpu.scope();
      const sequences = windows.slice(start, start + pass);
      const index = sequences.flatMap((window) => [0, ...window.map((patch) => 1 + patch)]);
      const gathered = reshape(gatherRows(rows, uploadIndex(gpu, index)), [sequences.length, length, vision.width]);
      const { value } = tower.encodeTokens(gathered, { embedding: true }).embedding!;
      copyElements(value, out, { toAt: (i * windows.length + start) * embed });
    }
  }
  return out;
}
