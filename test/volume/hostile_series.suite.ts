import { expect } from 'chai';
import { collectVolumes } from '../../src/volume/collect.ts';
import { spacings, voxelMillilitres } from '../../src/volume/geometry.ts';
import { decideGrey, greyLevels } from '../../src/volume/grey.ts';
import { niftiLabels } from '../../src/volume/mask.ts';
import { NiftiVolume } from '../../src/volume/nifti_volume.ts';
import type { Volume } from '../../src/volume/volume.ts';
import { parseWindow } from '../../src/volume/window.ts';
import type { El } from '../dicom/dicom_maker.ts';
import { suite, test } from '../harness/registry.ts';
import { files, type MadeNifti, nifti } from '../nifti/nifti_maker.ts';
import { folder, type MadeSlice, SECRETS, sliceFile } from './series_maker.ts';

const slices = (change: (i: number) => MadeSlice, count = 3) =>
  Array.from({ length: count }, (_, i) => sliceFile(2 * i, change(i)));

/** What becomes of a series: its refusals, else of each volume its slices and the first numbers of these. */
async function fateOf(made: readonly Uint8Array[]): Promise<string> {
  const { volumes, refused } = await collectVolumes(folder(made), 's');
  const parts = refused.map(({ message }) => message);
  for (const { volume } of volumes) {
    const rows: string[] = [];
    for (let k = 0; k < volume.shape[2]; k++) rows.push(await shown(volume, k));
    parts.push(rows.join(' | '));
  }
  return parts.join('\n');
}

async function shown(volume: Volume, k: number): Promise<string> {
  const slice = await volume.slice(k).catch((error: Error) => error.message);
  return typeof slice === 'string' ? slice : slice.kind === 'grey' ? slice.values.slice(0, 3).join() : 'colours';
}

const rescale = (slope: string, intercept: string): El[] => [
  [0x00281052, 'DS', intercept],
  [0x00281053, 'DS', slope],
];
const grey = { pixels: [1, 2, 3, 4, 5, 6] };

/** What is odd, its files, and what becomes of them. */
const HOSTILE: readonly (readonly [string, readonly Uint8Array[], string | RegExp])[] = [
  [
    'frames of reference at equal places',
    slices((i) => ({ position: [10, 20, 0], frameOfReference: `1.9.${i}` })),
    /it is one slice alone.*\n.*alone.*\n.*alone/,
  ],
  [
    'points in time',
    [...slices(() => ({})), ...slices((i) => ({ instance: `1.9.${i}`, more: [[0x00200100, 'IS', '2']] }))],
    /2 pictures lie at 3 places of 3, told apart by their points in time; --accept doubles/,
  ],
  ['rescales of their own', slices((i) => ({ grey, more: rescale(String(i + 1), '-1') })), '0,1,2 | 1,3,5 | 2,5,8'],
  [
    'a negative slope',
    slices(() => ({ grey, more: rescale('-2', '0.5') })),
    '-1.5,-3.5,-5.5 | -1.5,-3.5,-5.5 | -1.5,-3.5,-5.5',
  ],
  [
    'a slope beyond all numbers',
    slices((i) => ({ grey, more: i === 1 ? rescale('1e999', '0') : [] })),
    /file .* is damaged \(\(0028,1053\) is not a number\)/,
  ],
  [
    'an intercept that is none',
    slices(() => ({ grey, more: rescale('1', 'NaN') })),
    /is damaged \(\(0028,1052\) is not a number\)/,
  ],
  [
    'a slice in colours',
    slices((i) => (i === 1 ? { grey: { samples: 3, allocated: 8, signed: false, pixels: new Uint8Array(18) } } : {})),
    /some pictures have colours and some are grey/,
  ],
  [
    'a position that is no number',
    slices((i) => ({ more: i === 1 ? [] : [], position: [10, 20, i === 1 ? Number.NaN : 2 * i] })),
    /is damaged \(\(0020,0032\) is not a number\)/,
  ],
  ['a position beyond all places', slices((i) => ({ position: [10, 20, i === 1 ? 1e300 : 2 * i] })), /missing|apart/],
  [
    'a position of two numbers',
    slices((i) => ({ position: i === 1 ? [10, 20] : [10, 20, 2 * i] })),
    /1 picture of 3 has no position/,
  ],
  ['pixels without a distance', slices(() => ({ spacing: [0, 0.5] })), /does not say how far its pixels are apart/],
  [
    'pixels at a negative distance',
    slices(() => ({ spacing: [-0.5, -0.5] })),
    /does not say how far its pixels are apart/,
  ],
  ['directions of no length', slices(() => ({ orientation: [0, 0, 0, 0, 0, 0] })), /orientation is not two directions/],
  ['no rows', slices(() => ({ grey: { rows: 0, columns: 3, pixels: [1, 2] } })), /is damaged/],
  [
    'codes in small letters',
    slices(() => ({ modality: 'mr', grey: { ...grey, photometric: 'monochrome2' } })),
    '1,2,3 | 1,2,3 | 1,2,3',
  ],
  ['a patient of its own', slices((i) => ({ patient: `P${i}` })), /of several patients/],
  [
    'bits of its own',
    slices((i) =>
      i === 1 ? { grey: { allocated: 8, signed: false, pixels: new Uint8Array(grey.pixels) } } : { grey },
    ),
    '1,2,3 | 1,2,3 | 1,2,3',
  ],
];

const open = async (made: Partial<MadeNifti>, change: (view: DataView) => unknown = () => {}) => {
  const bytes = nifti({ shape: [3, 2, 2], values: Array.from({ length: 12 }, (_, i) => i), ...made });
  change(new DataView(bytes.buffer));
  return NiftiVolume.open(files({ 'a.nii': bytes }), 'a.nii', { name: 'a', patient: 'a' });
};
const levels = async (volume: Volume, rule: string) => {
  const slice = await volume.slice(0);
  return slice.kind === 'grey' ? Array.from(greyLevels(slice, await decideGrey(volume, parseWindow(rule)))) : [];
};
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: Error) => error.message,
  );

suite('series that nobody named', () => {
  for (const [what, made, expected] of HOSTILE) {
    test(`${what}: a right value or a named cause`, async () => {
      const fate = await fateOf(made);
      if (typeof expected === 'string') expect(fate).to.equal(expected);
      else expect(fate).to.match(expected);
      for (const secret of SECRETS) expect(fate).not.to.contain(secret);
    });
  }

  const volumeOf = async (made: readonly Uint8Array[]) => (await collectVolumes(folder(made), 's')).volumes[0].volume;

  test('padding that covers all is black, and has no percentiles', async () => {
    const padded = { grey: { pixels: [7, 7, 7, 7, 7, 7] }, more: [[0x00280120, 'SS', [7]] as El] };
    const volume = await volumeOf(slices(() => padded));
    expect(await levels(volume, '10,5')).to.deep.equal([0, 0, 0, 0, 0, 0]);
    expect(await failure(levels(volume, 'percentile:0,100'))).to.match(/all its voxels have the same value/);
  });

  test('slices of both polarities are each shown by their own, and have no percentiles together', async () => {
    const polarity = (i: number) => ({ grey: { ...grey, photometric: i === 1 ? 'MONOCHROME1' : 'MONOCHROME2' } });
    const volume = await volumeOf(slices(polarity));
    const rule = await decideGrey(volume, parseWindow('6,3.5'));
    const rows: number[][] = [];
    for (const k of [0, 1, 2]) {
      const slice = await volume.slice(k);
      if (slice.kind === 'grey') rows.push(Array.from(greyLevels(slice, rule), (level) => Number(level.toFixed(2))));
    }
    const up = [0.1, 0.3, 0.5, 0.7, 0.9, 1];
    expect(rows).to.deep.equal([up, up.map((level) => Number((1 - level).toFixed(2))), up]);
    const both = /^series \w+: low values are bright in some of its slices and dark in others; give --window W,L/;
    expect(await failure(levels(volume, 'auto'))).to.match(both);
  });

  test('CT in small letters is CT: an organ is asked for', async () => {
    const volume = await volumeOf(slices(() => ({ modality: 'ct', grey })));
    expect(await failure(levels(volume, 'auto'))).to.match(/no organ is named; say --window W,L or one of brain/);
  });

  test('NIfTI: metres and thousandths of a millimetre are millimetres, and a unit that cannot be is refused', async () => {
    const lengths = async (made: Partial<MadeNifti>, unit: number) => {
      const { affine } = await open(made, (view) => view.setUint8(123, unit));
      return spacings(affine).map((mm) => Number(mm.toFixed(4)));
    };
    expect(await lengths({ spacing: [0.001, 0.002, 0.003] }, 1)).to.deep.equal([1, 2, 3]);
    expect(await lengths({ spacing: [500, 600, 700], qform: [0, 0, 0, 1, 2, 3] }, 3 + 8)).to.deep.equal([
      0.5, 0.6, 0.7,
    ]);
    expect(await lengths({ spacing: [1, 2, 3] }, 2)).to.deep.equal([1, 2, 3]);
    expect(await failure(lengths({}, 1))).to.match(/by the unit that it says its voxels are 1\.00e\+3 mm wide/);
  });

  test('NIfTI: signs of distances between voxels mean nothing', async () => {
    const affine = async (...spacing: number[]) => (await open({ spacing })).affine;
    expect(await affine(-1, 2, -3)).to.deep.equal(await affine(1, 2, 3));
  });

  test('a window of no width is none', async () => {
    const window: El[] = [
      [0x00281050, 'DS', '40'],
      [0x00281051, 'DS', '0'],
    ];
    expect((await volumeOf(slices(() => ({ grey, more: window })))).look).to.equal(null);
  });

  test('NIfTI: voxels that are no number are black, endless ones white or black, and all of one kind are refused', async () => {
    const values = [Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 50, 100];
    const float = { type: 16, bytes: 4 };
    const volume = await open({ ...float, values: [...values, ...values] });
    expect(await levels(volume, '101,50.5')).to.deep.equal([0, 0, 1, 0, 0.5, 1]);
    expect((await levels(volume, 'percentile:0,100')).slice(0, 3)).to.deep.equal([0, 0, 1]);
    const none = await open({ ...float, values: new Array(12).fill(Number.NaN) });
    expect(await failure(levels(none, 'auto'))).to.match(/^a: all its voxels have the same value/);
  });

  test('NIfTI: what is no number in a mask is no lesion', async () => {
    const values = [Number.NaN, 0, 1, 2, Number.NaN, 0, 0, 0, 0, 0, 0, 0];
    const bytes = nifti({ shape: [3, 2, 2], type: 16, bytes: 4, values });
    const { labels, codes } = await niftiLabels(files({ 'm.nii': bytes }), 'm.nii', 'm');
    expect([[...(labels as Uint8Array)].slice(0, 5), codes]).to.deep.equal([
      [0, 0, 1, 1, 0],
      [1, 2],
    ]);
  });

  test('NIfTI: a sheared and a mirrored affine are taken as they stand', async () => {
    const sform = [
      [2, 0.7, 0, 5],
      [0, 3, 0.2, 6],
      [0, 0, -4, 7],
    ];
    const { affine } = await open({ sform });
    // The product of the distances would be 25.5 mm³.
    expect(voxelMillilitres(affine)).to.be.closeTo(0.024, 1e-8);
    expect(affine.map((row) => row.map((value) => Number(value.toFixed(5))))).to.deep.equal(sform);
  });

  test('NIfTI: what is no volume of numbers is refused by name', async () => {
    const refused = async (made: Partial<MadeNifti>, change?: (view: DataView) => unknown) =>
      failure(open(made, change).then((volume) => volume.slice(volume.shape[2] - 1)));
    expect(await refused({ shape: [3, 2, 1, 1, 2] })).to.match(/holds 2 volumes; say which with --volume 0 … 1/);
    expect(await refused({ type: 32, bytes: 8, shape: [1, 1, 1] })).to.match(/complex numbers/);
    expect(await refused({}, (view) => view.setFloat32(108, 1e12, true))).to.match(/the file is truncated/);
    expect(await refused({}, (view) => view.setFloat32(108, Number.NaN, true))).to.match(/is no place/);
    expect(await refused({}, (view) => view.setFloat32(108, -352, true))).to.match(/is no place/);
    expect(await refused({}, (view) => [42, 44, 46].map((at) => view.setInt16(at, 32767, true)))).to.match(
      /the file is truncated/,
    );
    expect(await refused({}, (view) => view.setFloat32(80, Number.NaN, true))).to.match(
      /affine holds what is no number/,
    );
    expect(
      await refused({
        sform: [
          [1, 0, 0, 0],
          [1, 0, 0, 0],
          [0, 0, 1, 0],
        ],
      }),
    ).to.match(/voxels have no volume/);
  });
});
