import { expect } from 'chai';
import { suite, test } from '../harness/registry.ts';
import { type El, made, rgbOf } from './dicom_maker.ts';

const tables = (red: El, first: number, count: number, bits: number): El[] => [
  [0x00281101, 'US', [count, first, bits]],
  [0x00281102, 'US', [count, first, bits]],
  [0x00281103, 'US', [count, first, bits]],
  red,
  [0x00281202, 'OW', [0, 0x7f00, 0xff00].slice(0, count)],
  [0x00281203, 'OW', [0x0100, 0x0200, 0x0300].slice(0, count)],
];

suite('DICOM: palettes', () => {
  test('16 bits keep their high byte; indices outside take the nearest entry', async () => {
    const red: El = [0x00281201, 'OW', [0xff00, 0x12ff, 0x8000]];
    const more = tables(red, 5, 3, 16);
    const file = made({ allocated: 8, photometric: 'PALETTE COLOR', pixels: new Uint8Array([0, 5, 6, 7, 9]), more });
    expect(await rgbOf(file)).to.deep.equal([255, 0, 1, 255, 0, 1, 0x12, 0x7f, 2, 0x80, 255, 3, 0x80, 255, 3]);
  });

  test('big endian files turn the words of tables as well', async () => {
    const more = tables([0x00281201, 'OW', [0x1122, 0x3344, 0x5566]], 0, 3, 16);
    const grey = { allocated: 8, photometric: 'PALETTE COLOR', pixels: new Uint8Array([0, 1]), more };
    expect(await rgbOf(made(grey, { big: true }))).to.deep.equal([0x11, 0, 1, 0x33, 0x7f, 2]);
  });

  test('a segmented table is written out: values, then a line', async () => {
    const segmented = (tag: number): El => [tag, 'OW', [0, 2, 0x1000, 0x2000, 1, 2, 0x4000]];
    const more: El[] = [
      ...[0x00281101, 0x00281102, 0x00281103].map((tag): El => [tag, 'US', [4, 0, 16]]),
      ...[0x00281221, 0x00281222, 0x00281223].map(segmented),
    ];
    const file = made({ allocated: 8, photometric: 'PALETTE COLOR', pixels: new Uint8Array([0, 1, 2, 3]), more });
    expect((await rgbOf(file)).filter((_, i) => i % 3 === 0)).to.deep.equal([0x10, 0x20, 0x30, 0x40]);
  });

  test('a segmented table may repeat segments, which are found by their byte, and is refused where it is broken', async () => {
    const of = async (...codes: number[]) => {
      const more: El[] = [
        ...[0x00281101, 0x00281102, 0x00281103].map((tag): El => [tag, 'US', [4, 0, 16]]),
        ...[0x00281221, 0x00281222, 0x00281223].map((tag): El => [tag, 'OW', codes]),
      ];
      const grey = { allocated: 8, photometric: 'PALETTE COLOR', pixels: new Uint8Array([0, 1, 2, 3]), more };
      const read = rgbOf(made(grey)).then((rgb) => rgb.filter((_, i) => i % 3 === 0));
      return read.catch((error: Error) => error.message);
    };
    expect(await of(0, 1, 0x7000, 0, 1, 0x2000, 2, 2, 0, 0)).to.deep.equal([0x70, 0x20, 0x70, 0x20]);
    expect(await of(0, 2, 0x7000, 0x2000, 0, 1, 0x3000, 2, 1, 8, 0)).to.deep.equal([0x70, 0x20, 0x30, 0x30]);
    for (const [codes, what] of [
      [[2, 1, 0, 0], 'broken'],
      [[3, 1, 0, 0], 'broken'],
      [[0, 5, 1, 2, 3, 4, 5], 'too long'],
      [[0, 3, 1, 2, 3], 'cut short'],
    ] as const)
      expect(await of(...codes)).to.include(what);
  });
});
