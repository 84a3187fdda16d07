import { expect } from 'chai';
import { encodePng } from '../../src/data/png.ts';
import { collectVolumes } from '../../src/volume/collect.ts';
import type { DicomVolume } from '../../src/volume/dicom_volume.ts';
import { masksOnto, niftiLabels, stackMasks } from '../../src/volume/mask.ts';
import { pairLesions } from '../../src/volume/pair_lesions.ts';
import { segmentationLabels } from '../../src/volume/segmentation.ts';
import { dicom, type El, picture } from '../dicom/dicom_maker.ts';
import { suite, test } from '../harness/registry.ts';
import { files, type MadeNifti, nifti } from '../nifti/nifti_maker.ts';
import { folder, sliceFile } from './series_maker.ts';

/** Slices at heights 0, 2 and 4: 3 columns of 0.75 mm, 2 rows of 0.5 mm, the first pixel at (10, 20) to the left and back. */
async function image(): Promise<DicomVolume> {
  const { volumes } = await collectVolumes(folder([0, 2, 4].map((z) => sliceFile(z))), 's');
  return volumes[0].volume as DicomVolume;
}

async function failure(run: () => unknown): Promise<string> {
  try {
    await run();
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

const labels = async (made: MadeNifti) => niftiLabels(files({ 'm.nii': nifti(made) }), 'm.nii', 'm.nii');

suite('masks of volumes', () => {
  test('a NIfTI mask that is stored the other way round, and finer, comes to lie where it belongs', async () => {
    // Columns run to the right here, slices downwards, at 1 mm in place of 2; the image's affine is (-0.75, -0.5, 2).
    const values = new Array(3 * 2 * 6).fill(0);
    // In the image: column 0, row 1, slice 2. Here: column 2, row 1, slices 0 and 1.
    values[2 + 3 * 1 + 6 * 0] = 7;
    values[2 + 3 * 1 + 6 * 1] = 7;
    const sform = [
      [0.75, 0, 0, -11.5],
      [0, -0.5, 0, -20],
      [0, 0, -1, 4.5],
    ];
    const mask = masksOnto(await image(), await labels({ shape: [3, 2, 6], values, sform }));
    const found = await Promise.all([0, 1, 2].map(mask));
    expect(found.map((slice) => Array.from(slice))).to.deep.equal([
      [0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
      [0, 0, 0, 1, 0, 0],
    ]);
  });

  test('labels of several things: all that is not 0, or those that are asked for', async () => {
    const made = nifti({ shape: [4, 1, 1], values: [0, 1, 2, 1] });
    const of = (values: number[] | null) => niftiLabels(files({ 'm.nii': made }), 'm.nii', 'm.nii', values);
    const [all, tumour] = [await of(null), await of([2])];
    expect([all.codes, all.labels, tumour.labels]).to.deep.equal([
      [1, 2],
      Uint8Array.of(0, 1, 1, 1),
      Uint8Array.of(0, 0, 1, 0),
    ]);
  });

  test('labels are what is not 0 by the scale of their file', async () => {
    const shape: [number, number, number] = [3, 2, 1];
    const made = await labels({ shape, values: [0, 1, 2, 0, 1, 2], slope: 1, intercept: -1 });
    expect(made.labels).to.deep.equal(Uint8Array.of(1, 0, 1, 1, 0, 1));
  });

  test('a mask that does not cover the image is refused with how much is missing', async () => {
    const sform = [
      [-0.75, 0, 0, -10],
      [0, -0.5, 0, -20],
      [0, 0, 2, 0],
    ];
    const mask = await labels({ shape: [3, 2, 2], values: new Array(12).fill(0), sform });
    const volume = await image();
    expect(await failure(() => masksOnto(volume, mask))).to.contain('which reaches 1.0 mm beyond it');
    const all = await labels({ shape: [3, 2, 3], values: new Array(18).fill(1), sform });
    expect(Array.from(await masksOnto(volume, all)(2))).to.deep.equal([1, 1, 1, 1, 1, 1]);
  });

  const segmentation = (
    type: string,
    more: Partial<Parameters<typeof picture>[0]>,
    heights: readonly number[],
  ): Uint8Array => {
    const frame = (z: number): readonly El[] => [
      [0x00209113, 'SQ', { items: [[[0x00200032, 'DS', `10\\20\\${z}`]]] }],
      [0x0062000a, 'SQ', { items: [[[0x0062000b, 'US', [1]]]] }],
    ];
    const shared: readonly El[] = [
      [0x00209116, 'SQ', { items: [[[0x00200037, 'DS', '1\\0\\0\\0\\1\\0']]] }],
      [
        0x00289110,
        'SQ',
        {
          items: [
            [
              [0x00180088, 'DS', '2'],
              [0x00280030, 'DS', '0.5\\0.75'],
            ],
          ],
        },
      ],
    ];
    return dicom(
      picture({
        rows: 2,
        columns: 3,
        frames: heights.length,
        pixels: [],
        ...more,
        more: [
          ...(more.more ?? []),
          [0x00080060, 'CS', 'SEG'],
          [0x00620001, 'CS', type],
          [0x0062000e, 'US', [200]],
          [0x52009229, 'SQ', { items: [shared] }],
          [0x52009230, 'SQ', { items: heights.map(frame) }],
        ],
      }),
    );
  };

  test('a DICOM segmentation: one bit, empty frames left out, in any order', async () => {
    // Frames at 4 and 0: pixel 5, and pixels 0 and 1; nothing is there for height 2.
    const bytes = segmentation('BINARY', { allocated: 1, pixels: new Uint8Array([0b11100000, 0]) }, [4, 0]);
    const mask = masksOnto(await image(), await segmentationLabels(bytes, 'seg.dcm'));
    const found = await Promise.all([0, 1, 2].map(mask));
    expect(found.map((slice) => Array.from(slice))).to.deep.equal([
      [1, 1, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 1],
    ]);
  });

  test('fractions count from one half on, and the ends that were left out are empty', async () => {
    const bytes = segmentation('FRACTIONAL', { allocated: 8, pixels: new Uint8Array([99, 100, 200, 0, 0, 0]) }, [2]);
    const mask = masksOnto(await image(), await segmentationLabels(bytes, 'seg.dcm'));
    const found = await Promise.all([0, 1, 2].map(mask));
    expect(found.map((slice) => slice.join(''))).to.deep.equal(['000000', '011000', '000000']);
  });

  test('frames at uneven distances, and segments that are not there, are refused', async () => {
    const pixels = { allocated: 8, pixels: new Uint8Array(18) };
    const read = (heights: number[], segments?: Set<number>) => () =>
      segmentationLabels(segmentation('BINARY', pixels, heights), 'seg.dcm', segments ?? null);
    expect(await failure(read([0, 2, 5]))).to.contain('its frames lie at uneven distances');
    expect(await failure(read([0, 2, 4], new Set([3])))).to.contain('none of the segments');
    // Two slices, and a header that wants room for a billion.
    expect(await failure(read([0, 2, 2e9]))).to.contain('its frames lie too far apart');
  });

  test('segmentations of series that are not here are told of, and two of one series refused', async () => {
    const bytes = (series: string) => {
      const pixels = { allocated: 8, pixels: new Uint8Array(18) };
      const referenced: El = [0x00081115, 'SQ', { items: [[[0x0020000e, 'UI', series]]] }];
      return segmentation('BINARY', { ...pixels, more: [referenced] }, [0, 2, 4]);
    };
    const paired = async (...series: string[]) => {
      const fs = folder([0, 2, 4].map((z) => sliceFile(z)));
      for (const [i, one] of series.entries()) fs.files.set(`s/good/seg${i}.dcm`, new Uint8Array(bytes(one)));
      const notes: string[] = [];
      const found = await pairLesions(fs, 's', await collectVolumes(fs, 's'), [], {}, (note) => notes.push(note));
      return [found.map(({ lesions }) => lesions !== null), notes];
    };
    expect(await paired('1.2.826.77.2', '1.9')).to.deep.equal([
      [true],
      ['left out: segmentations of 1 series that are not here'],
    ]);
    expect(await failure(() => paired('1.2.826.77.2', '1.2.826.77.2'))).to.match(
      /^file .* and file .* are segmentations of one series; leave one out/,
    );
  });

  test('a stack of pictures goes by the names of the files', async () => {
    const volume = await image();
    const png = (width: number, on: number) => {
      const data = new Uint8Array(width * 2);
      data[on] = 255;
      return encodePng({ width, height: 2, channels: 1, data });
    };
    const fs = files({ 'm/IM000.png': png(3, 4), 'm/IM001.png': png(4, 0) });
    const mask = stackMasks(fs, volume, ['m/IM000.png', 'm/IM001.png']);
    expect((await mask(0)).join('')).to.equal('000010');
    expect(await failure(() => mask(1))).to.match(/^file [0-9a-f]{8}\.png \(.*\) is 4×2 pixels, its image 3×2/);
    expect(await failure(() => mask(2))).to.contain('slice 3 of 3 has no mask of its name');
  });
});
