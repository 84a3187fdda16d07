import { GpuArray } from '../gpu/array.ts';
import { activation_backward as backward, activation as forward } from './shaders.gen.ts';
import { elementGrid, expectShape, quads } from './shapes.ts';

/** relu max(x, 0); leaky_relu max(x, 0.01·x); gelu x·Φ(x) with the exact Φ; quickgelu x·sigmoid(1.702·x), as CLIP uses it. */
export type ActivationKind = 'relu' | 'leaky_relu' | 'gelu' | 'quickgelu';

const KIND: Readonly<Record<ActivationKind, number>> = { relu: 0, gelu: 1, quickgelu: 2, leaky_relu: 3 };

/**
 * y = f(x) element by element. The error of gelu is at most about 1e-7·|x|.
 * @param x any shape
 */
export function activation(x: GpuArray, kind: ActivationKind): GpuArray {
  const y = GpuArray.empty(x.gpu, x.shape);
  x.gpu.run({
    shader: forward,
    constants: { KIND: KIND[kind] },
    buffers: { x, y },
    params: { quads: quads(x) },
    groups: elementGrid(quads(x), forward.constants.WORKGROUP),
    flops: (kind === 'relu' ? 1 : 24) * x.size,
  });
  return y;
}

/**
 * d loss / dx = grad · f'(x).
 * @param grad d loss / dy
 * @param xOrY the input x; for relu and leaky_relu the output y will do as well
 */
export function activationBackward(grad: GpuArray, xOrY: GpuArray, kind: ActivationKind): GpuArray {
  expectShape('activation gradient', grad, xOrY.shape);
  const dx = GpuArray.empty(grad.gpu, grad.shape);
  grad.gpu.run({
    shader: backward,
    constants: { KIND: KIND[kind] },
    buffers: { grad, saved: xOrY, dx },
    params: { quads: quads(grad) },
    groups: elementGrid(quads(grad), backward.constants.WORKGROUP),
    flops: (kind === 'relu' ? 1 : 30) * grad.size,
  });
  return dx;
}
