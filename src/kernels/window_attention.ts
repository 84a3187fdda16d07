import { GpuArray } from '../gpu/array.ts';
import { sharesRows } from './rows.ts';
import { window_attention, window_attention_workgroup } from './shaders.gen.ts';
import { expectAtMost, expectShape } from './shapes.ts';

/** Loop iterations that one invocation may spend (lavapipe ends loops silently after 65,535). */
const MAX_ITERATIONS = 64_000;
/** Workgroup memory that every adapter has. */
const MAX_SHARED = 16_384;

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
  const buffers = { qkv, pad, table, out };
  const windows = [Math.ceil(height / side), Math.ceil(width / side)];
  const params = {
    ...{ height, width, heads, shift, scale: 1 / Math.sqrt(head) },
    ...{ full_height: side * windows[0], full_width: side * windows[1] },
  };
  const flops = 4 * batch * height * width * side * side * heads * head;
  if (sharesRows(gpu) && fits(side, quads)) {
    const constants = { SIDE: side, QUADS: quads };
    const groups = [windows[0] * windows[1], heads, batch] as const;
    gpu.run({ shader: window_attention_workgroup, buffers, params, constants, groups, flops });
  } else {
    const { WORKGROUP } = window_attention.constants;
    const groups = [Math.ceil((height * width * Math.ceil(quads / 4)) / WORKGROUP), heads, batch] as const;
    gpu.run({ shader: window_attention, buffers, params: { ...params, quads, side }, groups, flops });
  }
  return out;
}

/** Whether a window has an invocation for each query, and its keys, values and biases fit into workgroup memory. */
function fits(side: number, quads: number): boolean {
  const bytes = 32 * side * side * (quads + 1) + 4 * (2 * side - 1) ** 2;
  return side * side <= window_attention_workgroup.constants.WORKGROUP && bytes <= MAX_SHARED;
}
