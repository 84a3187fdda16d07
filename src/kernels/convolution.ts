import { GpuArray } from '../gpu/array.ts';
import { copyElements } from './copy.ts';
import { type MatmulOptions, matmul } from './matmul.ts';
import { convolution as unfold } from './shaders.gen.ts';
import { elementGrid, expectShape } from './shapes.ts';

/** Bytes of the unfolded windows of a pass; more images are taken in several passes. Far below any binding limit. */
const MOST_BYTES = 64 * 2 ** 20;

/** Square windows of an image. */
export interface ConvolutionWindow {
  /** Side of a window in pixels. */
  readonly side: number;
  readonly stride: number;
  /** Zeros before the first row and column; default 0. */
  readonly pad?: number;
  /** Zeros after the last row and column; default as many as `pad`. */
  readonly padEnd?: number;
}

/** Choices of {@link convolution}. */
export interface ConvolutionOptions extends ConvolutionWindow, Pick<MatmulOptions, 'bias' | 'act'> {
  /** Whether x is [B, C, H, W], as images are, in place of [B, H, W, C]; default false. */
  readonly channelsFirst?: boolean;
}

/** Places of a window along a side of `size` pixels. */
export function windowPlaces(size: number, { side, stride, pad = 0, padEnd = pad }: ConvolutionWindow): number {
  return Math.floor((size + pad + padEnd - side) / stride) + 1;
}

/**
 * Windows as rows.
 * @param x [B, H, W, C], or [B, C, H, W] with `channelsFirst`
 * @param range first image and number of images; default all
 * @returns [images, H', W', side² · C], columns in the order (y, x, channel)
 */
export function unfoldWindows(
  x: GpuArray,
  window: ConvolutionWindow & { readonly channelsFirst?: boolean },
  [first, images]: readonly [number, number] = [0, x.shape[0]],
): GpuArray {
  const { side, stride, pad = 0, channelsFirst = false } = window;
  const [height, width, channels] = extents(x, channelsFirst);
  const [outHeight, outWidth] = [windowPlaces(height, window), windowPlaces(width, window)];
  if (outHeight < 1 || outWidth < 1) throw new Error(`convolution: no window of ${side} fits into [${x.shape}]`);
  const columns = GpuArray.empty(x.gpu, [images, outHeight, outWidth, side * side * channels]);
  x.gpu.run({
    shader: unfold,
    buffers: { x, columns },
    params: {
      ...{ count: columns.size, first, height, width, channels },
      ...{ pixel: channelsFirst ? 1 : channels, channel: channelsFirst ? height * width : 1 },
      ...{ side, stride, pad, out_height: outHeight, out_width: outWidth },
    },
    groups: elementGrid(columns.size, unfold.constants.WORKGROUP),
  });
  return columns;
}

/**
 * act(convolution + bias), as a product with the unfolded windows; what the windows leave out at the right
 * and bottom edges is dropped.
 * @param x [B, H, W, C], or [B, C, H, W] with `channelsFirst`
 * @param weight [O, side² · C], columns in the order (y, x, channel); f16 and bf16 do as well
 * @returns [B, H', W', O]
 */
export function convolution(x: GpuArray, weight: GpuArray, options: ConvolutionOptions): GpuArray {
  const { gpu } = x;
  const { side, stride, pad = 0, padEnd = pad, channelsFirst = false, bias, act } = options;
  const [height, width, channels] = extents(x, channelsFirst);
  const [outputs] = weight.shape;
  expectShape('convolution weight', weight, [outputs, side * side * channels], weight.dtype);
  const batch = x.shape[0];
  const shape = [batch, windowPlaces(height, options), windowPlaces(width, options), outputs];
  if (side === 1 && stride === 1 && pad === 0 && padEnd === 0 && !channelsFirst) {
    return matmul(x, weight, { transposeB: true, bias, act });
  }
  const pixels = shape[1] * shape[2];
  const pass = Math.max(1, Math.floor(MOST_BYTES / (4 * pixels * side * side * channels)));
  if (pass >= batch) {
    const columns = unfoldWindows(x, options);
    const y = matmul(columns, weight, { transposeB: true, bias, act });
    columns.release();
    return y;
  }
  const y = GpuArray.empty(gpu, shape);
  for (let first = 0; first < batch; first += pass) {
    using _pass = gpu.scope();
    const columns = unfoldWindows(x, options, [first, Math.min(pass, batch - first)]);
    const part = matmul(columns, weight, { transposeB: true, bias, act });
    copyElements(part, y, { toAt: first * pixels * outputs });
  }
  return y;
}

function extents(x: GpuArray, channelsFirst: boolean): [height: number, width: number, channels: number] {
  const [batch, a, b, c] = x.shape;
  expectShape('convolution input', x, [batch, a, b, c]);
  return channelsFirst ? [b, c, a] : [a, b, c];
}
