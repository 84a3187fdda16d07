import { GpuArray } from '../gpu/array.ts';
import { betweenLaunch, pixelLaunch } from './rows.ts';
import { resize, resize_backward, resize_pair } from './shaders.gen.ts';
import { expectAtMost, expectShape } from './shapes.ts';

/**
 * Where the output lines lie on the input: torch's `align_corners` true or false, or `{ patch }`, which puts the centre of
 * input cell i at pixel (i + 0.5) · patch, as a feature map of a vision transformer lies on its image.
 */
export type Align = boolean | { readonly patch: number };

/** Output line i lies at (i · step + offset) / den input lines, clamped to the first and last; whole numbers. */
interface Axis {
  readonly step: number;
  readonly offset: number;
  readonly den: number;
}

const MOST_LINES = 16_384;
const MOST_CHANNELS = 4096;

/**
 * Bilinear resize.
 * @param x [B, h, w, C]
 * @param size [H, W]
 * @returns [B, H, W, C]
 */
export function bilinearResize(x: GpuArray, size: readonly [number, number], align: Align): GpuArray {
  const [batch, h, w, channels] = x.shape;
  expectShape('resize', x, [batch, h, w, channels]);
  expectAtMost('resize: channels', channels, MOST_CHANNELS);
  const [height, width] = size;
  const y = GpuArray.empty(x.gpu, [batch, height, width, channels]);
  const vertical = axis(h, height, align);
  const horizontal = axis(w, width, align);
  const params = {
    ...{ h, w, height, width },
    ...{ step_y: vertical.step, offset_y: vertical.offset, den_y: vertical.den },
    ...{ step_x: horizontal.step, offset_x: horizontal.offset, den_x: horizontal.den },
  };
  const flops = 9 * y.size;
  const launch = (each: number) => pixelLaunch(x.gpu, width, height, batch, each);
  if (channels === 2) x.gpu.run({ ...launch(1), shader: resize_pair, buffers: { x, y }, params, flops });
  else x.gpu.run({ ...launch(channels), shader: resize, buffers: { x, y }, params: { ...params, channels }, flops });
  return y;
}

/**
 * The backward of {@link bilinearResize}: one gather along each axis.
 * @param grad d loss / dy, [B, H, W, C]
 * @param size [h, w] of the input
 * @returns [B, h, w, C]
 */
export function bilinearResizeBackward(grad: GpuArray, size: readonly [number, number], align: Align): GpuArray {
  const [batch, height, width, channels] = grad.shape;
  expectShape('resize gradient', grad, [batch, height, width, channels]);
  const [h, w] = size;
  const lines = gather(grad, [batch, h, height, width * channels], axis(h, height, align));
  const out = gather(lines, [batch * h, w, width, channels], axis(w, width, align));
  lines.release();
  return out.reshape([batch, h, w, channels]);
}

/** Along one axis: [outer, long, inner] → [outer, short, inner]. */
function gather(grad: GpuArray, [outer, short, long, inner]: readonly number[], axis: Axis): GpuArray {
  const dx = GpuArray.empty(grad.gpu, [outer, short, inner]);
  const terms = axis.step > 0 ? (2 * axis.den) / axis.step : long;
  grad.gpu.run({
    ...betweenLaunch(grad.gpu, dx.size, terms, inner),
    shader: resize_backward,
    buffers: { grad, dx },
    params: { size: dx.size, short, long, inner, ...axis },
    flops: 4 * outer * inner * Math.max(short, long),
  });
  return dx;
}

function axis(from: number, to: number, align: Align): Axis {
  expectAtMost('resize: lines', Math.max(from, to), MOST_LINES);
  if (align === true) return to === 1 ? { step: 0, offset: 0, den: 1 } : { step: from - 1, offset: 0, den: to - 1 };
  if (align === false) return { step: 2 * from, offset: from - to, den: 2 * to };
  const { patch } = align;
  if (!Number.isInteger(patch) || patch < 1) throw new Error(`resize: a patch of ${patch} pixels is no whole number`);
  return { step: 2, offset: 1 - patch, den: 2 * patch };
}
