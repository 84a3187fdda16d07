import { expect } from 'chai';
import { anyBits, plus } from '../../src/dicom/pairs.ts';
import { suite, test } from '../harness/registry.ts';

/** Numbers that begin at an even or at an odd place of two bytes. */
function placed(kind: typeof Uint16Array | typeof Int16Array, values: readonly number[], at: number) {
  const numbers = new kind(new ArrayBuffer(2 * (values.length + at)), 2 * at);
  numbers.set(values);
  return numbers;
}

suite('numbers of 16 bits, two at a time', () => {
  test('sums are those of one at a time, wherever the numbers lie and however many they are', () => {
    const unsigned = [0, 1, 4095, 32767, 32768, 65535, 12];
    const signed = [0, -1, 1, 32767, -32768, -1024, 77];
    for (const at of [0, 1]) {
      for (const count of [0, 1, 2, 3, 6, 7]) {
        const some = (values: readonly number[]) => values.slice(0, count);
        const up = plus(placed(Uint16Array, some(unsigned), at), -32768, true);
        expect([...up], `${at} ${count}`).to.deep.equal(some(unsigned).map((value) => value - 32768));
        const down = plus(placed(Int16Array, some(signed), at), 32768, false);
        expect([...down]).to.deep.equal(some(signed).map((value) => value + 32768));
      }
    }
  });

  test('the bits that any number has, of the first and the last one too', () => {
    for (const at of [0, 1]) {
      for (let k = 0; k < 5; k++) {
        const values = [1, 1, 1, 1, 1].map((one, i) => (i === k ? 0x8002 : one));
        expect(anyBits(placed(Uint16Array, values, at)), `${at} ${k}`).to.equal(0x8003);
      }
    }
    expect(anyBits(new Uint16Array(0))).to.equal(0);
  });
});
