import { GpuArray } from '../gpu/array.ts';
import { assemble_tokens } from './shaders.gen.ts';
import { elementGrid, expectShape } from './shapes.ts';
import { sliceAxis } from './strided_copy.ts';
import { sumAxis } from './sum_axis.ts';

/** Gradients of {@link assembleTokens}; null where not needed. */
export interface AssembleTokensGradients {
  /** [B, N, W] */
  readonly patches: GpuArray | null;
  /** [W] */
  readonly cls: GpuArray | null;
  /** [N + 1, W] */
  readonly positions: GpuArray | null;
}

/**
 * x[b] = [cls ; patches[b]] + positions.
 * @param patches [B, N, W]
 * @param cls [W]
 * @param positions [N + 1, W]
 * @returns [B, N + 1, W]
 */
export function assembleTokens(patches: GpuArray, cls: GpuArray, positions: GpuArray): GpuArray {
  const [batch, count, width] = patches.shape;
  const tokens = count + 1;
  expectShape('assemble_tokens patches', patches, [batch, count, width]);
  expectShape('assemble_tokens cls', cls, [width]);
  expectShape('assemble_tokens positions', positions, [tokens, width]);
  const x = GpuArray.empty(patches.gpu, [batch, tokens, width]);
  patches.gpu.run({
    shader: assemble_tokens,
    buffers: { patches, cls, positions, x },
    params: { size: x.size, tokens, width },
    groups: elementGrid(x.size, assemble_tokens.constants.WORKGROUP),
    flops: x.size,
  });
  return x;
}

/**
 * Gradients of {@link assembleTokens}.
 * @param grad d loss / dx, [B, N + 1, W]
 */
export function assembleTokensBackward(
  grad: GpuArray,
  need: { readonly patches: boolean; readonly cls: boolean; readonly positions: boolean },
): AssembleTokensGradients {
  const [batch, tokens, width] = grad.shape;
  let cls: GpuArray | null = null;
  if (need.cls) {
    const each = sliceAxis(grad, 1, 0, 1);
    cls = sumAxis(each, [1, batch, width], [width]);
    each.release();
  }
  return {
    patches: need.patches ? sliceAxis(grad, 1, 1, tokens - 1) : null,
    cls,
    positions: need.positions ? sumAxis(grad, [1, batch, tokens * width], [tokens, width]) : null,
  };
}

/** Splits [B, N + 1, W] into the class token [B, W] and the patches [B, N, W]. */
export function splitTokens(x: GpuArray): { cls: GpuArray; patches: GpuArray } {
  const [batch, tokens, width] = x.shape;
  expectShape('split_tokens', x, [batch, tokens, width]);
  return { cls: sliceAxis(x, 1, 0, 1).reshape([batch, width]), patches: sliceAxis(x, 1, 1, tokens - 1) };
}
