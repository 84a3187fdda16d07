import { expect, test } from 'vitest';
import type { Slice } from '../../app/protocol/viewing.ts';
import { COLOURS } from '../../app/viewer/colours.ts';
import { panned, placed, pointAt, WHOLE, zoomed } from '../../app/viewer/frame.ts';
import { dragged, windowed } from '../../app/viewer/shades.ts';
import { sliceOfPicture, sliceOfVolume, stackOf } from '../../app/worker/slices.ts';
import { withVolumesInFolders } from '../../app/worker/volume_given.ts';
import { encodePng, encodePng16 } from '../../src/data/png.ts';
import { FULL } from '../../src/data/range/rule.ts';
import type { SlicePlace } from '../../src/volume/sliced_volume.ts';

const FRAME = { width: 400, height: 300 };

test('an image of any shape fits its frame, in its own shape', () => {
  expect(placed(WHOLE, { width: 33, height: 240, aspect: 1 }, FRAME)).toEqual({
    ...{ left: 179.375, top: 0, width: 41.25, height: 300 },
  });
  expect(placed(WHOLE, { width: 2000, height: 10, aspect: 1 }, FRAME)).toEqual({
    ...{ left: 0, top: 149, width: 400, height: 2 },
  });
  // Pixels that are three times as high as wide.
  expect(placed(WHOLE, { width: 30, height: 10, aspect: 3 }, FRAME)).toEqual({
    ...{ left: 50, top: 0, width: 300, height: 300 },
  });
});

test('zooming keeps the point under the pointer, and stops at the whole image', () => {
  const image = { width: 100, height: 100, aspect: 1 };
  const at = [0.3, 0.8] as const;
  const before = placed(WHOLE, image, FRAME);
  const view = zoomed(WHOLE, 4, at);
  const after = placed(view, image, FRAME);
  const onCanvas = ({ left, top, width, height }: typeof before) => [left + at[0] * width, top + at[1] * height];
  expect(onCanvas(after)[0]).toBeCloseTo(onCanvas(before)[0], 9);
  expect(onCanvas(after)[1]).toBeCloseTo(onCanvas(before)[1], 9);
  expect(zoomed(view, 1 / 8)).toEqual(WHOLE);
  expect(panned(view, 40, 0, after).x).toBeCloseTo(view.x - 40 / after.width, 9);
  expect(panned(WHOLE, 40, 0, before)).toEqual(WHOLE);
  expect(pointAt(before, 49, 10)).toBeNull();
  expect(pointAt(before, 50, 299)?.[0]).toBe(0);
});

test('dragging changes width and level as other viewers do', () => {
  const from = { low: 0, high: 100, inverted: false };
  expect(dragged(from, 0.5, 0)).toEqual({ low: -50, high: 150, inverted: false });
  expect(dragged(from, 0, 0.5)).toEqual({ low: 50, high: 150, inverted: false });
  expect(windowed(from, 80, 40)).toEqual({ low: 0, high: 80, inverted: false });
  expect(windowed(from, 0, 40)).toBe(from);
  expect(windowed(from, 10, Number.NaN)).toBe(from);
});

test('a picture of 16 bits keeps its values, and offers the window that the model has', () => {
  const data = Uint16Array.from({ length: 64 * 64 }, (_, i) => i);
  const bytes = encodePng16(64, 64, data) as Uint8Array<ArrayBuffer>;
  const rule = { ...FULL, ranges: { ...FULL.ranges, uint16: [0, 4095] as const } };
  const slice = sliceOfPicture({ bytes, place: null }, 'x.png', rule) as Slice;
  expect(slice.values![64 * 10 + 7]).toBe(647);
  expect(slice.windows[0]).toEqual({ name: 'as the model sees it', low: 0, high: 4095 });
  expect(slice.windows.at(-1)).toMatchObject({ low: 0, high: 65535 });
});

test('a picture larger than a page needs is made smaller by means of blocks', () => {
  const [width, height] = [4000, 3];
  const data = Uint8Array.from({ length: width * height }, (_, i) => (i % width) % 3);
  const bytes = encodePng({ width, height, channels: 1, data }) as Uint8Array<ArrayBuffer>;
  const slice = sliceOfPicture({ bytes, place: null }, 'x.png', FULL);
  expect([slice.width, slice.height, slice.step]).toEqual([1333, 1, 3]);
  expect(slice.values!.every((value) => value === 1)).toBe(true);
});

test('the slices of a volume are a stack, those without scores too; a picture is alone', async () => {
  const missing = new Set([2]);
  const volume = { shape: [4, 4, 5], name: 'series a', missing } as unknown as SlicePlace['volume'];
  const place = (k: number) => ({ volume, k }) as SlicePlace;
  const slices = new Map([
    ['a3', place(3)],
    ['a1', place(1)],
  ]);
  expect(stackOf(['b', 'a3', 'a1'], 1, slices)).toEqual({
    ...{ name: 'series a', rows: [null, 2, null, 1, null], at: 3, missing: [2] },
  });
  // Its neighbour is not shown in its place.
  expect(await sliceOfVolume(place(3), 2)).toBeNull();
  expect(stackOf(['b', 'a3', 'a1'], 0, slices)).toEqual({ name: '', rows: [0], at: 0, missing: [] });
});

test('slices that were given one by one come into one folder, pictures and volumes stay', () => {
  const paths = (...names: string[]) =>
    withVolumesInFolders(names.map((path) => ({ path, blob: new Blob() }))).map(({ path }) => path);
  expect(paths('1.dcm', '2.dcm', 'IM0003')).toEqual(['images/1.dcm', 'images/2.dcm', 'images/IM0003']);
  expect(paths('a.png', 'b.nii.gz', 'series/1.dcm')).toEqual(['a.png', 'b.nii.gz', 'series/1.dcm']);
});

test('colour maps go from their first colour to their last', () => {
  const table = COLOURS.viridis.table();
  expect([...table.slice(0, 3), ...table.slice(-3)]).toEqual([0x44, 0x01, 0x54, 0xfd, 0xe7, 0x25]);
  expect(COLOURS.heat.table()).toHaveLength(768);
});
