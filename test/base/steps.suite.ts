import { assert } from 'chai';
import { allSteps, inTurns, type Steps } from '../../src/base/steps.ts';
import { suite, test } from '../harness/registry.ts';

/** Keeps the thread for some milliseconds. */
function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

suite('work in steps', () => {
  /** Twelve steps of 20 ms; `first` is called in the first one. */
  function* work(done: number[], first: () => void): Steps<number> {
    for (let step = 0; step < 12; step++) {
      if (step === 0) first();
      spin(20);
      done.push(step);
      yield;
    }
    return 7;
  }

  test('in turns what waits comes in before the end; all at once it does not', async () => {
    let heard = false;
    const wait = () => setTimeout(() => (heard = true));
    assert.equal(allSteps(work([], wait)), 7);
    assert.isFalse(heard);
    await new Promise((resolve) => setTimeout(resolve, 1));
    heard = false;
    const done: number[] = [];
    let after = -1;
    const told = () => setTimeout(() => (after = done.length));
    assert.equal(await inTurns(work(done, told)), 7);
    assert.isTrue(after > 0 && after < 12, `heard after ${after} of 12 steps`);
  });

  test('a signal ends it between two steps, and before the first one', async () => {
    const control = new AbortController();
    const done: number[] = [];
    const stop = () => setTimeout(() => control.abort(new Error('stopped')));
    const ended = await inTurns(work(done, stop), control.signal).catch((error) => error.message);
    assert.equal(ended, 'stopped');
    assert.isBelow(done.length, 12);
    const none: number[] = [];
    assert.equal(await inTurns(work(none, stop), control.signal).catch((error) => error.message), 'stopped');
    assert.isEmpty(none);
  });
});
