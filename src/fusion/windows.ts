import type { VisionTower } from '../clip/index.ts';
import { GpuArray } from '../gpu/array.ts';
import { uploadIndex } from '../kernels/row_index.ts';
import { gatherRows, reshape, Tensor } from '../nn/index.ts';

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
 * positions that they have in the image, and the windows of all images are one batch of sequences.
 * @param images [B, 3, S, S]
 * @param side of a window in patches
 * @returns [B, windows, E]
 */
export function windowEmbeddings(tower: VisionTower, images: GpuArray, side: number): GpuArray {
  const { gpu } = images;
  const { embed, vision } = tower.config;
  const windows = windowPatches(tower.grid, side);
  const batch = images.shape[0];
  const count = batch * windows.length;
  const out = GpuArray.empty(gpu, [batch, windows.length, embed]);
  using _scope = gpu.scope();
  const stem = tower.embed(new Tensor(images));
  const tokens = tower.grid ** 2 + 1;
  const rows = reshape(stem, [batch * tokens, vision.width]);
  const length = side * side + 1;
  const pass = Math.max(1, Math.floor(MOST_BYTES / (4 * length * vision.mlp)));
  for (let start = 0; start < count; start += pass) {
    using _pass = gpu.scope();
    const sequences = Array.from({ length: Math.min(pass, count - start) }, (_, i) => start + i);
    const index = sequences.flatMap((sequence) => {
      const first = tokens * Math.floor(sequence / windows.length);
      return [first, ...windows[sequence % windows.length].map((patch) => first + 1 + patch)];
    });
    const gathered = reshape(gatherRows(rows, uploadIndex(gpu, index)), [sequences.length, length, vision.width]);
    const { value } = tower.encodeTokens(gathered, { embedding: true }).embedding!;
    const bytes = 4 * value.size;
    gpu.copy(
      { buffer: value.buffer, offset: value.offset, bytes },
      { buffer: out.buffer, offset: 4 * start * embed, bytes },
    );
  }
  return out;
}
