/** float64 reference of the convolution with stride p: images [B, 3, S, S], weight [W, 3, p, p] → [B, g², W]. */
export function patchEmbeddingReference(
  images: ArrayLike<number>,
  weight: ArrayLike<number>,
  { batch, size, patch, width }: { batch: number; size: number; patch: number; width: number },
): Float64Array {
  const grid = Math.floor(size / patch);
  const out = new Float64Array(batch * grid * grid * width);
  let at = 0;
  for (let b = 0; b < batch; b++) {
    for (let py = 0; py < grid; py++) {
      for (let px = 0; px < grid; px++) {
        for (let w = 0; w < width; w++) {
          for (let c = 0; c < 3; c++) {
            for (let y = 0; y < patch; y++) {
              for (let x = 0; x < patch; x++) {
                const pixel = images[((b * 3 + c) * size + py * patch + y) * size + px * patch + x];
                out[at] += pixel * weight[((w * 3 + c) * patch + y) * patch + x];
              }
            }
          }
          at++;
        }
      }
    }
  }
  return out;
}
