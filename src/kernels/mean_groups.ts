import { GpuArray } from '../gpu/array.ts';
import { expectIndex, type Index } from './row_index.ts';
import { ownLaunch } from './rows.ts';
import { mean_groups, mean_groups_backward, mean_groups_spread } from './shaders.gen.ts';
import { elementGrid, expectShape } from './shapes.ts';
import { sumAxis } from './sum_axis.ts';

const MOST_ROWS = 60_000;

/**
 * y[g] = mean of the rows starts[g] … starts[g+1] of x.
 * @param x [rows, W]
 * @param starts [G + 1], strictly ascending from 0 to rows
 * @returns [G, W]
 */
export function meanGroups(x: GpuArray, starts: Index): GpuArray {
  const [rows, width] = x.shape;
  expectShape('mean_groups', x, [rows, width]);
  expectStarts(starts.host, rows);
  const y = GpuArray.empty(x.gpu, [starts.host.length - 1, width]);
  x.gpu.run({
    shader: mean_groups,
    buffers: { x, starts: starts.device, y },
    params: { size: y.size, width },
    ...ownLaunch(x.gpu, y.size),
    flops: x.size,
  });
  return y;
}

/**
 * @param grad d loss / dy, [G, W]
 * @returns [rows, W]
 */
export function meanGroupsBackward(grad: GpuArray, starts: Index, rows: number): GpuArray {
  const [count, width] = grad.shape;
  expectShape('mean_groups gradient', grad, [starts.host.length - 1, width]);
  expectStarts(starts.host, rows);
  const dx = GpuArray.empty(grad.gpu, [rows, width]);
  grad.gpu.run({
    shader: mean_groups_backward,
    buffers: { grad, starts: starts.device, dx },
    params: { size: dx.size, width, count },
    groups: elementGrid(dx.size, mean_groups_backward.constants.WORKGROUP),
    flops: dx.size,
  });
  return dx;
}

/** Mean over the middle axis: [G, R, W] → [G, W]. */
export function meanRows(x: GpuArray): GpuArray {
  const [groups, rows, width] = x.shape;
  expectShape('mean_rows', x, [groups, rows, width]);
  return sumAxis(x, [groups, rows, width], [groups, width], 1 / rows);
}

/** The backward of {@link meanRows}: [G, W] → [G, R, W]. */
export function meanRowsBackward(grad: GpuArray, rows: number): GpuArray {
  const [groups, width] = grad.shape;
  expectShape('mean_rows gradient', grad, [groups, width]);
  const dx = GpuArray.empty(grad.gpu, [groups, rows, width]);
  grad.gpu.run({
    shader: mean_groups_spread,
    buffers: { grad, dx },
    params: { size: dx.size, rows, width, factor: 1 / rows },
    groups: elementGrid(dx.size, mean_groups_spread.constants.WORKGROUP),
    flops: dx.size,
  });
  return dx;
}

function expectStarts(starts: Uint32Array, rows: number): void {
  expectIndex('mean_groups starts', starts, starts.length, rows + 1);
  const ascending = starts.every(
    (start, g) => g === 0 || (start > starts[g - 1] && start - starts[g - 1] <= MOST_ROWS),
  );
  if (starts.length === 0 || starts[0] !== 0 || starts[starts.length - 1] !== rows || !ascending) {
    throw new Error(
      `mean_groups: starts must rise from 0 to ${rows} with 1 … ${MOST_ROWS} rows a group, not [${[...starts].slice(0, 8)} …]`,
    );
  }
}
