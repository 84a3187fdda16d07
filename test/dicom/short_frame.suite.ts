import { expect } from 'chai';
import type { PixelFormat } from '../../src/dicom/pixel_format.ts';
import { shortFrame } from '../../src/dicom/short_frame.ts';
import { suite, test } from '../harness/registry.ts';
import { greyOf, made } from './dicom_maker.ts';

/** Bytes of numbers that begin at an even or at an odd place of two bytes. */
function placed(values: readonly number[], at: number): Uint8Array<ArrayBuffer> {
  const numbers = new Uint16Array(new ArrayBuffer(2 * (values.length + at)), 2 * at);
  numbers.set(values);
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

function valuesOf(bytes: Uint8Array, how: { stored: number; signed: boolean; intercept: number; over: boolean }) {
  const format = { rows: 1, columns: bytes.length / 2, bitsStored: how.stored, signed: how.signed } as PixelFormat;
  const facts = { modality: { slope: 1, intercept: how.intercept }, padding: null };
  return shortFrame(bytes, format, facts, how.over)?.values;
}

suite('frames of 16 bits, many numbers at a time', () => {
  const cases = [
    { stored: 16, signed: false, intercept: -32768, values: [0, 1, 4095, 32767, 32768, 65535, 12] },
    { stored: 16, signed: true, intercept: 32768, values: [0, -1, 1, 32767, -32768, -1024, 77] },
    { stored: 12, signed: false, intercept: -1024, values: [0, 1, 4095, 2048, 2047, 5, 4094] },
    { stored: 12, signed: true, intercept: -1024, values: [0, -1, 2047, -2048, 1, -2, 77] },
    { stored: 12, signed: true, intercept: 0, values: [0, -1, 2047, -2048, 1, -2, 77] },
  ];

  test('sums are those of one at a time, wherever the numbers lie and however many they are, in place and not', () => {
    for (const { values, ...how } of cases) {
      for (const at of [0, 1]) {
        for (const count of [0, 1, 2, 7, 8, 9, 11, 17, 18]) {
          const some = Array.from({ length: count }, (_, i) => values[(5 * i) % values.length]);
          const sums = some.map((value) => value + how.intercept);
          for (const over of [false, true]) {
            const bytes = placed(some, at);
            const before = [...bytes];
            expect([...valuesOf(bytes, { ...how, over })!], JSON.stringify({ ...how, at, count, over })).to.deep.equal(
              sums,
            );
            if (!over) expect([...bytes]).to.deep.equal(before);
          }
        }
      }
    }
  });

  test('one number with a bit that is not stored, wherever it lies, leaves all bytes as they were', () => {
    for (const [signed, bad] of [
      [false, 0x1000],
      [false, 0x8000],
      [true, 0x0800],
      [true, 0xf7ff],
    ] as const) {
      for (const at of [0, 1]) {
        for (let k = 0; k < 11; k++) {
          for (const over of [false, true]) {
            const bytes = placed(
              Array.from({ length: 11 }, (_, i) => (i === k ? bad : 1)),
              at,
            );
            const before = [...bytes];
            expect(valuesOf(bytes, { stored: 12, signed, intercept: -1024, over }), `${signed} ${at} ${k}`).to.equal(
              undefined,
            );
            expect([...bytes]).to.deep.equal(before);
          }
        }
      }
    }
  });

  test('a frame is the same again unless it may be written over its file', async () => {
    const file = made({
      stored: 12,
      pixels: [0, 24, 4095],
      more: [
        [0x00281052, 'DS', '-24'],
        [0x00280120, 'US', [24]],
      ],
    });
    for (let again = 0; again < 2; again++) {
      const { values, padded } = await greyOf(file);
      expect([[...values], [...padded!]]).to.deep.equal([
        [-24, 0, 4071],
        [0, 1, 0],
      ]);
    }
  });
});
