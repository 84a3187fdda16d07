import { assert } from 'chai';
import { CLEAR } from '../../src/base/visible.ts';
import { Reporter } from '../../src/cli/reporter.ts';
import type { Host } from '../../src/host/host.ts';
import type { StepEvent } from '../../src/run/events.ts';
import { suite, test } from '../harness/registry.ts';

/** A log, or a terminal, that keeps what is said, and tells of each piece. */
function logHost(isTerminal = false, onSaid: (text: string) => void = () => {}): { host: Host; said: string[] } {
  const said: string[] = [];
  const stderr = (text: string) => {
    said.push(text);
    onSaid(text);
  };
  return { host: { isTerminal, stderr, columns: () => 30 } as unknown as Host, said };
}

const step = (number: number, steps: number): { type: 'step'; rate: null } & StepEvent => ({
  ...{ type: 'step', rate: null, step: number, steps, epoch: 1, epochs: 1, loss: 1, parts: {} },
  ...{ seconds: 0, etaSeconds: 0 },
});

suite('what a log gets', () => {
  test('a line a step, or where steps are many, those in between left out and never the last', () => {
    const numbers = (stepsEvery: number) => {
      const { host, said } = logHost();
      const reporter = new Reporter(host, { stepsEvery });
      for (let i = 1; i <= 5; i++) reporter.listen(step(i, 5));
      return said.map((line) => JSON.parse(line).step);
    };
    assert.deepEqual(numbers(0), [1, 2, 3, 4, 5]);
    assert.deepEqual(numbers(1e9), [5]);
  });

  test('a terminal gets a line that it has room for: a wrapped one could not be taken away', () => {
    const { host, said } = logHost(true);
    new Reporter(host).listen({ type: 'stage', what: 'features of the remaining valid images', done: 1, total: 1 });
    assert.deepEqual(said, [`${CLEAR}features of the remaining val`]);
  });

  test('that the program lives, and where it is, when nothing else is said', async () => {
    let undo = () => {};
    const line = await new Promise<string>((resolve) => {
      const { host } = logHost(false, (text) => text.includes('alive') && resolve(text));
      const reporter = new Reporter(host);
      reporter.listen(step(3, 7));
      undo = reporter.beat(5);
    });
    undo();
    assert.deepInclude(JSON.parse(line), { type: 'alive', after: { step: 3, steps: 7 } });
  });
});
