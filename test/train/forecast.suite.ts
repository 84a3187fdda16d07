import { assert } from 'chai';
import { offBy, type TimeLeft, timeLeft } from '../../src/base/progress.ts';
import { type RunConfig, runSettings } from '../../src/run/run_config.ts';
import type { RunState } from '../../src/run/run_state.ts';
import { Forecast, type Plan, planOf } from '../../src/train/forecast.ts';
import type { Rehearsed } from '../../src/train/rehearsal.ts';
import { suite, test } from '../harness/registry.ts';

/** Seconds of the parts of a training; the first of each kind compiles besides. */
interface Machine extends Rehearsed {
  readonly step: number;
  readonly compile: number;
}

/** How a simulated training goes. */
interface Course {
  /** Epochs between comparisons. */
  readonly every: number;
  /** The comparison from which on no weights are better. */
  readonly best: number;
  /** How many times as long as the work itself its rehearsal took. */
  readonly slow?: number;
}

/** How far off what is said after each step and batch of a simulated training is, and after which share of it. */
async function simulated(plan: Plan, machine: Machine, { every, best, slow = 1 }: Course) {
  const { fit, read, encode, score, rank, step, compile } = machine;
  const rehearsed = { fit: slow * fit, read: slow * read, encode: slow * encode, score: slow * score, rank };
  let now = 0;
  const forecast = new Forecast(plan, () => 1000 * now);
  const said: { at: number; left: TimeLeft }[] = [];
  const say = (left: readonly [number, number?] | null) => {
    if (left) said.push({ at: now, left: timeLeft(...left) });
  };
  now += 96 * encode + compile;
  await forecast.rehearse(async () => rehearsed);
  const epochs = plan.steps / plan.stepsPerEpoch;
  let comparisons = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (let i = 1; i <= plan.stepsPerEpoch; i++) {
      now += step + (epoch + i === 2 ? 2 * compile : 0);
      // A step is told once the next one is done, but the last of an epoch at its own end.
      if (i === 1 && plan.stepsPerEpoch > 1) continue;
      const told = [i - 1, ...(i === plan.stepsPerEpoch ? [i] : [])].filter((one) => one > 0);
      for (const one of told) {
        forecast.stepped((epoch - 1) * plan.stepsPerEpoch + one);
        say(forecast.left());
      }
    }
    await forecast.rehearse(async () => rehearsed);
    if (epoch % every > 0 && epoch < epochs) continue;
    const isFirst = comparisons++ === 0;
    await forecast.comparing(async () => {
      now += fit + plan.compared * (score + rank + (isFirst || !plan.kept ? read + encode : 0));
    });
  }
  const isLast = comparisons <= best;
  for (const which of isLast ? (['chosen'] as const) : (['last', 'chosen'] as const)) {
    const isSecond = which === 'chosen' && !isLast;
    // Thresholds: the last comparison was of the last weights.
    now += fit + plan.calibrated * (rank + (isSecond ? score : 0));
    for (let done = 8; done <= plan.test; done += 8) {
      now += 8 * (read + score + (isSecond && plan.shared === 'then' ? 0 : encode));
      const left = forecast.scoring(which, done);
      say(left === null ? null : [left]);
    }
    now += 5 * rank * plan.test + 0.5;
  }
  return said.map(({ at, left }) => ({ share: at / now, error: offBy({ left, was: now - at }) }));
}

const PLAN: Plan = {
  ...{ steps: 80, begun: 0, stepsPerEpoch: 4, comparisons: 4, compared: 32, kept: true },
  ...{ calibrated: 32, known: true, test: 40, shared: 'then' },
};
const SLOW: Machine = { fit: 0.1, read: 0.01, encode: 0.047, score: 0.04, rank: 0.003, step: 0.93, compile: 0.5 };

/** The largest error of a simulation from a tenth of the work on. */
async function worst(plan: Plan, machine: Machine, course: Course): Promise<number> {
  const said = await simulated(plan, machine, course);
  const late = said.filter(({ share }) => share >= 0.1);
  assert.isAbove(late.length, 20);
  return late.reduce((most, { error }) => Math.max(most, Math.abs(error)), 0);
}

suite('the time that a training still takes', () => {
  const machines: readonly (readonly [string, Machine])[] = [
    ['software', SLOW],
    ['a fast GPU', { fit: 0.01, read: 0.01, encode: 0.002, score: 0.001, rank: 0.003, step: 0.3, compile: 0.4 }],
    ['a large model', { fit: 0.5, read: 0.02, encode: 1.2, score: 0.05, rank: 0.005, step: 2, compile: 3 }],
  ];
  for (const [name, machine] of machines)
    test(`is right within a quarter after a tenth of the work: ${name}`, async () => {
      const often = { ...PLAN, comparisons: 20 };
      const many = { ...PLAN, test: 400, shared: 'never' } as const;
      for (const best of [1, 4]) {
        assert.isBelow(await worst(PLAN, machine, { every: 5, best }), 0.25);
        assert.isBelow(await worst(often, machine, { every: 1, best: 5 * best }), 0.25);
        assert.isBelow(await worst(many, machine, { every: 5, best }), 0.25);
      }
    });

  test('learns from comparisons and test images how much its rehearsal was off', async () => {
    const many: Plan = { ...PLAN, comparisons: 20, test: 400, shared: 'never' };
    for (const slow of [0.6, 1.7]) {
      const said = await simulated(many, SLOW, { every: 1, best: 1, slow });
      const late = said.filter(({ share }) => share >= 0.1);
      assert.isBelow(Math.max(...late.map(({ error }) => Math.abs(error))), 0.25);
    }
  });

  test('has two ends while nobody knows whether the last weights score the test images too', async () => {
    let now = 0;
    const forecast = new Forecast(PLAN, () => 1000 * now);
    now += 5;
    await forecast.rehearse(async () => SLOW);
    for (const step of [1, 2]) {
      now += SLOW.step;
      forecast.stepped(step);
    }
    const [least, most] = forecast.left()!;
    // 40 images are read, scored and ranked again, with features that are kept, and 32 for thresholds.
    const images = 40 * (0.01 + 0.04 + 5 * 0.003) + 32 * (0.04 + 0.003);
    assert.closeTo(most - least, 0.5 + 0.1 + images, 1e-6);
    forecast.perfect();
    assert.deepEqual(forecast.left(), [most, most]);
  });

  test('is said as what is known of it: one number, two ends, or a few seconds', () => {
    assert.deepEqual(timeLeft(60), { text: 'about 1 min 00 s left', least: 60, most: 60 });
    assert.equal(timeLeft(55, 60).text, 'about 57 s left');
    assert.deepEqual(timeLeft(40, 70), { text: '40 s to 1 min 10 s left', least: 40, most: 70 });
    assert.deepEqual(timeLeft(5, 20), { text: 'up to 20 s left', least: 0, most: 20 });
    assert.deepEqual(timeLeft(0, 7), { text: 'a few seconds left', least: 0, most: 8 });
    assert.equal(timeLeft(0, 0).text, 'a few seconds left');
    assert.equal(timeLeft(7.9, 9).text, 'about 8 s left');
  });

  test('a plan by hand: rates that are tried are trainings of their own, and what was done before a break is done', () => {
    const { train, ...rest } = runSettings({ epochs: '3', batch: '4', 'lr.grid': '0.001,0.01', 'eval.every': '2' });
    const header = { ...rest, train } as RunConfig;
    const images = { compared: 7, kept: true, calibrated: 7, known: true, test: 5, shared: 'never' } as const;
    // ⌈10 / 4⌉ steps an epoch, twice three epochs.
    const plan = { ...images, steps: 18, begun: 0, stepsPerEpoch: 3, comparisons: 3 };
    assert.deepEqual(planOf(header, null, { ...images, items: 10 }), plan);
    const state = { candidate: 1, step: 5 } as RunState;
    assert.deepEqual(planOf(header, state, { ...images, items: 10 }), { ...plan, begun: 14, comparisons: 1 });
    const few = planOf(header, null, { ...images, items: 2, compared: 0 });
    assert.deepEqual(few, { ...plan, compared: 0, steps: 6, stepsPerEpoch: 1, comparisons: 0 });
  });

  test('is not told before a step was seen that compiles nothing, nor before the rest was rehearsed', async () => {
    let now = 0;
    const plan = { ...PLAN, begun: 60, comparisons: 0, calibrated: 0, test: 0 };
    const forecast = new Forecast(plan, () => 1000 * now);
    now += 50;
    forecast.stepped(61);
    now += 1;
    forecast.stepped(62);
    assert.isNull(forecast.left());
    await forecast.rehearse(async () => ({ ...SLOW, fit: 0 }));
    assert.closeTo(forecast.left()![0], 18.5, 1e-6);
    const other = new Forecast(plan, () => 1000 * now);
    now += 50;
    await other.rehearse(async () => SLOW);
    other.stepped(61);
    assert.isNull(other.left());
  });

  test('of a training that is over at once is not asked for', async () => {
    let now = 0;
    const forecast = new Forecast(PLAN, () => 1000 * now);
    now += 0.5;
    await forecast.rehearse(() => Promise.reject(new Error('it was')));
  });
});
