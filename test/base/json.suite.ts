import { assert } from 'chai';
import * as v from 'valibot';
import { checkJson, isObject, parseJson } from '../../src/base/json.ts';
import { suite, test } from '../harness/registry.ts';

const SCHEMA = v.object({
  heads: v.pipe(v.number(), v.minValue(1)),
  act: v.optional(v.picklist(['gelu', 'quickgelu'])),
  mean: v.optional(v.strictTuple([v.number(), v.number()])),
  tower: v.optional(v.object({ width: v.number() })),
  commit: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]+$/, 'a commit'))),
});

suite('json', () => {
  test('what fits is read, and what nobody asked for is left out', () => {
    assert.deepEqual(parseJson(SCHEMA, '{"heads":2,"tower":{"width":3},"more":[]}'), { heads: 2, tower: { width: 3 } });
  });

  test('what does not fit is named with its place and with what belongs there', () => {
    const cases: [unknown, string][] = [
      [7, 'has 7 at its top, not an object'],
      [{}, 'has no heads'],
      [{ heads: 0 }, 'has 0 at heads, not >=1'],
      [{ heads: '2' }, 'has "2" at heads, not a number'],
      [{ heads: 2, act: 'relu' }, 'has "relu" at act, not ("gelu" | "quickgelu")'],
      [{ heads: 2, mean: [1] }, 'has no mean.1'],
      [{ heads: 2, mean: [1, [2]] }, 'has a list at mean.1, not a number'],
      [{ heads: 2, tower: { width: {} } }, 'has an object at tower.width, not a number'],
      [{ heads: 2, commit: 'main' }, 'has "main" at commit, not a commit'],
    ];
    for (const [value, message] of cases) assert.throws(() => checkJson(SCHEMA, value), message);
    assert.throws(() => parseJson(SCHEMA, '{'), SyntaxError);
  });

  test('lists and null are no objects', () => {
    assert.deepEqual([{}, [], null, 'a'].map(isObject), [true, false, false, false]);
  });
});
