/** Kernels over rows. */
import { GpuArray } from '../../gpu/array.ts';
import { cosineLogits } from '../../kernels/cosine_logits.ts';
import { l2Normalize, l2NormalizeBackward } from '../../kernels/l2_normalize.ts';
import { layerNorm, layerNormBackward } from '../../kernels/layer_norm.ts';
import { rowLaunch } from '../../kernels/rows.ts';
import * as shaders from '../../kernels/shaders.gen.ts';
import { softmax, softmaxBackward } from '../../kernels/softmax.ts';
import { sumAxis } from '../../kernels/sum_axis.ts';
import { anyAndWide, input, kernel, only, size } from '../kernel.ts';
import { centralDifference } from '../reference/central_difference.ts';
import { cosineLogitsReference } from '../reference/cosine_logits.ts';
import * as reference from '../reference/rows.ts';

const ROWS = { rows: size(37, 2 ** 20), width: size(100, 16_384) };
/** Evaluations of a forward for each value of a gradient by central differences. */
const EVALUATIONS = 4;

const SOFTMAX = kernel({
  ...{ id: 'softmax', word: 'softmax', sizes: ROWS, overRows: true },
  formula: 'y = exp(x − max) / Σ exp(x − max) over each row',
  tolerance: { absolute: 1e-9, relative: 3e-6 },
  at(gpu, { rows, width }) {
    const x = input(gpu, 1, [rows, width], (v) => 5 * v);
    const wide = () => ({ y: softmax(x.array) });
    const any = () => {
      const y = GpuArray.empty(gpu, x.array.shape);
      const buffers = { x: x.array, y };
      gpu.run({ shader: shaders.softmax, buffers, params: { rows, width }, ...rowLaunch(gpu, rows, width) });
      return { y };
    };
    return {
      ...{ name: `${rows}×${width}`, flops: 10 * x.host.length, bytes: 8 * x.host.length },
      variants: width === 2 ? anyAndWide(any, wide) : only(wide),
      reference: () => ({ y: reference.softmax(x.host, width) }),
      referenceWork: 4 * x.host.length,
    };
  },
});

const SOFTMAX_BACKWARD = kernel({
  ...{ id: 'softmax backward', word: 'softmax', sizes: { rows: size(9, 2 ** 20), width: size(50, 16_384) } },
  overRows: true,
  formula: 'dx = y · (g − Σ g · y) over each row',
  tolerance: { absolute: 5e-7, relative: 2e-6 },
  at(gpu, { rows, width }) {
    const x = input(gpu, 1, [rows, width], (v) => 5 * v);
    const grad = input(gpu, 2, [rows, width]);
    const y = softmax(x.array);
    const wide = () => ({ dx: softmaxBackward(grad.array, y) });
    const any = () => {
      const dx = GpuArray.empty(gpu, y.shape);
      const buffers = { grad: grad.array, y, dx };
      gpu.run({ shader: shaders.softmax_backward, buffers, params: { rows, width }, ...rowLaunch(gpu, rows, width) });
      return { dx };
    };
    return {
      ...{ name: `${rows}×${width} backward`, flops: 4 * y.size, bytes: 12 * y.size },
      variants: width === 2 ? anyAndWide(any, wide) : only(wide),
      reference: () => ({ dx: centralDifference((v) => reference.softmax(v, width), x.host, grad.host) }),
      referenceWork: 4 * EVALUATIONS * y.size ** 2,
    };
  },
});

const EPS = 1e-5;

const LAYER_NORM = kernel({
  ...{ id: 'layer_norm', word: 'layer_norm', sizes: ROWS, overRows: true },
  formula: 'y = (x − mean) / √(variance + 1e-5) · weight + bias over each row',
  tolerance: { absolute: 2e-6, relative: 1e-6 },
  at(gpu, { rows, width }) {
    const x = input(gpu, 1, [rows, width], (v) => 2 * v + 0.5);
    const weight = input(gpu, 2, [width], (v) => v + 1);
    const bias = input(gpu, 3, [width]);
    const wide = () => ({ y: layerNorm(x.array, weight.array, bias.array).y });
    const any = () => {
      const y = GpuArray.empty(gpu, x.array.shape);
      const left = { mean: GpuArray.empty(gpu, [rows, 2]), rstd: GpuArray.empty(gpu, [rows]) };
      const buffers = { x: x.array, weight: weight.array, bias: bias.array, y, ...left };
      const params = { rows, width, eps: EPS };
      gpu.run({ shader: shaders.layer_norm, buffers, params, ...rowLaunch(gpu, rows, width) });
      return { y };
    };
    return {
      ...{ name: `${rows}×${width}`, flops: 8 * x.host.length, bytes: 8 * x.host.length },
      variants: width % 4 === 0 ? anyAndWide(any, wide) : only(wide),
      reference: () => ({ y: reference.layerNorm(x.host, weight.host, bias.host, EPS) }),
      referenceWork: 4 * x.host.length,
    };
  },
});

const LAYER_NORM_BACKWARD = kernel({
  ...{ id: 'layer_norm backward', word: 'layer_norm', sizes: { rows: size(9, 2 ** 20), width: size(52) } },
  overRows: true,
  formula: 'dx = (w·g − mean(w·g) − n · mean(w·g·n)) / √(variance + 1e-5), n = (x − mean) / √(variance + 1e-5)',
  tolerance: { absolute: 3e-6, relative: 3e-6 },
  at(gpu, { rows, width }) {
    const x = input(gpu, 1, [rows, width], (v) => 2 * v + 0.5);
    const weight = input(gpu, 2, [width], (v) => v + 1);
    const grad = input(gpu, 4, [rows, width]);
    const { mean, rstd } = layerNorm(x.array, weight.array, weight.array);
    const wide = () => {
      const need = { x: true, weight: false };
      return { dx: layerNormBackward(grad.array, x.array, weight.array, mean, rstd, need).x! };
    };
    const any = () => {
      const dx = GpuArray.empty(gpu, x.array.shape);
      const buffers = { grad: grad.array, x: x.array, weight: weight.array, mean, rstd, dx };
      const params = { rows, width };
      gpu.run({ shader: shaders.layer_norm_backward, buffers, params, ...rowLaunch(gpu, rows, width) });
      return { dx };
    };
    return {
      ...{ name: `${rows}×${width} backward x`, flops: 9 * x.host.length, bytes: 12 * x.host.length },
      variants: width % 4 === 0 ? anyAndWide(any, wide) : only(wide),
      reference: () => ({
        dx: centralDifference((v) => reference.layerNorm(v, weight.host, weight.host, EPS), x.host, grad.host),
      }),
      referenceWork: 4 * EVALUATIONS * x.host.length ** 2,
    };
  },
});

const L2_NORMALIZE = kernel({
  ...{ id: 'l2_normalize', word: 'l2_normalize', sizes: ROWS, overRows: true },
  formula: 'y = x / max(|x|, 1e-12) over each row',
  tolerance: { absolute: 1e-7, relative: 1e-6 },
  at(gpu, { rows, width }) {
    const x = input(gpu, 1, [rows, width]);
    const wide = () => ({ y: l2Normalize(x.array).y });
    const any = () => {
      const y = GpuArray.empty(gpu, x.array.shape);
      const buffers = { x: x.array, y, inverse_norm: GpuArray.empty(gpu, [rows]) };
      const params = { rows, width, eps: 1e-12 };
      gpu.run({ shader: shaders.l2_normalize, buffers, params, ...rowLaunch(gpu, rows, width) });
      return { y };
    };
    return {
      ...{ name: `${rows}×${width}`, flops: 3 * x.host.length, bytes: 8 * x.host.length },
      variants: width % 4 === 0 ? anyAndWide(any, wide) : only(wide),
      reference: () => ({ y: reference.l2Normalize(x.host, width, 1e-12) }),
      referenceWork: 2 * x.host.length,
    };
  },
});

const L2_NORMALIZE_BACKWARD = kernel({
  ...{ id: 'l2_normalize backward', word: 'l2_normalize', sizes: { rows: size(9, 2 ** 20), width: size(52) } },
  overRows: true,
  formula: 'dx = (g − y · Σ g · y) / max(|x|, 1e-12) over each row',
  tolerance: { absolute: 1e-6, relative: 2e-6 },
  at(gpu, { rows, width }) {
    const x = input(gpu, 1, [rows, width]);
    const grad = input(gpu, 2, [rows, width]);
    const { y, inverseNorm } = l2Normalize(x.array);
    const wide = () => ({ dx: l2NormalizeBackward(grad.array, y, inverseNorm) });
    const any = () => {
      const dx = GpuArray.empty(gpu, y.shape);
      const buffers = { grad: grad.array, y, inverse_norm: inverseNorm, dx };
      const params = { rows, width, eps: 1e-12 };
      gpu.run({ shader: shaders.l2_normalize_backward, buffers, params, ...rowLaunch(gpu, rows, width) });
      return { dx };
    };
    return {
      ...{ name: `${rows}×${width} backward`, flops: 5 * y.size, bytes: 12 * y.size },
      variants: width % 4 === 0 ? anyAndWide(any, wide) : only(wide),
      reference: () => ({
        dx: centralDifference((v) => reference.l2Normalize(v, width, 1e-12), x.host, grad.host),
      }),
      referenceWork: 2 * EVALUATIONS * y.size ** 2,
    };
  },
});

const SUM_AXIS = kernel({
  ...{ id: 'sum_axis', word: 'sum_axis' },
  sizes: { outer: size(3, 2 ** 16), rows: size(70, 2 ** 20), inner: size(50, 2 ** 20) },
  formula: 'y[o, i] = Σ over r of x[o, r, i], in a fixed order',
  tolerance: { absolute: 2e-5, relative: 1e-6 },
  at(gpu, { outer, rows, inner }) {
    const x = input(gpu, 1, [outer, rows, inner]);
    return {
      name: `${outer}×${rows}×${inner}`,
      ...{ flops: x.host.length, bytes: 4 * (x.host.length + outer * inner) },
      variants: only(() => ({ y: sumAxis(x.array, [outer, rows, inner], [outer, inner]) })),
      reference: () => ({ y: reference.sumAxis(x.host, [outer, rows, inner]) }),
      referenceWork: x.host.length,
    };
  },
});

const COSINE_LOGITS = kernel({
  ...{ id: 'cosine_logits', word: 'cosine_logits', overRows: true },
  sizes: { rows: size(37, 2 ** 20), classes: size(2, 16), width: size(100, 1536) },
  formula: 'y[r, c] = 100 · f[r]·t[c] / max(|f[r]|, 1e-12)',
  tolerance: { absolute: 1e-4, relative: 3e-6 },
  at(gpu, { rows, classes, width }) {
    const f = input(gpu, 1, [rows, width]);
    const t = input(gpu, 2, [classes, width], (v) => v / Math.sqrt(width));
    return {
      name: `${rows}×${classes}×${width}`,
      ...{ flops: 2 * rows * width * (classes + 1), bytes: 4 * width * rows },
      variants: [{ name: 'rows', run: () => ({ logits: cosineLogits(f.array, t.array, 100).logits }) }],
      reference: () => ({ logits: cosineLogitsReference(f.host, t.host, [rows, classes, width], 100) }),
      referenceWork: rows * classes * width,
    };
  },
});

/** All of them. */
export const ROW_KERNELS = {
  ...{ SOFTMAX, SOFTMAX_BACKWARD, LAYER_NORM, LAYER_NORM_BACKWARD, L2_NORMALIZE, L2_NORMALIZE_BACKWARD },
  ...{ SUM_AXIS, COSINE_LOGITS },
};
