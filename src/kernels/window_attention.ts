import { GpuArray } from '../gpu/array.ts';
import { window_attention } from './shaders.gen.ts';
import { expectAtMost, expectShape } from './shapes.ts';

/** Loop iterations that one invocation may spend (lavapipe ends loops silently after 65,535). */
const MAX_ITERATIONS = 64_000;

/** How a grid of tokens is cut into windows. */
export interface AttentionWindows {
  readonly heads: number;
  /** Tokens on the side of a window. */
  readonly side: number;
  /** Tokens by which the grid is rolled before it is cut; below `side`. */
  readonly shift: number;
}

/**
 * softmax(q kᵀ / √d + bias) v for every head, d = W / heads, among the tokens of a window, as in Swin: windows are cut from
 * the grid rolled by `shift`, and tokens that were not neighbours before the roll do not see each other. A grid
 * that is no multiple of the side is extended by tokens with the queries, keys and values `pad`, which are seen.
 * @param qkv [B, H, W, 3D]: queries, keys and values side by side, each with its heads side by side
 * @param pad [3D]
 * @param table [(2 side − 1)², heads]: the bias by (y, x) of the query minus that of the key, from −(side − 1) on
 * @returns [B, H, W, D]
 */
export function windowAttention(
  qkv: GpuArray,
  pad: GpuArray,
  table: GpuArray,
  { heads, side, shift }: AttentionWindows,
): GpuArray {
  const { gpu } = qkv;
  const [batch, height, width, triple] = qkv.shape;
  const head = triple / (3 * heads);
  expectShape('window_attention qkv', qkv, [batch, height, width, triple]);
  expectShape('window_attention pad', pad, [triple]);
  expectShape('window_attention table', table, [(2 * side - 1) ** 2, heads]);
  if (head % 4 !== 0) throw new Error(`window_attention: heads ${head} wide are no multiple of 4`);
  if (!(shift >= 0 && shift < side)) throw new Error(`window_attention: a shift of ${shift} in windows of ${side}`);
  const quads = head / 4;
  expectAtMost('window_attention: tokens of a window times their width', side * side * (quads + 2), MAX_ITERATIONS);
  const out = GpuArray.empty(gpu, [batch, height, width, triple / 3]);
  gpu.run({
    shader: window_attention,
    buffers: { qkv, pad, table, out },
    params: {
      ...{ height, width, heads, quads, side, shift, scale: 1 / Math.sqrt(head) },
      ...{ full_height: side * Math.ceil(height / side), full_width: side * Math.ceil(width / side) },
    },
    groups: [Math.ceil((height * width * Math.ceil(quads / 4)) / window_attention.constants.WORKGROUP), heads, batch],
    flops: 4 * batch * height * width * side * side * heads * head,
  });
  return out;
}
