import { assert } from 'chai';
import { formatDuration, middleOf, offBy, Pace, timeLeft } from '../../src/base/progress.ts';
import { suite, test } from '../harness/registry.ts';

suite('progress', () => {
  test('the end is foreseen from the steps of the last seconds alone', () => {
    let now = 5000;
    const pace = new Pace(() => now, 20);
    const tick = (seconds: number, left: number) => {
      now += 1000 * seconds;
      return pace.tick(left);
    };
    assert.deepEqual(tick(2, 10), { seconds: 2, etaSeconds: 20 });
    for (let i = 0; i < 28; i++) tick(1, 0);
    assert.deepEqual(tick(10, 0), { seconds: 40, etaSeconds: 0 });
    // At 50 s the last step before 30 s is that at 29 s: 21 s for three steps.
    assert.deepEqual(tick(10, 2), { seconds: 50, etaSeconds: 14 });
    const whole = new Pace(() => now, Number.POSITIVE_INFINITY);
    const said = [1, 3, 8].map((seconds) => {
      now += 1000 * seconds;
      return whole.tick(1).etaSeconds;
    });
    assert.deepEqual(said, [1, 2, 4]);
  });

  test('what was said is off by what lies outside of its ends, as a share of what was left', () => {
    const left = timeLeft(100, 200);
    assert.deepEqual(
      [100, 150, 200, 50, 400].map((was) => offBy({ left, was })),
      [0, 0, 0, 1, -0.5],
    );
  });

  test('a number between two ends is wrong by the same share whichever is right', () => {
    assert.equal(middleOf(50, 150), 75);
    assert.equal(middleOf(0, 0), 0);
  });

  test('durations are read at a glance', () => {
    assert.deepEqual([-1, 0.4, 59.4, 59.5, 61, 3599.4, 3600, 3661, 7505].map(formatDuration), [
      '0 s',
      '0 s',
      '59 s',
      '1 min 00 s',
      '1 min 01 s',
      '59 min 59 s',
      '1 h 00 min',
      '1 h 01 min',
      '2 h 05 min',
    ]);
  });
});
