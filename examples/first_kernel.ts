/**
 * A kernel of your own: RMSNorm, y = x / √(mean(x²) + eps) · weight over the last axis, in WGSL that is given at run time, with
 * its gradient, checked against float64 on the CPU and timed. docs/first_kernel.md goes through it.
 *
 *     npx deno run -A first_kernel.ts
 *     node first_kernel.ts      (Node 22.18 or later)
 *     npx tsx first_kernel.ts      (older ones, with "type": "module" in package.json)
 *
 * It has to lie beside your package.json: under node_modules no runtime takes the types out of a file.
 */
import { open } from 'fusionclip';
import { defineShader, GpuArray } from 'fusionclip/gpu';
import { apply, type Operation, Parameter, Tape, type Tensor } from 'fusionclip/nn';

const HEAD = `
struct Params { rows: u32, width: u32, eps: f32 }
@group(0) @binding(0) var<uniform> params: Params;
const WORKGROUP: u32 = 64u;
`;

/** One invocation a row. `inverse` is kept for the backward pass. */
const forward = defineShader(
  `${HEAD}
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> inverse: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  if (row >= params.rows) { return; }
  let start = row * params.width;
  var squares = 0.0;
  for (var i = 0u; i < params.width; i++) { squares += x[start + i] * x[start + i]; }
  let scale = 1.0 / sqrt(squares / f32(params.width) + params.eps);
  inverse[row] = scale;
  for (var i = 0u; i < params.width; i++) { y[start + i] = x[start + i] * scale * weight[i]; }
}`,
  'rms_norm',
);

/** dx = s·(w·g − x·s²·mean(w·g·x)), where g is the gradient of y and s is `inverse`. One invocation a row. */
const backwardX = defineShader(
  `${HEAD}
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> inverse: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  if (row >= params.rows) { return; }
  let start = row * params.width;
  let s = inverse[row];
  var dot = 0.0;
  for (var i = 0u; i < params.width; i++) { dot += weight[i] * grad[start + i] * x[start + i]; }
  let mean = dot / f32(params.width);
  for (var i = 0u; i < params.width; i++) {
    dx[start + i] = s * (weight[i] * grad[start + i] - x[start + i] * s * s * mean);
  }
}`,
  'rms_norm_backward_x',
);

/** dw = Σ over the rows of g·x·s. One invocation a column: sums have one order, so results are the same in every run. */
const backwardWeight = defineShader(
  `${HEAD}
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> inverse: array<f32>;
@group(0) @binding(4) var<storage, read_write> dw: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = id.x;
  if (column >= params.width) { return; }
  var sum = 0.0;
  for (var row = 0u; row < params.rows; row++) {
    sum += grad[row * params.width + column] * x[row * params.width + column] * inverse[row];
  }
  dw[column] = sum;
}`,
  'rms_norm_backward_weight',
);

const EPS = 1e-6;

/** A differentiable operation: how it goes forward, what it keeps, and how a gradient goes back. */
const rmsNormOperation: Operation<null> = {
  name: 'rms_norm',
  forward([x, weight]) {
    const y = GpuArray.empty(x.gpu, x.shape);
    const inverse = GpuArray.empty(x.gpu, [x.rows]);
    const params = { rows: x.rows, width: x.width, eps: EPS };
    const groups = [Math.ceil(x.rows / 64)] as const;
    x.gpu.run({ shader: forward, buffers: { x, weight, y, inverse }, params, groups, flops: 4 * x.size });
    return { output: y, saved: [x, weight, inverse] };
  },
  backward(grad, [x, weight, inverse], _, [needX, needWeight]) {
    const params = { rows: x.rows, width: x.width, eps: EPS };
    const dx = needX ? GpuArray.empty(x.gpu, x.shape) : null;
    const dw = needWeight ? GpuArray.empty(x.gpu, weight.shape) : null;
    if (dx) {
      const groups = [Math.ceil(x.rows / 64)] as const;
      x.gpu.run({ shader: backwardX, buffers: { grad, x, weight, inverse, dx }, params, groups });
    }
    if (dw) {
      const groups = [Math.ceil(x.width / 64)] as const;
      x.gpu.run({ shader: backwardWeight, buffers: { grad, x, inverse, dw }, params, groups });
    }
    return [dx, dw];
  },
};

/** RMSNorm over the last axis of x [..., width]; weight [width]. */
function rmsNorm(x: Tensor, weight: Tensor): Tensor {
  return apply(rmsNormOperation, [x, weight], null);
}

/** The same, and its gradients for the gradient `g` of y, in float64. */
function reference(x: Float32Array, weight: Float32Array, g: Float32Array) {
  const width = weight.length;
  const y = new Float64Array(x.length);
  const dx = new Float64Array(x.length);
  const dw = new Float64Array(width);
  for (let start = 0; start < x.length; start += width) {
    let squares = 0;
    let dot = 0;
    for (let i = 0; i < width; i++) squares += x[start + i] ** 2;
    for (let i = 0; i < width; i++) dot += weight[i] * g[start + i] * x[start + i];
    const s = 1 / Math.sqrt(squares / width + EPS);
    for (let i = 0; i < width; i++) {
      const at = start + i;
      y[at] = x[at] * s * weight[i];
      dx[at] = s * weight[i] * g[at] - (x[at] * s ** 3 * dot) / width;
      dw[i] += g[at] * x[at] * s;
    }
  }
  return { y, dx, dw };
}

/** The largest difference, as a share of the largest value. */
function error(actual: Float32Array, expected: Float64Array): number {
  let [worst, largest] = [0, 0];
  for (const [i, value] of expected.entries()) {
    worst = Math.max(worst, Math.abs(actual[i] - value));
    largest = Math.max(largest, Math.abs(value));
  }
  return worst / largest;
}

const fc = await open();
const { gpu } = fc;
console.log(`on ${gpu.facts.description}`);

const [rows, width] = [37, 100];
const numbers = (n: number, seed: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(seed + 1.7 * i));
const hostX = numbers(rows * width, 1);
const hostWeight = numbers(width, 2);
const hostGrad = numbers(rows * width, 3);

// What is made inside `job.do` is given back when the job is disposed of; what awaits stands outside.
const job = gpu.job();
const { y, x, weight } = job.do(() => {
  const x = new Parameter('x', GpuArray.from(gpu, hostX, [rows, width]));
  const weight = new Parameter('weight', GpuArray.from(gpu, hostWeight, [width]));
  const tape = new Tape();
  const y = tape.record(() => rmsNorm(x, weight));
  tape.backward(y, GpuArray.from(gpu, hostGrad, [rows, width]));
  return { y, x, weight };
});
const expected = reference(hostX, hostWeight, hostGrad);
const errors = {
  y: error(await y.read(), expected.y),
  dx: error(await x.grad!.read(), expected.dx),
  dw: error(await weight.grad!.read(), expected.dw),
};
// Parameters outlive a job: they are for training.
x.release();
weight.release();
job[Symbol.dispose]();

for (const [name, value] of Object.entries(errors)) {
  console.log(`${name}: error ${value.toExponential(1)}`);
  if (!(value < 1e-5)) throw new Error(`${name} is wrong by ${value}`);
}

// A bench line: the median of some runs, each of several dispatches that are waited for together.
const [many, wide, repeats] = [1024, 512, 8];
const times: number[] = [];
for (let i = 0; i < 7; i++) {
  const run = gpu.job();
  const inputs = run.do(() => [
    GpuArray.from(gpu, numbers(many * wide, 4), [many, wide]),
    GpuArray.from(gpu, numbers(wide, 5), [wide]),
  ]);
  await inputs[1].read();
  const start = performance.now();
  const last = run.do(() => {
    const outputs = Array.from({ length: repeats }, () => rmsNormOperation.forward(inputs, null, []).output);
    return outputs[repeats - 1];
  });
  await last.read();
  times.push((performance.now() - start) / repeats);
  run[Symbol.dispose]();
}
const median = times.sort((a, b) => a - b)[3];
// x is read twice, and y is written.
const rate = (3 * 4 * many * wide) / (median / 1000) / 1e9;
console.log(`rms_norm ${many}×${wide}: ${median.toFixed(3)} ms, ${rate.toFixed(1)} GB/s`);
await fc.close();
