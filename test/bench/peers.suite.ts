import { assert } from 'chai';
import { compare } from '../../bench/peers/compare.ts';
import type { Peer } from '../../bench/peers/peer.ts';
import { formatResult, formatSummary } from '../../bench/peers/table.ts';
import { WORKS, type Work } from '../../bench/peers/work.ts';
import { suite, test } from '../harness/registry.ts';

const WORK: Work = {
  ...{ kind: 'matmul', name: 'two numbers', flops: 4e6, bytes: 16, shape: [2], inputs: {} },
  ...{ expected: () => Float64Array.of(1, 2), tolerance: 0.01, target: 2.2 },
};

/** A library that always answers the same, after so many milliseconds. */
function answering(name: string, answer: readonly number[], milliseconds = 0): Peer & { released: number } {
  const peer = {
    name,
    released: 0,
    open: async () => {},
    prepare: async () => ({
      run: () => {
        const start = performance.now();
        while (performance.now() - start < milliseconds);
      },
      done: async () => {},
      read: async () => answer,
      release: () => void peer.released++,
    }),
  };
  return peer;
}

const broken: Peer = {
  name: 'broken',
  open: async () => {},
  prepare: () => Promise.reject(new Error('no such operator')),
};

suite('peers of the bench', () => {
  test('what is wrong, missing or throws is reported and not timed', async () => {
    const own = answering('own', [1, 2.001], 1);
    const wrong = answering('wrong', [1, 2.1]);
    const short = answering('short', [1]);
    const hollow = answering('hollow', [1, Number.NaN]);
    const result = await compare([own, wrong, broken, short, hollow], WORK, 2);
    assert.deepEqual(
      result.times.map(({ peer, medianMs }) => [peer, medianMs !== null]),
      [
        ['own', true],
        ['wrong', false],
        ['broken', false],
        ['short', false],
        ['hollow', false],
      ],
    );
    const failures = result.times.map(({ failure }) => failure);
    assert.isNull(failures[0]);
    assert.match(failures[1]!, /differs by 1\.0e-1/);
    assert.equal(failures[2], 'no such operator');
    assert.match(failures[3]!, /1 numbers, expected 2/);
    assert.match(failures[4]!, /differs by NaN/);
    assert.isNull(result.ratio, 'nobody to compare with');
    for (const peer of [own, wrong, short, hollow]) assert.equal(peer.released, 1, peer.name);
    assert.match(formatResult(result).join('\n'), /broken: not timed: no such operator/);
    assert.match(formatSummary([result])[1], /–.*missed/);
  });

  test('the ratio is that of the fastest of the others', async () => {
    const peers = [answering('own', [1, 2], 1), answering('slow', [1, 2], 30), answering('fast', [1, 2], 2)];
    const result = await compare(peers, WORK, 3);
    const [own, ...others] = result.times.map(({ medianMs }) => medianMs!);
    assert.equal(result.ratio, Math.min(...others) / own);
    assert.match(formatSummary([{ ...result, ratio: 2.3 }])[1], /× 2\.30 .*reached/);
  });

  test('six products, attention, layer norm and a block are compared', () => {
    assert.deepEqual(
      [...WORKS.keys()].map((name) => name.split(' ')[0]),
      [...new Array(6).fill('matmul'), 'attention', 'layer_norm', 'block'],
    );
    const { flops, inputs } = WORKS.get('attention 290×16×64')!();
    assert.equal(flops, 4 * 290 * 290 * 1024);
    assert.deepEqual(
      Object.values(inputs).map(({ shape }) => shape),
      new Array(3).fill([290, 1024]),
    );
  });
});
