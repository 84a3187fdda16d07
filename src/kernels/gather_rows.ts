import { GpuArray } from '../gpu/array.ts';
import { expectIndex, type Index, uploadIndex } from './row_index.ts';
import { gather_rows, gather_rows_scatter, gather_rows_vec4 } from './shaders.gen.ts';
import { elementGrid, expectShape } from './shapes.ts';

export { type Index, uploadIndex } from './row_index.ts';

/** A list this long is added by one invocation; see the loop limit in docs/architecture.md. */
const MOST_REPEATS = 60_000;
/** In place of a number: a row of zeros. */
const NOTHING = 0xffff_ffff;

/**
 * y[i] = table[index[i]].
 * @param table [V, W]
 * @param index n row numbers below V, or below V + V' with more rows
 * @param more [V', W], what follows the table
 * @returns [n, W]
 */
export function gatherRows(table: GpuArray, index: Index, more?: GpuArray): GpuArray {
  const [entries, width] = table.shape;
  for (const one of more ? [table, more] : [table]) {
    if (one.shape.length !== 2 || one.dtype !== 'f32') throw new Error('gather_rows: the table must be f32 [V, W]');
    expectShape('gather_rows table', one, [one.shape[0], width]);
  }
  expectIndex('gather_rows', index.host, index.host.length, entries + (more?.shape[0] ?? 0));
  return take(table, index, more ?? table);
}

/** {@link gatherRows} of numbers that are known to fit, or {@link NOTHING}. */
function take(table: GpuArray, index: Index, more: GpuArray): GpuArray {
  const [entries, width] = table.shape;
  const y = GpuArray.empty(table.gpu, [index.host.length, width]);
  const [shader, step] = width % 4 === 0 ? [gather_rows_vec4, 4] : [gather_rows, 1];
  table.gpu.run({
    shader,
    buffers: { table, more, ids: index.device, y },
    params: { size: y.size / step, width: width / step, entries },
    groups: elementGrid(y.size / step, shader.constants.WORKGROUP),
  });
  return y;
}

/**
 * The backward of {@link gatherRows}: out[v] = Σ grad[i] over the i with ids[i] = v, in the order of i; rows that no id
 * names are 0. The host sorts, so no atomics are needed.
 * @param grad [n, W]
 * @param ids n row numbers below `rows`
 * @returns [rows, W]
 */
export function scatterRows(grad: GpuArray, ids: Uint32Array | Index, rows: number): GpuArray {
  const host = ids instanceof Uint32Array ? ids : ids.host;
  const [n, width] = grad.shape;
  expectIndex('scatter_rows', host, n, rows);
  const { gpu } = grad;
  if (n > 0 && new Set(host).size === n) return placed(grad, host, rows);
  const out = GpuArray.zeros(gpu, [rows, width]);
  if (n === 0) return out;
  const lists = sortedLists(host);
  const entry = uploadIndex(gpu, lists.entry).device;
  const starts = uploadIndex(gpu, lists.starts).device;
  const positions = uploadIndex(gpu, lists.positions).device;
  const entries = lists.entry.length;
  gpu.run({
    shader: gather_rows_scatter,
    buffers: { grad, entry, starts, positions, dtable: out },
    params: { entries, width },
    groups: elementGrid(entries * width, gather_rows_scatter.constants.WORKGROUP),
    flops: grad.size,
  });
  for (const array of [entry, starts, positions]) array.release();
  return out;
}

/** Rows that are named once each: every row of the result takes its own, or zeros. */
function placed(grad: GpuArray, ids: Uint32Array, rows: number): GpuArray {
  const from = new Uint32Array(rows).fill(NOTHING);
  ids.forEach((id, i) => {
    from[id] = i;
  });
  const index = uploadIndex(grad.gpu, from);
  const out = take(grad, index, grad);
  index.device.release();
  return out;
}

/** The distinct ids and, for each, where it occurs: positions[starts[k] … starts[k+1]] of entry[k], ascending. */
function sortedLists(ids: Uint32Array): { entry: Uint32Array; starts: Uint32Array; positions: Uint32Array } {
  const places = new Map<number, number[]>();
  ids.forEach((id, i) => {
    const list = places.get(id);
    if (list) list.push(i);
    else places.set(id, [i]);
  });
  const entry = Uint32Array.from(places.keys()).sort();
  const starts = new Uint32Array(entry.length + 1);
  const positions = new Uint32Array(ids.length);
  entry.forEach((id, k) => {
    const list = places.get(id) as number[];
    if (list.length > MOST_REPEATS) throw new Error(`scatter_rows: row ${id} is named ${list.length} times`);
    positions.set(list, starts[k]);
    starts[k + 1] = starts[k] + list.length;
  });
  return { entry, starts, positions };
}
