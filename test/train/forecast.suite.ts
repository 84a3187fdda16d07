import { assert } from 'chai';
import { type RunConfig, runSettings } from '../../src/run/run_config.ts';
import type { RunState } from '../../src/run/run_state.ts';
import { Forecast, type Plan, planOf } from '../../src/train/forecast.ts';
import { suite, test } from '../harness/registry.ts';

/** Seconds of the parts of a training; the first of each kind compiles besides. */
interface Machine {
  readonly image: number;
  readonly step: number;
  readonly score: number;
  readonly compile: number;
}

/** Forecasts after each step and stage of a simulated training, with what was really left then. */
async function simulated(plan: Plan, { image, step, score, compile }: Machine, every: number, others: boolean) {
  let now = 0;
  const forecast = new Forecast(plan, () => 1000 * now);
  const said: { at: number; left: number }[] = [];
  const say = () => {
    const left = forecast.left();
    if (left !== null) said.push({ at: now, left });
  };
  for (let done = 16; done <= 96; done += 16) {
    now += 16 * image + (done === 16 ? compile : 0);
    forecast.encoded(done);
    say();
  }
  const epochs = plan.steps / plan.stepsPerEpoch;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (let i = 1; i <= plan.stepsPerEpoch; i++) {
      now += step + (epoch + i === 2 ? 2 * compile : 0);
      // A step is told once the next one is done, but the last of an epoch at its own end.
      if (i === 1 && plan.stepsPerEpoch > 1) continue;
      const told = [i - 1, ...(i === plan.stepsPerEpoch ? [i] : [])].filter((one) => one > 0);
      for (const one of told) {
        forecast.stepped((epoch - 1) * plan.stepsPerEpoch + one);
        say();
      }
    }
    if (epoch % every > 0 && epoch < epochs) continue;
    const first = epoch <= every;
    const work = async () => {
      now += plan.compared * (score + (first ? image : 0));
    };
    await forecast.comparing(work);
    forecast.chose(first || !others);
  }
  // Test images are read, scored and drawn, before by the last weights if these are others.
  for (const which of others ? (['last', 'chosen'] as const) : (['chosen'] as const)) {
    for (let done = 8; done <= plan.test; done += 8) {
      now += 8 * 1.8 * image;
      const left = forecast.scoring(which, done);
      if (left !== null) said.push({ at: now, left });
    }
    now += 0.7 + 0.02 * plan.test;
  }
  return said.map(({ at, left }) => ({ share: at / now, error: left / (now - at) - 1 }));
}

const PLAN: Plan = { steps: 80, begun: 0, stepsPerEpoch: 4, batch: 22, comparisons: 4, compared: 32, test: 20 };

suite('the time that a training still takes', () => {
  const machines: readonly (readonly [string, Machine])[] = [
    ['software', { image: 0.047, step: 0.93, score: 0.04, compile: 0.5 }],
    ['a slow GPU', { image: 0.01, step: 0.18, score: 0.01, compile: 1 }],
    ['a fast one', { image: 0.002, step: 0.04, score: 0.002, compile: 0.2 }],
  ];
  for (const [name, machine] of machines) {
    for (const others of [true, false])
      test(`is right within a quarter after a tenth of the work: ${name}, ${others ? 'other' : 'the last'} weights chosen`, async () => {
        const said = await simulated(PLAN, machine, 5, others);
        const late = said.filter(({ share }) => share >= 0.1 && share < 0.9);
        assert.isAbove(late.length, 40);
        const worst = late.reduce((most, { error }) => Math.max(most, Math.abs(error)), 0);
        assert.isBelow(worst, 0.25);
      });
  }

  test('a plan by hand: rates that are tried are trainings of their own, and what was done before a break is done', () => {
    const { train, ...rest } = runSettings({ epochs: '3', batch: '4', 'lr.grid': '0.001,0.01', 'eval.every': '2' });
    const header = { ...rest, train } as RunConfig;
    const counts = { items: 10, compared: 7, test: 5 };
    // ⌈10 / 4⌉ steps an epoch, twice three epochs.
    const plan = { steps: 18, begun: 0, stepsPerEpoch: 3, batch: 4, comparisons: 3, compared: 7, test: 5 };
    assert.deepEqual(planOf(header, null, counts), plan);
    const state = { candidate: 1, step: 5 } as RunState;
    assert.deepEqual(planOf(header, state, counts), { ...plan, begun: 14, comparisons: 1 });
    const few = planOf(header, null, { items: 2, compared: 0, test: 5 });
    assert.deepEqual(few, { ...plan, steps: 6, stepsPerEpoch: 1, batch: 2, comparisons: 0, compared: 0 });
  });

  test('counts neither the compiling of the first step nor what was done before a break', async () => {
    let now = 0;
    const plan = { ...PLAN, begun: 60, comparisons: 0, test: 0 };
    const forecast = new Forecast(plan, () => 1000 * now);
    assert.isNull(forecast.left());
    now += 50;
    forecast.stepped(61);
    assert.isNull(forecast.left());
    now += 1;
    forecast.stepped(62);
    assert.closeTo(forecast.left()!, 18, 1e-6);
  });

  test('counts the comparisons and the test images that are to come', async () => {
    let now = 0;
    const forecast = new Forecast({ ...PLAN, steps: 4 }, () => 1000 * now);
    const bare = new Forecast({ ...PLAN, steps: 4, comparisons: 0, test: 0 }, () => 1000 * now);
    for (let step = 1; step <= 4; step++) {
      now += 1;
      forecast.stepped(step);
      bare.stepped(step);
    }
    assert.equal(bare.left(), 0);
    assert.isAbove(forecast.left()!, 1);
    for (let k = 0; k < 4; k++) {
      await forecast.comparing(async () => {
        now += 3;
      });
    }
    // Comparing is no part of the steps.
    now += 1;
    forecast.stepped(5);
    const rest = forecast.left()!;
    now += 1;
    forecast.stepped(6);
    assert.closeTo(forecast.left()!, rest - 1, 0.05);
  });
});
