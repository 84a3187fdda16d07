/**
 * `npm run gpu:model -- --peak TFLOPS --bandwidth GBS [--units N] [--family gfx1100]`: how long each kernel of a forward pass of ViT-L/14
 * and of a training step would take on a GPU with so many operations a second, bytes a second and compute units, by what its
 * compiler made of them (bench/results/isa.json) and by their sizes: the list of what to mend next. No measurement.
 *
 * A kernel lasts as long as the longest of three: arithmetic (operations with those beyond the edges of tiles, over peak, over the
 * share of multiply-adds, over how evenly its workgroups fill the units), memory (each buffer once, one that is read and written twice; copies too), and latency (a launch, and
 * rounds of loads that wait for one another). Ideal is every operation at peak. `--measured FILE` adds what a device took for each
 * kernel (bench/device/whole.ts).
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { textColumns } from '../../src/base/columns.ts';
import type { Shader } from '../../src/gpu/shader.ts';
import * as shaders from '../../src/kernels/shaders.gen.ts';
import type { WholeReport } from '../device/whole.ts';
import { kernelOf } from './kernels.ts';
import type { IsaResult } from './results.ts';
import { models, type Work } from './work.ts';

const { values } = parseArgs({
  options: {
    peak: { type: 'string' },
    bandwidth: { type: 'string' },
    units: { type: 'string', default: '96' },
    family: { type: 'string', default: 'gfx1100' },
    measured: { type: 'string' },
  },
});
if (!values.peak || !values.bandwidth) {
  console.error('usage: npm run gpu:model -- --peak TFLOPS --bandwidth GBS [--units N] [--family gfx1100]');
  process.exit(2);
}
const peak = Number(values.peak) * 1e12;
const bandwidth = Number(values.bandwidth) * 1e9;
const units = Number(values.units);
/** Seconds of a dispatch that does nothing, and from a load to its use. */
const LAUNCH = 3e-6;
const LOAD = 0.5e-6;
/** Of a kernel without a loop of multiply-adds, which has few operations anyway. */
const PLAIN_SHARE = 0.25;

const stored = JSON.parse(readFileSync(new URL('../results/isa.json', import.meta.url), 'utf8')) as {
  results: IsaResult[];
};
const shares = new Map<string, number>();
for (const { kernel, family, loop } of stored.results) {
  if (family === values.family && loop && loop.fma > 0) {
    shares.set(kernel, Math.min(loop.share, shares.get(kernel) ?? 1));
  }
}

/** Seconds by what limits it. */
function timesOf({
  kernel,
  shader,
  done,
  bytes,
  workgroups,
  rounds,
}: Work): Record<'arithmetic' | 'memory' | 'latency', number> {
  const share = shares.get(kernel) ?? shares.get(shader) ?? PLAIN_SHARE;
  const filled = workgroups / (Math.ceil(workgroups / units) * units);
  return {
    arithmetic: done / (peak * share * filled),
    memory: bytes / bandwidth,
    latency: LAUNCH + rounds * LOAD,
  };
}

const SHADERS = new Map<string, Shader>(Object.entries(shaders));

/** Milliseconds of each kernel of a forward pass and of a step, by its name here. */
const profiles = values.measured
  ? (JSON.parse(readFileSync(values.measured, 'utf8')) as WholeReport).profiles
  : { forward: [], step: [] };
const measured = [profiles.forward, profiles.step].map((kernels) => {
  const times = new Map<string, number>();
  for (const { label, milliseconds } of kernels) {
    const [shader, ...set] = label.split(',');
    const constants = Object.fromEntries(set.map((one) => [one.split('=')[0], Number(one.split('=')[1])]));
    const { name } = kernelOf(SHADERS.get(shader)!, constants);
    times.set(name, (times.get(name) ?? 0) + milliseconds);
  }
  return times;
});

for (const [model, { name, work }] of (await models()).entries()) {
  const rows = new Map<string, { launches: number; seconds: number; flops: number; limits: Map<string, number> }>();
  let [total, flops] = [0, 0];
  for (const one of work) {
    const [limit, seconds] = Object.entries(timesOf(one)).reduce((x, y) => (y[1] > x[1] ? y : x));
    const row = rows.get(one.kernel) ?? { launches: 0, seconds: 0, flops: 0, limits: new Map<string, number>() };
    row.limits.set(limit, (row.limits.get(limit) ?? 0) + seconds);
    rows.set(one.kernel, {
      ...row,
      launches: row.launches + 1,
      seconds: row.seconds + seconds,
      flops: row.flops + one.flops,
    });
    total += seconds;
    flops += one.flops;
  }
  const table = [...rows]
    .sort(([, x], [, y]) => y.seconds - x.seconds)
    .map(([kernel, row]) => [
      kernel,
      String(row.launches),
      (1e3 * row.seconds).toFixed(2),
      [...row.limits].sort((x, y) => y[1] - x[1])[0][0],
      `${((100 * row.seconds) / total).toFixed(1)} %`,
      `${((100 * row.flops) / peak / row.seconds).toFixed(0)} %`,
      ...(values.measured ? [measured[model].get(kernel)?.toFixed(2) ?? ''] : []),
    ]);
  // What ran there and is not here: other sizes, or another choice of kernels.
  const others = [...measured[model]].filter(([kernel]) => !rows.has(kernel));
  for (const [kernel, milliseconds] of others) table.push([kernel, '', '', '', '', '', milliseconds.toFixed(2)]);
  const head = ['kernel', 'launches', 'ms', 'limit', 'of the time', 'of peak'];
  console.log(textColumns([values.measured ? [...head, 'measured'] : head, ...table], 'lrrlr'));
  const ideal = flops / peak;
  console.log(
    `${name}: ${(1e3 * total).toFixed(1)} ms, ideal ${(1e3 * ideal).toFixed(1)} ms: ${((100 * ideal) / total).toFixed(2)} %\n`,
  );
}
