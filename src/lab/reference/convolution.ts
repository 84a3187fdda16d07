/** Shape of a convolution with zeros around the image, or of the pooling of its windows. */
export interface ConvolutionShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly side: number;
  readonly stride: number;
  readonly pad: number;
  readonly padEnd?: number;
}

/** Numbers of places of the windows of an image, downwards and across. */
export function placesOf({ height, width, side, stride, pad, padEnd = pad }: ConvolutionShape): [number, number] {
  return [height, width].map((size) => Math.floor((size + pad + padEnd - side) / stride) + 1) as [number, number];
}

/**
 * Calls `visit` for every pixel of the image in every window: index of the window, of the tap (y, x) in it, and of the
 * pixel's first channel in x [B, H, W, C].
 */
function eachTap(shape: ConvolutionShape, visit: (window: number, tap: number, pixel: number) => void): void {
  const { batch, height, width, channels, side, stride, pad } = shape;
  const [down, across] = placesOf(shape);
  for (let window = 0; window < batch * down * across; window++) {
    const b = Math.floor(window / (down * across));
    const top = (Math.floor(window / across) % down) * stride - pad;
    const left = (window % across) * stride - pad;
    for (let tap = 0; tap < side * side; tap++) {
      const [y, x] = [top + Math.floor(tap / side), left + (tap % side)];
      if (y < 0 || x < 0 || y >= height || x >= width) continue;
      visit(window, tap, ((b * height + y) * width + x) * channels);
    }
  }
}

/** float64 reference: x [B, H, W, C], weight [O, side² C], bias [O] → [B, H', W', O]. */
export function convolutionReference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias: ArrayLike<number>,
  shape: ConvolutionShape,
): Float64Array {
  const { batch, channels, side } = shape;
  const [down, across] = placesOf(shape);
  const outputs = bias.length;
  const out = Float64Array.from({ length: batch * down * across * outputs }, (_, i) => bias[i % outputs]);
  eachTap(shape, (window, tap, pixel) => {
    for (let o = 0; o < outputs; o++) {
      for (let c = 0; c < channels; c++) {
        out[window * outputs + o] += x[pixel + c] * weight[(o * side * side + tap) * channels + c];
      }
    }
  });
  return out;
}

/** Largest value of every window: x [B, H, W, C] → [B, H', W', C]. */
export function maxPoolReference(x: ArrayLike<number>, shape: ConvolutionShape): Float64Array {
  const { batch, channels } = shape;
  const [down, across] = placesOf(shape);
  const out = new Float64Array(batch * down * across * channels).fill(Number.NEGATIVE_INFINITY);
  eachTap(shape, (window, _, pixel) => {
    for (let c = 0; c < channels; c++) out[window * channels + c] = Math.max(out[window * channels + c], x[pixel + c]);
  });
  return out;
}
