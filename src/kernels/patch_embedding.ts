import { GpuArray } from '../gpu/array.ts';
import { matmul } from './matmul.ts';
import { patch_embedding } from './shaders.gen.ts';
import { elementGrid, expectShape } from './shapes.ts';

/**
 * Square patches as rows, row by row of the image; remaining pixels at the right and bottom edges are dropped.
 * @param images [B, 3, S, S]
 * @returns [B, g², 3 · patch²], g = ⌊S / patch⌋, columns in the order (channel, y, x)
 */
export function unfoldPatches(images: GpuArray, patch: number): GpuArray {
  const { gpu } = images;
  const [batch, , size] = images.shape;
  expectShape('patch_embedding images', images, [batch, 3, size, size]);
  const grid = Math.floor(size / patch);
  const patches = GpuArray.empty(gpu, [batch, grid * grid, 3 * patch * patch]);
  gpu.run({
    shader: patch_embedding,
    buffers: { images, patches },
    params: { count: patches.size, size, side: patch, grid },
    groups: elementGrid(patches.size, patch_embedding.constants.WORKGROUP),
  });
  return patches;
}

/**
 * Convolution whose stride is its kernel size, without bias, as a product with the unfolded patches.
 * @param images [B, 3, S, S]
 * @param weight [W, 3, p, p]; f16 and bf16 do as well
 * @returns [B, g², W], g = ⌊S / p⌋
 */
export function patchEmbedding(images: GpuArray, weight: GpuArray): GpuArray {
  const [width, , patch] = weight.shape;
  expectShape('patch_embedding weight', weight, [width, 3, patch, patch], weight.dtype);
  const patches = unfoldPatches(images, patch);
  const out = matmul(patches, weight.reshape([width, 3 * patch * patch]), { transposeB: true });
  patches.release();
  return out;
}
