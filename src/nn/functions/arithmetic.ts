import type { GpuArray } from '../../gpu/array.ts';
import { binary } from '../../kernels/binary.ts';
import { fill, scale } from '../../kernels/elementwise.ts';
import { sumTo } from '../../kernels/sum_axis.ts';
import { unary } from '../../kernels/unary.ts';
import { apply, type Operation } from '../tape.ts';
import { Tensor } from '../tensor.ts';

/** One side of a sum, difference, product or quotient: a tensor, or the same number everywhere. */
export type Operand = Tensor | number;

/** Shapes of two operands before they broadcast. */
interface Shapes {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/** Sums what is as large as the output over the axes along which an operand was repeated, and lets go of it. */
function reduced(full: GpuArray, shape: readonly number[]): GpuArray {
  const out = sumTo(full, shape);
  if (out.buffer !== full.buffer) full.release();
  return out;
}

/** Both operands as tensors. */
function pair(a: Operand, b: Operand): [Tensor, Tensor] {
  if (typeof a === 'number' && typeof b === 'number') throw new Error(`${a} and ${b} are both numbers, no tensors`);
  const { gpu } = ((typeof a === 'number' ? b : a) as Tensor).value;
  const [x, y] = [a, b].map((v) => (typeof v === 'number' ? new Tensor(fill([], v, gpu)) : v));
  return [x, y];
}

function applyPair(operation: Operation<Shapes>, a: Operand, b: Operand): Tensor {
  const inputs = pair(a, b);
  return apply(operation, inputs, { a: inputs[0].shape, b: inputs[1].shape });
}

const addOperation: Operation<Shapes> = {
  name: 'add',
  forward: ([a, b]) => ({ output: binary('add', a, b), saved: [] }),
  backward: (grad, _, { a, b }, [needA, needB]) => [needA ? sumTo(grad, a) : null, needB ? sumTo(grad, b) : null],
};

/**
 * a + b. Here and in {@link sub}, {@link mul} and {@link div}, shapes broadcast as in PyTorch: they are aligned at their ends, and
 * along each axis the sizes are equal, or one of them is 1 or missing and is repeated.
 */
export function add(a: Operand, b: Operand): Tensor {
  return applyPair(addOperation, a, b);
}

const subOperation: Operation<Shapes> = {
  name: 'sub',
  forward: ([a, b]) => ({ output: binary('sub', a, b), saved: [] }),
  backward(grad, _, { a, b }, [needA, needB]) {
    return [needA ? sumTo(grad, a) : null, needB ? reduced(scale(grad, -1), b) : null];
  },
};

/** a − b. */
export function sub(a: Operand, b: Operand): Tensor {
  return applyPair(subOperation, a, b);
}

const mulOperation: Operation<Shapes> = {
  name: 'mul',
  forward([a, b], _, [needA, needB]) {
    const output = binary('mul', a, b);
    // Slots keep their places: an unneeded one is filled with the output, which costs nothing.
    return { output, saved: [needB ? a : output, needA ? b : output] };
  },
  backward(grad, [a, b], shapes, [needA, needB]) {
    return [
      needA ? reduced(binary('mul', grad, b), shapes.a) : null,
      needB ? reduced(binary('mul', grad, a), shapes.b) : null,
    ];
  },
};

/** a · b, element by element (`multiply` is the product of matrices). */
export function mul(a: Operand, b: Operand): Tensor {
  return applyPair(mulOperation, a, b);
}

const divOperation: Operation<Shapes> = {
  name: 'div',
  forward([a, b]) {
    const output = binary('div', a, b);
    return { output, saved: [b, output] };
  },
  backward(grad, [b, y], shapes, [needA, needB]) {
    const byA = binary('div', grad, b);
    const dB = needB ? reduced(binary('mul', byA, y, -1), shapes.b) : null;
    if (needA) return [reduced(byA, shapes.a), dB];
    byA.release();
    return [null, dB];
  },
};

/** a / b. */
export function div(a: Operand, b: Operand): Tensor {
  return applyPair(divOperation, a, b);
}

const negOperation: Operation<null> = {
  name: 'neg',
  forward: ([x]) => ({ output: scale(x, -1), saved: [] }),
  backward: (grad) => [scale(grad, -1)],
};

/** −x. */
export function neg(x: Tensor): Tensor {
  return apply(negOperation, [x], null);
}

const expOperation: Operation<null> = {
  name: 'exp',
  forward([x]) {
    const output = unary('exp', x);
    return { output, saved: [output] };
  },
  backward: (grad, [y]) => [binary('mul', grad, y)],
};

/** eˣ. */
export function exp(x: Tensor): Tensor {
  return apply(expOperation, [x], null);
}

const logOperation: Operation<null> = {
  name: 'log',
  forward: ([x]) => ({ output: unary('log', x), saved: [x] }),
  backward: (grad, [x]) => [binary('div', grad, x)],
};

/** Natural logarithm of positive numbers. */
export function log(x: Tensor): Tensor {
  return apply(logOperation, [x], null);
}

const sqrtOperation: Operation<null> = {
  name: 'sqrt',
  forward([x]) {
    const output = unary('sqrt', x);
    return { output, saved: [output] };
  },
  backward: (grad, [y]) => [binary('div', grad, y, 0.5)],
};

/** √x; as in PyTorch, its gradient at 0 is infinite. */
export function sqrt(x: Tensor): Tensor {
  return apply(sqrtOperation, [x], null);
}

const powerOperation: Operation<{ exponent: number }> = {
  name: 'power',
  forward: ([x], { exponent }) => ({ output: unary('power', x, exponent), saved: [x] }),
  backward(grad, [x], { exponent }) {
    // The slope of x⁰ is 0 at 0 too, where 0 · x⁻¹ is not.
    if (exponent === 0) return [fill(x.shape, 0, x.gpu)];
    const slope = unary('power', x, exponent - 1);
    const out = binary('mul', grad, slope, exponent);
    slope.release();
    return [out];
  },
};

/** x to the power of a constant; x is not negative unless the exponent is a whole number up to 64. */
export function power(x: Tensor, exponent: number): Tensor {
  return apply(powerOperation, [x], { exponent });
}
