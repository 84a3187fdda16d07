import { assert } from 'chai';
import { weightSum } from '../../src/detect/weight_sum.ts';
import { suite, test } from '../harness/registry.ts';

/** What is said of one tensor. */
async function saidOf(name: string, shape: readonly number[], values: readonly number[]): Promise<string | null> {
  const read = async () => Float32Array.from(values);
  return (await weightSum({ read } as never, new Map([[name, shape]]), '')).damage;
}

suite('damage of weights', () => {
  test('is a matrix of one value, or a weight of zeros; a bias of zeros and the ones of a norm are none', async () => {
    assert.equal(await saidOf('w', [2, 2], [3, 3, 3, 3]), 'w hold one value alone');
    assert.equal(await saidOf('w', [2, 2], [0, 0, 0, 0]), 'w hold nothing but zeros');
    assert.equal(await saidOf('ln.weight', [2], [0, 0]), 'ln.weight hold nothing but zeros');
    assert.isNull(await saidOf('w', [2, 2], [3, 3, 3, 4]));
    assert.isNull(await saidOf('ln.bias', [2], [0, 0]));
    assert.isNull(await saidOf('ln.weight', [2], [1, 1]));
    assert.isNull(await saidOf('scale', [1, 1], [5]));
  });

  test('is looked for until the signal fires, and counted: of a large model all weights take a while', async () => {
    const control = new AbortController();
    const reads: string[] = [];
    const read = async (name: string) => {
      reads.push(name);
      if (name === 'b') control.abort(new Error('enough'));
      return Float32Array.of(1, 2);
    };
    const shapes = new Map(['a', 'b', 'c'].map((name) => [name, [2]] as const));
    const counts: string[] = [];
    const count = (done: number, total: number) => counts.push(`${done} of ${total}`);
    const sum = weightSum({ read } as never, shapes, '', control.signal, count);
    const said = await sum.then(
      () => 'nothing',
      ({ message }) => message,
    );
    assert.deepEqual([said, reads, counts], ['enough', ['a', 'b'], ['1 of 3', '2 of 3']]);
  });
});
