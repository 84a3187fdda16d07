import { assert } from 'chai';
import { advice, nearestNames } from '../../src/base/nearest.ts';
import { suite, test } from '../harness/registry.ts';

const NAMES = ['lr.adapter', 'lr.prompt', 'batch', 'size', 'seed', 'out'];

suite('names that an unknown one may stand for', () => {
  test('a part of names, one that few letters change, or words that are names', () => {
    assert.deepEqual(nearestNames('lr', NAMES), ['lr.adapter', 'lr.prompt']);
    assert.deepEqual(nearestNames('bacth', NAMES), ['batch']);
    assert.deepEqual(nearestNames('batch-size', NAMES), ['batch', 'size']);
  });

  test('neighbours that change places are one change, and more than most letters are another name', () => {
    // Three swaps: three changes, where letters one by one would be six.
    assert.deepEqual(nearestNames('abcdef', ['badcfe']), ['badcfe']);
    assert.deepEqual(nearestNames('abcde', ['abxyz']), []);
    assert.deepEqual(nearestNames('abcde', ['abcxy']), ['abcxy']);
    assert.deepEqual(nearestNames('abcdef', ['vwxyef']), []);
  });

  test('an advice names them', () => {
    assert.equal(advice(['batch', 'size'], 'none'), 'did you mean batch or size?');
    assert.equal(advice([], 'none'), 'none');
  });
});
