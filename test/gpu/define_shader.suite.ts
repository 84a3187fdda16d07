import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import { defineShader } from '../../src/gpu/define_shader.ts';
import { elementGrid } from '../../src/kernels/shapes.ts';
import { apply, type Operation, Parameter, Tape } from '../../src/nn/index.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

/** y = low + gain · x, in a hand that is not this library's: attributes turned around, comments everywhere, no last comma. */
const LINE = `
/* A kernel /* with a nested */ comment: @group(0) @binding(9) var<storage> no: array<f32>; */
struct Sizes {
  size: u32, // @binding(3)
  shift: i32,
  gain : f32
}
@binding(2) @group(0)
  var<storage, read_write> y: array<f32>;
@group(0) @binding(0u) var<uniform> sizes: Sizes;
@group(0) @binding( 1 ) var<storage> x: array<f32>;
var<private> seen: u32;
const GROUP: u32 = 32u;

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  seen = id.x;
  if (seen < sizes.size) { y[seen] = f32(sizes.shift) + sizes.gain * x[seen]; }
}`;

/** A module that follows the conventions, with some of its text replaced. */
function changed(from: string, to: string): string {
  const module = `struct Params { size: u32, }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { y[id.x] = x[id.x]; }`;
  if (!module.includes(from)) throw new Error(`the module does not hold "${from}"`);
  return module.replace(from, to);
}

suite('defineShader', () => {
  test('reads bindings, parameters and constants from the text', () => {
    const line = defineShader(LINE, 'line');
    assert.deepEqual(line.bindings, [
      { name: 'x', access: 'read' },
      { name: 'y', access: 'read_write' },
    ]);
    assert.deepEqual(line.params, [
      { name: 'size', type: 'u32', offset: 0 },
      { name: 'shift', type: 'i32', offset: 4 },
      { name: 'gain', type: 'f32', offset: 8 },
    ]);
    assert.deepEqual(line.constants, { GROUP: 32 });
    assert.equal(line.paramBytes, 16);
    assert.equal(defineShader(LINE), line);
    assert.notEqual(defineShader(`${LINE}\n`, 'line').name, line.name);
    assert.match(line.name, /^line:\d+$/);
  });

  test('runs, is specialised, and takes part in differentiation', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const shader = defineShader(LINE, 'line');
    const line = (x: GpuArray, shift: number, gain: number): GpuArray => {
      const y = GpuArray.empty(gpu, x.shape);
      const params = { size: x.size, shift, gain };
      gpu.run({ shader, constants: { GROUP: 8 }, buffers: { x, y }, params, groups: elementGrid(x.size, 8) });
      return y;
    };
    const operation: Operation<{ gain: number }> = {
      name: 'line',
      forward: ([x], { gain }) => ({ output: line(x, -3, gain), saved: [] }),
      backward: (grad, _, { gain }) => [line(grad, 0, gain)],
    };
    const host = noise(1, 37);
    const x = new Parameter('x', GpuArray.from(gpu, host, [37]));
    const tape = new Tape();
    const y = tape.record(() => apply(operation, [x], { gain: 2.5 }));
    assertClose(
      await y.read(),
      host.map((v) => 2.5 * v - 3),
      { absolute: 1e-6 },
    );
    tape.backward(y, GpuArray.from(gpu, noise(2, 37), [37]));
    assertClose(
      await x.grad!.read(),
      noise(2, 37).map((g) => 2.5 * g),
      { relative: 1e-6 },
    );
    x.release();
  });

  test('two modules under one label are two pipelines', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = GpuArray.from(gpu, Float32Array.of(1, 2, 3, 4), [4]);
    const results: number[][] = [];
    for (const factor of ['2.0', '3.0']) {
      const y = GpuArray.empty(gpu, [4]);
      const shader = defineShader(changed('= x[id.x]', `= ${factor} * x[id.x]`), 'add');
      gpu.run({ shader, buffers: { x, y }, params: { size: 4 }, groups: [1] });
      results.push([...(await y.read())]);
    }
    assert.deepEqual(results, [
      [2, 4, 6, 8],
      [3, 6, 9, 12],
    ]);
  });

  for (const [from, to, message] of [
    ['fn main', 'fn start', /no @compute entry point called main/],
    ['@compute ', '', /no @compute entry point/],
    ['@binding(2)', '@binding(3)', /must number its bindings 0, 1, 2, …, and y has 3/],
    ['@binding(2)', '@binding(1)', /must number its bindings/],
    ['@binding(2)', '@binding(N)', /binds y elsewhere/],
    ['@group(0) @binding(2)', '@group(1) @binding(2)', /binds y elsewhere/],
    ['var<uniform>', 'var<storage>', /at @binding\(0\), where a uniform is expected/],
    ['var<storage, read> x: array<f32>', 'var x: texture_2d<f32>', /where storage is expected/],
    ['read_write', 'write', /binds y for write/],
    ['struct Params', 'struct Other', /no struct Params/],
    ['size: u32', 'size: vec4f', /parameter size of type vec4f/],
    ['size: u32', '@align(16) size: u32', /not NAME: TYPE/],
    ['size: u32,', '', /without members/],
    ['size: u32', Array.from({ length: 17 }, (_, i) => `p${i}: u32`).join(), /17 parameters, at most 16/],
  ] as const) {
    test(`refuses ${to || `a module without ${from}`}`, () => {
      try {
        defineShader(changed(from, to));
      } catch (error) {
        assert.instanceOf(error, FusionclipError);
        assert.equal(error.code, 'usage');
        assert.match(error.message, message);
        return;
      }
      assert.fail('nothing was thrown');
    });
  }
});
