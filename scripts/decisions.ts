/**
 * `npm run decisions [-- --family NAME] [--data DIR] [--normals N] [--resamplings N] [--out DIR] [--seconds N]`: what calibrated decisions
 * keep of what they promise, on phantoms with `tiny-clip`, or on an image set of BMAD's layout. A run is trained (4 images of each kind),
 * normal and abnormal images that it has not seen are scored, and calibration sets are drawn from them again and again:
 *
 * * realised false-positive rate at alpha 0.05 and 0.10, with 100 normals, or as many as a smaller set allows
 * * expected calibration error before and after, by Platt and isotonic maps, on cases left out
 * * how often batches of 50 give a shift alarm: as they are, with abnormal ones among them, and shifted in five ways
 *
 * Scores are kept in the folder as they are made, so that a call that was broken off (or ended by `--seconds`) goes on, and one after it
 * takes seconds; a new folder begins anew. Not part of `npm test`.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { ruleStream } from '../src/base/rule.ts';
import {
  alphaThreshold,
  compareBatch,
  crossFitted,
  expectedCalibrationError,
  LEAST_BATCH,
  reliability,
  rescaled,
  type ShiftCase,
} from '../src/decide/index.ts';
import { readPools } from './decision_pools.ts';

const { values } = parseArgs({
  options: {
    family: { type: 'string', default: 'brain' },
    data: { type: 'string' },
    normals: { type: 'string', default: '300' },
    resamplings: { type: 'string', default: '200' },
    out: { type: 'string' },
    seconds: { type: 'string', default: '1e9' },
  },
});
const { family, data } = values;
const rounds = Number(values.resamplings);
const name = data ? data.split('/').filter(Boolean).at(-1)! : family;
const out = values.out ?? `runs/decisions/${name}`;

function shuffled<T>(items: readonly T[], round: number): T[] {
  const random = ruleStream('resampling', round);
  const keys = items.map((_, i) => random(i));
  return items
    .map((_, i) => i)
    .sort((a, b) => keys[a] - keys[b] || a - b)
    .map((i) => items[i]);
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const [normals, seconds] = [Number(values.normals), Number(values.seconds)];
const pools = await readPools({ family, data: data ?? null, normals, out, seconds });
if (!pools) {
  console.log(`not all images are scored yet; call again to go on in ${out}`);
  process.exit(0);
}
const { normal, abnormal, ...others } = pools;
// A rate of exactly alpha is promised where alpha (n + 1) is whole, for both alphas; else a lower one.
const size = normal.length >= 150 ? 100 : normal.length >= 55 ? 39 : 19;
console.log(
  `${name}: ${normal.length} normal and ${abnormal.length} abnormal images that training has not seen, ${rounds} resamplings of ${size} normals`,
);

for (const alpha of [0.05, 0.1]) {
  let [called, of, found] = [0, 0, 0];
  for (let round = 0; round < rounds; round++) {
    const drawn = shuffled(normal, round).map((one) => one.score);
    const threshold = alphaThreshold(drawn.slice(0, size), alpha);
    called += drawn.slice(size).filter((value) => value >= threshold).length;
    found += abnormal.filter((one) => one.score >= threshold).length;
    of += drawn.length - size;
  }
  const within = Math.abs(called / of - alpha) <= 0.01 ? 'within' : 'NOT within';
  console.log(
    `alpha ${alpha}: realised false-positive rate ${percent(called / of)} (${within} one point), sensitivity ${percent(found / rounds / abnormal.length)}`,
  );
}

const scores = [...normal.slice(0, abnormal.length), ...abnormal].map((one) => one.score);
const labels = scores.map((_, i) => (i < Math.min(normal.length, abnormal.length) ? 0 : 1));
const before = expectedCalibrationError(reliability(rescaled(scores), labels));
for (const kind of ['platt', 'isotonic'] as const) {
  const after = expectedCalibrationError(reliability(crossFitted(kind, { scores, labels }), labels));
  console.log(
    `expected calibration error, ${kind}: ${before.toFixed(3)} before, ${after.toFixed(3)} after (cases left out)`,
  );
}

// Of a small set fewer are left to calibrate, so that the rest is a batch.
const known = Math.min(size, normal.length - LEAST_BATCH);
const most = 50;
const batch = Math.min(most, normal.length - known);
/** A draw of calibration set and batch. */
type Draw = (drawn: readonly ShiftCase[], round: number) => readonly ShiftCase[];
const conditions: [string, Draw][] = [
  ['unshifted', (drawn) => drawn.slice(known, known + batch)],
  [
    'unshifted, 3 of 10 abnormal',
    (drawn, round) => {
      const ill = Math.round(0.3 * batch);
      return [...drawn.slice(known, known + batch - ill), ...shuffled(abnormal, round).slice(0, ill)];
    },
  ],
  ...Object.entries(others).map(([what, pool]): [string, Draw] => [
    what,
    (_, round) => shuffled(pool, round).slice(0, most),
  ]),
];
console.log(`shift alarm, calibrated on ${known} normals:`);
for (const [what, draw] of conditions) {
  let [alarms, images] = [0, 0];
  const moved = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const drawn = shuffled(normal, round);
    const seen = draw(drawn, round);
    images = seen.length;
    const report = compareBatch(drawn.slice(0, known), seen, { alpha: 0.05, seed: round })!;
    if (report.alarm) alarms++;
    for (const test of report.moved) moved.set(test.what, (moved.get(test.what) ?? 0) + 1);
  }
  const names = [...moved].sort((a, b) => b[1] - a[1]).map(([of, count]) => `${of} ${count}`);
  console.log(
    `${what}: alarm in ${percent(alarms / rounds)} of ${rounds} batches of ${images}${names.length > 0 ? ` (${names.join(', ')})` : ''}`,
  );
}
process.exit(0);
