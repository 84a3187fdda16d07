import { assert } from 'chai';
import { packMessage, unpackMessage } from '../../src/base/link.ts';
import { cutBatch, meanOfParts } from '../../src/train/gradient_parts.ts';
import { serveTraining } from '../../src/train/member.ts';
import { Team } from '../../src/train/team.ts';
import type { TrainContext } from '../../src/train/train_run.ts';
import { expectFailure } from '../data/expect_failure.ts';
import type { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { linked } from './linked.ts';
import { ruleSet } from './rule_set.ts';
import { contextOf, metricsOf, smallRun, tinyBackbone } from './small_run.ts';

/** Trains with so many workers; the second one is gone after so many answers. */
async function trained(base: TrainContext & { fs: MemoryFileSystem }, workers: number, most?: number) {
  const fs = ruleSet();
  const said: string[] = [];
  const served: Promise<unknown>[] = [];
  const model = await tinyBackbone();
  const team = async (training: object) => {
    const links = Array.from({ length: workers }, (_, i) => linked(`w${i}:1`, i === 0 ? most : undefined));
    for (const [, end] of links) {
      served.push(serveTraining({ ...base, fs: ruleSet() }, end, { data: null, model }).catch(() => {}));
    }
    return Team.open(
      links.map(([end]) => end),
      training,
      (text) => void said.push(text),
    );
  };
  const context = { ...contextOf(base.gpu, fs), ...(workers > 0 && { team }) };
  await smallRun(context, { parts: '3', epochs: '2' });
  await Promise.all(served);
  return { weights: [...fs.files.get('/run/checkpoint/last.safetensors')!], metrics: metricsOf(fs), said, fs };
}

suiteInTurn('training by several', () => {
  test('a batch is cut into parts that follow each other, and their mean is added in order', () => {
    assert.deepEqual(cutBatch([4, 5, 6, 7, 8], 3), [[4, 5], [6, 7], [8]]);
    assert.deepEqual(cutBatch([4, 5], 3), [[4], [5]]);
    const part = (...numbers: number[]) => ({
      ...{ names: ['l'], parameters: ['p'], losses: Float32Array.of(numbers[0]) },
      gradients: Float32Array.from(numbers),
    });
    // By hand: (3·1 + 1·4) / 4 and (3·0.5 − 1) / 4.
    const mean = meanOfParts([part(1, 0.5), part(4, -1)], [3, 1]);
    assert.deepEqual([...mean.gradients], [1.75, 0.125]);
    assert.deepEqual([...mean.losses], [1.75]);
    const big = [part(1e8), part(1), part(-1e8)];
    assert.notDeepEqual(meanOfParts(big, [1, 1, 1]), meanOfParts([big[0], big[2], big[1]], [1, 1, 1]));
    assert.throws(() => meanOfParts([part(1), { ...part(1), parameters: ['q'] }], [1, 1]));
  });

  test('a message says what it was given', () => {
    for (const facts of [{}, { a: 'äöü' }, { b: [1, 2] }]) {
      const numbers = Float32Array.of(1, -0, Number.NaN);
      const back = unpackMessage(packMessage(facts, numbers));
      assert.deepEqual(back.facts, facts);
      assert.deepEqual(back.numbers, numbers);
    }
    assert.throws(() => unpackMessage(Uint8Array.of(200, 0, 0, 0, 1)));
  });

  test('any number of workers gives the same bits, also when one is gone on the way', async (t) => {
    const base = contextOf(await t.gpu(), ruleSet());
    const alone = await trained(base, 0);
    const broken = await trained(base, 2, 2);
    assert.deepEqual(broken.weights, alone.weights);
    assert.deepEqual(broken.metrics, alone.metrics);
    assert.match(broken.said.join('\n'), /The worker w0:1 is gone at step 3 .*1 worker and this process go on/);
    // A worker with other support images takes no part.
    const [here, there] = linked('w:1');
    const model = await tinyBackbone();
    const read = (path: string) => JSON.parse(new TextDecoder().decode(alone.fs.files.get(path)));
    const shots = { ...read('/run/shots.json'), seed: 7 };
    const served = serveTraining(base, there, { data: null, model }).catch(() => {});
    await expectFailure('usage', [/worker w:1 cannot take part: .*other support images/], () =>
      Team.open([here], { config: read('/run/config.json'), shots }, () => {}),
    );
    await served;
  });
});
