import { assert } from 'chai';
import fc from 'fast-check';
import { FusionclipError } from '../../src/base/errors.ts';
import {
  bfloatOfBits,
  firstNonFinite,
  floatToBfloat,
  floatToHalf,
  halfToFloat,
  packHalf,
  toFloat32,
} from '../../src/clip/half.ts';
import { suite, test } from '../harness/registry.ts';

suite('half precision', () => {
  test('goes through float32 and back for all 65,536 halves', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = halfToFloat(bits);
      if (Number.isNaN(value)) assert.isTrue(Number.isNaN(halfToFloat(floatToHalf(value))));
      else if (floatToHalf(value) !== bits) assert.fail(`0x${bits.toString(16)} came back as another half`);
    }
  });

  test('rounds to the nearest half, ties to even', () => {
    const cases: [number, number][] = [
      [1, 0x3c00],
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [1 + 2 ** -11 + 2 ** -23, 0x3c01],
      [65504, 0x7bff],
      [65519.996, 0x7bff],
      [65520, 0x7c00],
      [-1e30, 0xfc00],
      [2 ** -25, 0],
      [2 ** -25 * (1 + 2 ** -20), 1],
      [3 * 2 ** -25, 2],
      [2 ** -14 - 2 ** -26, 0x0400],
      [-0, 0x8000],
      [Number.NEGATIVE_INFINITY, 0xfc00],
    ];
    for (const [value, bits] of cases) assert.equal(floatToHalf(value), bits, `${value}`);
    const nearest = fc.double({ min: -70000, max: 70000, noNaN: true });
    fc.assert(
      fc.property(nearest, (x) => {
        const value = Math.fround(x);
        const bits = floatToHalf(value);
        const error = Math.abs(halfToFloat(bits) - value);
        for (const neighbour of [bits - 1, bits + 1]) {
          const other = halfToFloat(neighbour & 0xffff);
          if (Number.isFinite(other)) assert.isAtLeast(Math.abs(other - value), Number.isFinite(error) ? error : 0);
        }
      }),
      { numRuns: 500, seed: 5 },
    );
    assert.deepEqual([...packHalf(new Float32Array([1, -2]))], [0, 0x3c, 0, 0xc0]);
  });

  test('rounds to bfloat16, ties to even', () => {
    const cases: [number, number][] = [
      [1, 0x3f80],
      [1 + 2 ** -8, 0x3f80],
      [1 + 3 * 2 ** -8, 0x3f82],
      [3.4e38, 0x7f80],
      [Number.POSITIVE_INFINITY, 0x7f80],
      [-0, 0x8000],
    ];
    for (const [value, bits] of cases) assert.equal(floatToBfloat(value), bits, `${value}`);
    assert.equal(floatToBfloat(Number.NaN) & 0x7fc0, 0x7fc0);
    // A NaN whose upper half alone would be an infinity.
    assert.equal(bfloatOfBits(0x7f800001), 0x7fc0);
    assert.equal(bfloatOfBits(0xff800001), 0xffc0);
  });

  test('reads every type as float32 from unaligned bytes', () => {
    const unaligned = (array: ArrayBufferView) => {
      const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
      const padded = new Uint8Array(bytes.length + 1);
      padded.set(bytes, 1);
      return padded.subarray(1);
    };
    const cases: [string, ArrayBufferView, number[]][] = [
      ['F64', new Float64Array([0.1, -3]), [Math.fround(0.1), -3]],
      ['F32', new Float32Array([0.1, -3]), [Math.fround(0.1), -3]],
      ['F16', new Uint16Array([0x3c00, 1, 0xfc00]), [1, 2 ** -24, Number.NEGATIVE_INFINITY]],
      ['BF16', new Uint16Array([0x3f80, 0xc040]), [1, -3]],
      ['I64', new BigInt64Array([-5n]), [-5]],
      ['I32', new Int32Array([-7]), [-7]],
      ['I16', new Int16Array([-7]), [-7]],
      ['I8', new Int8Array([-7]), [-7]],
      ['U8', new Uint8Array([200]), [200]],
      ['BOOL', new Uint8Array([1, 0]), [1, 0]],
    ];
    for (const [dtype, array, expected] of cases) {
      assert.deepEqual([...toFloat32(dtype, unaligned(array))], expected, dtype);
    }
    assert.throws(() => toFloat32('F8', new Uint8Array(1)), FusionclipError);
    assert.equal(firstNonFinite([1, 2, Number.NaN, 1 / 0]), 2);
    assert.equal(firstNonFinite(new Float32Array(3)), -1);
  });
});
