import { assert } from 'chai';
import { atan, cos, exp, log, log1p, sin } from '../../src/base/elementary.ts';
import { ruleStream } from '../../src/base/rule.ts';
import { sha256 } from '../../src/base/sha256.ts';
import { suite, test } from '../harness/registry.ts';

/** Numbers between -most and most, the same everywhere. */
function numbers(name: string, most: number, count = 4000): Float64Array<ArrayBuffer> {
  const random = ruleStream(name, 1);
  return Float64Array.from({ length: count }, (_, i) => (random(i) / 2 ** 31 - 1) * most);
}

const CASES = [
  ['exp', exp, Math.exp, [...numbers('exp', 700), ...numbers('small', 1e-3), 0, 1, -1, 709.5, -708]],
  ['log', log, Math.log, [...numbers('log', 1e6), ...numbers('one', 2), 1e-300, 5e-324, 1, 2, 1e308].map(Math.abs)],
  ['log1p', log1p, Math.log1p, [...numbers('log1p', 0.99), ...numbers('tiny', 1e-9), 0, 1e300]],
  ['sin', sin, Math.sin, [...numbers('sin', 7), ...numbers('far', 1000), 0, Math.PI, 1e-9]],
  ['cos', cos, Math.cos, [...numbers('cos', 7), ...numbers('away', 1000), 0, Math.PI / 2]],
  ['atan', atan, Math.atan, [...numbers('atan', 3), ...numbers('steep', 1e6), 0, 1, -1, 1e-9]],
] as const;

suite('elementary functions', () => {
  for (const [name, own, engine, values] of CASES) {
    test(`${name} is that of the engine to some units of the last place`, () => {
      for (const x of values) {
        const [value, expected] = [own(x), engine(x)];
        // Near a zero of sine and cosine the error is one of the angle.
        const scale = Math.max(Math.abs(expected), name === 'sin' || name === 'cos' ? 1e-4 : 0, 1e-300);
        assert.isAtMost(Math.abs(value - expected) / scale, 1e-15, `${name}(${x})`);
      }
    });
  }

  test('at the ends they are what they have to be', () => {
    assert.deepEqual([800, -800, Number.NaN, 0].map(exp), [Number.POSITIVE_INFINITY, 0, Number.NaN, 1]);
    const ends = [0, -1, Number.POSITIVE_INFINITY, 1].map(log);
    assert.deepEqual(ends, [Number.NEGATIVE_INFINITY, Number.NaN, Number.POSITIVE_INFINITY, 0]);
    assert.deepEqual([-1, 0, 1e-20].map(log1p), [Number.NEGATIVE_INFINITY, 0, 1e-20]);
  });

  test('every runtime has the same bits', async () => {
    const all = CASES.flatMap(([, own, , values]) => values.map((x) => own(x)));
    const hash = await sha256(new Uint8Array(Float64Array.from(all).buffer));
    assert.equal(hash.slice(0, 16), '1b0aa1efe1316704');
  });
});
