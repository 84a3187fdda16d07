/** Kernels that take each element by itself. */
import { activation, activationBackward } from '../../kernels/activation.ts';
import { binaryWith } from '../../kernels/binary.ts';
import { unary } from '../../kernels/unary.ts';
import { anyAndWide, input, kernel, only, size } from '../kernel.ts';
import { activation as reference } from '../reference/activation.ts';
import { centralDifference } from '../reference/central_difference.ts';

const SHAPE = { rows: size(37, 2 ** 20), width: size(100) };

const ACTIVATION_FORMULAS = {
  relu: 'y = max(x, 0)',
  gelu: 'y = x · Φ(x), Φ the normal distribution',
  quickgelu: 'y = x / (1 + exp(−1.702 x))',
} as const;
const ACTIVATIONS = (['relu', 'gelu', 'quickgelu'] as const).map((kind) =>
  kernel({
    ...{ id: `activation ${kind}`, word: 'activation', sizes: SHAPE },
    formula: ACTIVATION_FORMULAS[kind],
    tolerance: { absolute: 5e-7, relative: 3e-7 },
    at(gpu, { rows, width }) {
      const x = input(gpu, 1, [rows, width], (v) => 4 * v);
      return {
        ...{ name: kind, flops: 20 * x.host.length, bytes: 8 * x.host.length },
        variants: only(() => ({ y: activation(x.array, kind) })),
        reference: () => ({ y: reference(x.host, kind) }),
        referenceWork: 80 * x.host.length,
      };
    },
  }),
);

const ACTIVATION_GRADIENTS = (['relu', 'gelu', 'quickgelu'] as const).map((kind) =>
  kernel({
    ...{ id: `activation ${kind} backward`, word: 'activation', sizes: SHAPE },
    formula: `dx = g · derivative of ${kind} at x`,
    tolerance: { absolute: 1e-6, relative: 1e-6 },
    at(gpu, { rows, width }) {
      // Away from the kink at 0.
      const x = input(gpu, 1, [rows, width], (v) => (Math.abs(v) < 0.01 ? 0.5 : 4 * v));
      const grad = input(gpu, 2, [rows, width]);
      return {
        ...{ name: `${kind} backward`, flops: 25 * x.host.length, bytes: 12 * x.host.length },
        variants: only(() => ({ dx: activationBackward(grad.array, x.array, kind) })),
        // Element by element: each depends on its own x alone.
        reference: () => ({
          dx: x.host.map((v, i) => centralDifference((at) => reference(at, kind), [v], [grad.host[i]])[0]),
        }),
        referenceWork: 400 * x.host.length,
      };
    },
  }),
);

const UNARY = (['exp', 'log', 'sqrt', 'abs'] as const).map((kind) =>
  kernel({
    ...{ id: `unary ${kind}`, word: 'unary', sizes: SHAPE },
    formula: `y = ${kind}(x)`,
    tolerance: { absolute: 1e-6, relative: 1e-6 },
    at(gpu, { rows, width }) {
      const x = input(gpu, 1, [rows, width], (v) => (kind === 'log' || kind === 'sqrt' ? v + 1.5 : 4 * v));
      return {
        ...{ name: kind, flops: x.host.length, bytes: 8 * x.host.length },
        variants: only(() => ({ y: unary(kind, x.array) })),
        reference: () => ({ y: Float64Array.from(x.host, (v) => Math[kind](v)) }),
        referenceWork: x.host.length,
      };
    },
  }),
);

const OPERATIONS = {
  add: { sign: '+', of: (a: number, b: number) => a + b },
  mul: { sign: '·', of: (a: number, b: number) => a * b },
  div: { sign: '/', of: (a: number, b: number) => a / b },
} as const;
const BINARY = (['add', 'mul', 'div'] as const).map((kind) =>
  kernel({
    ...{ id: `binary ${kind}`, word: 'binary', sizes: SHAPE },
    formula: `y = a ${OPERATIONS[kind].sign} b`,
    tolerance: { absolute: 1e-7, relative: 3e-7 },
    at(gpu, { rows, width }) {
      const a = input(gpu, 1, [rows, width]);
      const b = input(gpu, 2, [rows, width], (v) => v + 1.5);
      return {
        ...{ name: kind, flops: a.host.length, bytes: 12 * a.host.length },
        variants: anyAndWide(
          () => ({ y: binaryWith('any', kind, a.array, b.array) }),
          () => ({ y: binaryWith('vec4', kind, a.array, b.array) }),
        ),
        reference: () => ({ y: Float64Array.from(a.host, (v, i) => OPERATIONS[kind].of(v, b.host[i])) }),
        referenceWork: a.host.length,
      };
    },
  }),
);

/** All of them, by the operation. */
export const POINTWISE_KERNELS = { ACTIVATIONS, ACTIVATION_GRADIENTS, UNARY, BINARY };
