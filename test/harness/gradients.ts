import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { centralDifference } from '../../src/lab/reference/central_difference.ts';
import { Parameter, Tape, type Tensor } from '../../src/nn/index.ts';
import { assertClose, noise } from './close.ts';
import { test } from './registry.ts';

/** One input of an operation: where its gradient is checked. */
export interface GradientInput {
  readonly shape: readonly number[];
  /** Default: noise in [-1, 1). */
  readonly values?: Float32Array<ArrayBuffer>;
  /** An input that has no gradient. */
  readonly constant?: boolean;
}

/** An operation at one point. */
export interface GradientCase {
  readonly inputs: readonly GradientInput[];
  /** The differentiable function, as a user calls it. */
  readonly run: (inputs: Tensor[], gpu: Gpu) => Tensor;
  /** The same in float64, from the values of the inputs to those of the output. */
  readonly reference: (inputs: ArrayLike<number>[]) => ArrayLike<number>;
  /** Of output and gradients. Default: 1e-5 absolute and relative. */
  readonly tolerance?: { readonly absolute?: number; readonly relative?: number };
}

/** A tape that remembers what was recorded on it. */
class NamingTape extends Tape {
  readonly names = new Set<string>();

  override push(node: Parameters<Tape['push']>[0]): void {
    this.names.add(node.operation.name);
    super.push(node);
  }
}

/**
 * Registers a case that runs an operation through the tape and compares its output and every gradient with float64 and central
 * differences: all inputs together, and each one alone, since an operation does less where less is needed.
 * `npm run lint` (scripts/check_gradients.ts) looks for a call of this with the name of each operation.
 * @param operation its `name`; the case fails when nothing of that name was recorded
 */
export function gradientTest(operation: string, what: string, one: GradientCase): void {
  test(`${operation}: gradient, ${what}`, async (t) => {
    const gpu = await t.gpu();
    const { inputs, run, reference, tolerance = { absolute: 1e-5, relative: 1e-5 } } = one;
    const size = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);
    const values = inputs.map((input, i) => input.values ?? noise(500 + i, size(input.shape)));
    const expected = reference(values);
    const grad = noise(600, expected.length);
    const wanted = inputs.map(({ constant }, i) => {
      const f = (x: Float64Array) => reference(values.map((v, k) => (k === i ? x : v)));
      return constant ? null : centralDifference(f, values[i], grad);
    });
    const moving = inputs.flatMap(({ constant }, i) => (constant ? [] : [i]));
    for (const needed of moving.length > 1 ? [moving, ...moving.map((i) => [i])] : [moving]) {
      using _scope = gpu.scope();
      const parameters = inputs.map(
        ({ shape }, i) => new Parameter(`input ${i}`, GpuArray.from(gpu, values[i], shape), needed.includes(i)),
      );
      const tape = new NamingTape();
      const output = tape.record(() => run(parameters, gpu));
      if (!tape.names.has(operation)) throw new Error(`${operation} was not recorded, only ${[...tape.names]}`);
      assertClose(await output.read(), expected, tolerance, 'output');
      tape.backward(output, GpuArray.from(gpu, grad, output.shape));
      for (const i of needed) {
        const found = parameters[i].grad;
        if (!found) throw new Error(`no gradient reached input ${i}`);
        assertClose(await found.read(), wanted[i]!, tolerance, `gradient of input ${i}, ${needed.length} needed`);
      }
      for (const parameter of parameters) parameter.release();
    }
  });
}
