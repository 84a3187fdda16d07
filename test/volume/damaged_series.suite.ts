import { expect } from 'chai';
import { type Accepted, parseAccept, refusalOf } from '../../src/volume/accept.ts';
import { type Collected, collectVolumes } from '../../src/volume/collect.ts';
import type { DicomVolume } from '../../src/volume/dicom_volume.ts';
import { apply } from '../../src/volume/geometry.ts';
import { masksOnto, seenMasks } from '../../src/volume/mask.ts';
import { type AxisOrder, turned } from '../../src/volume/plane.ts';
import { assertClose } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';
import { enhanced } from './enhanced_maker.ts';
import { folder, type MadeSlice, SECRETS, sliceFile } from './series_maker.ts';

const collect = (files: readonly Uint8Array[], accept = ''): Promise<Collected> =>
  collectVolumes(folder(files), 's', { accept: parseAccept(accept) });

/** Slices at these heights, with what a change makes of each. */
const slices = (heights: readonly number[], change: (i: number) => MadeSlice = () => ({})): Uint8Array[] =>
  heights.map((z, i) => sliceFile(z, change(i)));

const good = [0, 2, 4, 6, 8];

/** Frames of two echo times at each place. */
function twoEchoes(): Uint8Array {
  const order = [...good, ...good].map((_, i) => i % good.length);
  return enhanced(slices(good), order, '1.2.826.77.3.1', (frame) => [
    [0x00189114, 'SQ', { items: [[[0x00189082, 'FD', [frame < good.length ? 10 : 90]]]] }],
  ]);
}
const cut = (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 4);
const colour = { samples: 3, allocated: 8, signed: false, pixels: new Uint8Array(18) };

/** What is wrong, the files, the reason that is given, the flag that takes it, and how many slices it has then, with those that are missing. */
const DAMAGED: readonly (readonly [string, readonly Uint8Array[], string, Accepted | null, number])[] = [
  ['a slice is missing', slices([0, 2, 6, 8]), '1 slice of 5 is missing', 'gaps', 5],
  ['several are missing', slices([0, 2, 4, 10, 12, 16]), '3 slices of 9 are missing', 'gaps', 9],
  ['every other one is missing in part', slices([0, 4, 6, 10, 14]), '3 slices of 8 are missing', 'gaps', 8],
  ['most are missing', slices([0, 2, 4, 100]), '47 slices of 51 are missing; leave out the slices', null, 0],
  ['distances change', slices([0, 2, 4, 7, 10]), 'its slices are 2 to 3 mm apart', 'uneven', 5],
  ['one lies out of step', slices([0, 2, 4.5, 6, 8]), 'its slices are 1.5 to 2.5 mm apart', 'uneven', 5],
  [
    'the gantry is tilted',
    slices(good, (i) => ({ position: [10, 20 + 0.7 * i, 2 * i] })),
    'its slices are stacked at 19.3° to their normal (a tilted gantry)',
    'tilt',
    5,
  ],
  [
    'one lies beside the others',
    slices(good, (i) => ({ position: [i === 2 ? 14 : 10, 20, 2 * i] })),
    '1 slice of 5 lie beside the others',
    null,
    0,
  ],
  [
    'a file was copied',
    [...slices(good), sliceFile(4)],
    'the same picture is there 2 times at 1 place of 5',
    'doubles',
    5,
  ],
  [
    'two acquisitions',
    [...slices(good, () => ({ acquisition: 1 })), ...slices(good, (i) => ({ acquisition: 2, instance: `1.9.${i}` }))],
    '2 pictures lie at 5 places of 5, told apart by their acquisition numbers',
    'doubles',
    5,
  ],
  [
    'two echoes',
    [...slices(good, () => ({ echoTime: 10 })), ...slices(good, (i) => ({ echoTime: 90, instance: `1.9.${i}` }))],
    'told apart by their echo times',
    'doubles',
    5,
  ],
  [
    'two echoes in one object',
    [twoEchoes()],
    '2 pictures lie at 5 places of 5, told apart by their echo times',
    'doubles',
    5,
  ],
  [
    'two pictures that nothing tells apart',
    [...slices(good), sliceFile(4, { instance: '1.9' })],
    '2 pictures lie at 1 place of 5;',
    'doubles',
    5,
  ],
  [
    'two sizes',
    [...slices(good), sliceFile(10, { grey: { rows: 1 } })],
    'its pictures have 2 sizes (5 of 3×2, 1 of 3×1)',
    'sizes',
    5,
  ],
  [
    'a localizer among them',
    [...slices(good), sliceFile(50, { imageType: 'ORIGINAL\\PRIMARY\\LOCALIZER' })],
    '1 picture of 6 is a localizer',
    'localizers',
    5,
  ],
  ['one slice alone', slices([0]), 'it is one slice alone', 'single', 1],
  [
    'no position',
    slices(good, (i) => (i === 4 ? { position: null } : {})),
    '1 picture of 5 has no position',
    'placeless',
    4,
  ],
  [
    'no orientation at all',
    slices(good, () => ({ orientation: null })),
    '5 pictures of 5 have no orientation',
    null,
    0,
  ],
  [
    'a position of two numbers',
    slices(good, (i) => (i === 4 ? { position: [1, 2] } : {})),
    'no position',
    'placeless',
    4,
  ],
  [
    'an orientation that is none',
    slices(good, () => ({ orientation: [1, 0, 0, 0.8, 0.6, 0] })),
    'its orientation is not two directions at a right angle',
    null,
    0,
  ],
  ['no spacing', slices(good, () => ({ spacing: null })), 'it does not say how far its pixels are apart', null, 0],
  [
    'a spacing of 0',
    slices(good, () => ({ spacing: [0, 0] })),
    'it does not say how far its pixels are apart',
    null,
    0,
  ],
  [
    'pixels of two widths',
    slices(good, (i) => ({ spacing: i === 2 ? [0.5, 0.8] : [0.5, 0.75] })),
    'its pictures have pixels of several sizes',
    null,
    0,
  ],
  [
    'pixels of two sizes',
    slices(good, (i) => ({ spacing: i === 2 ? [0.6, 0.75] : [0.5, 0.75] })),
    'its pictures have pixels of several sizes',
    null,
    0,
  ],
  [
    'a mosaic',
    slices(good, () => ({ imageType: 'ORIGINAL\\PRIMARY\\M\\MOSAIC' })),
    'its pictures are mosaics',
    null,
    0,
  ],
  ['colours among grey', [...slices(good), sliceFile(10, { grey: colour })], 'some pictures have colours', null, 0],
  [
    'two modalities',
    slices(good, (i) => ({ modality: i ? 'MR' : 'CT' })),
    'its pictures are of several modalities',
    null,
    0,
  ],
  ['two patients', slices(good, (i) => ({ patient: i ? 'A' : 'B' })), 'its pictures are of several patients', null, 0],
  [
    'pixels of no size',
    slices(good, () => ({ spacing: ['1e-320', '1e-320'] as never })),
    'how far its pixels',
    null,
    0,
  ],
  [
    'more frames than it has room for',
    [...slices(good), sliceFile(10, { more: [[0x00280008, 'IS', '99999999']] })],
    'it says that it has 99999999 frames, and has no room for them',
    'damaged',
    5,
  ],
  [
    'a syntax that is not read',
    [...slices(good), sliceFile(10, { how: { syntax: '1.2.840.10008.1.2.4.100' } })],
    'its transfer syntax 1.2.840.10008.1.2.4.100 is not read',
    'damaged',
    5,
  ],
  ['a header that is cut short', [...slices(good), sliceFile(10).subarray(0, 300)], 'is damaged', 'damaged', 5],
  [
    'text where a number should be',
    slices(good, (i) => (i ? {} : { position: ['x', 0, 0] as never })),
    '(0020,0032) is not a number',
    'damaged',
    4,
  ],
];

suite('series that are no volume', () => {
  test('a good one is read, in whatever order its files and numbers are', async () => {
    const { volumes, refused, notes } = await collect(slices([6, 0, 8, 2, 4], (i) => ({ number: 9 - i })));
    expect([refused, notes]).to.deep.equal([[], []]);
    expect(volumes[0].volume.shape).to.deep.equal([3, 2, 5]);
    const firsts = [];
    for (let k = 0; k < 5; k++) {
      const slice = await volumes[0].volume.slice(k);
      firsts.push(slice.kind === 'grey' && slice.values[0]);
    }
    expect(firsts).to.deep.equal([0, 2, 4, 6, 8]);
    // To the left and back in DICOM is minus right and front here; slices 2 mm apart, whatever the files say.
    expect(volumes[0].volume.affine).to.deep.equal([
      [-0.75, 0, 0, -10],
      [0, -0.5, 0, -20],
      [0, 0, 2, 0],
    ]);
  });

  for (const [what, files, reason, flag, left] of DAMAGED) {
    test(`${what}: refused by name${flag ? `, taken with --accept ${flag}` : ''}`, async () => {
      const { refused } = await collect(files);
      expect(refused.join('\n')).to.contain(reason);
      for (const secret of SECRETS) expect(refused.join('\n')).not.to.contain(secret);
      expect(refusalOf(refused).accept).to.deep.equal(flag ? [flag] : []);
      if (!flag) return;
      const taken = await collect(files, flag);
      expect(taken.refused).to.deep.equal([]);
      expect(taken.volumes.map(({ volume }) => volume.shape[2])).to.deep.equal([left]);
      expect(taken.notes.join('\n')).to.contain(reason.replace(/;$/, ''));
    });
  }

  test('each has a reason of its own', () => {
    expect(new Set(DAMAGED.map(([, , reason]) => reason)).size).to.be.at.least(20);
  });

  test('pixels that are cut short are found when they are asked for', async () => {
    const files = slices(good);
    files[2] = cut(files[2]);
    const { volumes } = await collect(files);
    let message = '';
    await volumes[0].volume.slice(2).catch((error: Error) => {
      message = error.message;
    });
    expect(message).to.match(
      /^file [0-9a-f]{8} \(data check --names says which\): this DICOM file is damaged \(its pixels/,
    );
  });

  test('where slices are missing, the others keep their places, numbers and masks', async () => {
    const places = [0, 2, 6, 8].map((z) => [10 + 0.6 * z, 20, 0.8 * z]);
    const files = places.map((position, i) =>
      sliceFile(5 + i, { position, orientation: [0.8, 0, -0.6, 0, 1, 0], more: [[0x00180050, 'DS', '9']] }),
    );
    const { volumes } = await collect(files, 'gaps');
    const volume = volumes[0].volume as DicomVolume;
    expect([volume.shape[2], [...volume.missing]]).to.deep.equal([5, [2]]);
    for (const [i, k] of [0, 1, 3, 4].entries()) {
      const [x, y, z] = places[i];
      assertClose([...apply(volume.affine, 0, 0, k)], [-x, -y, z], { absolute: 1e-9 });
      expect(volume.header(k)?.place.position).to.deep.equal(places[i]);
      const slice = await volume.slice(k);
      expect(slice.kind === 'grey' && slice.values[0]).to.equal(5 + i);
    }
    const gone = await volume.slice(2);
    expect([volume.header(2), gone.kind === 'grey' && [gone.padded, gone.values]]).to.deep.equal([
      ...[null, [new Uint8Array(6).fill(1), new Float32Array(6).fill(1)]],
    ]);
    // A mask that covers all of it, on the slices that there are: in their plane, and as rows of another.
    const all = { name: 'mask', shape: volume.shape, affine: volume.affine, labels: new Uint8Array(30).fill(1) };
    const masksIn = (order: AxisOrder) => {
      const own = masksOnto(turned(volume, order), { ...all, openEnds: false });
      return seenMasks(own, volume, order);
    };
    const stored = masksIn([0, 1, 2]);
    expect([(await stored(1)).includes(0), (await stored(2)).includes(1)]).to.deep.equal([false, false]);
    expect([...(await masksIn([0, 2, 1])(0))]).to.deep.equal([1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    expect([...(await masksIn([1, 2, 0])(0))]).to.deep.equal([1, 1, 1, 1, 0, 0, 1, 1, 1, 1]);
  });

  test('two frames of reference, and two orientations, are two volumes', async () => {
    const two = [...slices(good), ...slices(good, () => ({ frameOfReference: '1.2.826.77.10' }))];
    expect((await collect(two)).volumes.length).to.equal(2);
    const turned = slices(good, (i) => ({ orientation: [0, 1, 0, 0, 0, -1], position: [i, 0, 0] }));
    expect((await collect([...slices(good), ...turned])).volumes.length).to.equal(2);
  });
});
