import { expect } from 'chai';
import { decodeImage } from '../../src/data/decode.ts';
import { encodePng16 } from '../../src/data/png.ts';
import { collectVolumes } from '../../src/volume/collect.ts';
import { decideWindow } from '../../src/volume/decide_window.ts';
import { decideGrey, type GreyRule, greyImage, greyLevels } from '../../src/volume/grey.ts';
import { NiftiVolume } from '../../src/volume/nifti_volume.ts';
import { Percentiles } from '../../src/volume/percentiles.ts';
import type { Volume } from '../../src/volume/volume.ts';
import { parseWindow } from '../../src/volume/window.ts';
import type { El } from '../dicom/dicom_maker.ts';
import { suite, test } from '../harness/registry.ts';
import { files, type MadeNifti, nifti } from '../nifti/nifti_maker.ts';
import { folder, type MadeSlice, sliceFile } from './series_maker.ts';

const ct: readonly El[] = [
  [0x00281052, 'DS', '-1024'],
  [0x00281053, 'DS', '1'],
];
const window = (center: number, width: number): El[] => [
  [0x00281050, 'DS', String(center)],
  [0x00281051, 'DS', String(width)],
];

async function volumeOf(made: (i: number) => MadeSlice, count = 3): Promise<Volume> {
  const { volumes, refused } = await collectVolumes(
    folder(Array.from({ length: count }, (_, i) => sliceFile(i, made(i)))),
    's',
  );
  if (refused.length > 0) throw refused[0];
  return volumes[0].volume;
}

async function levelsOf(volume: Volume, rule: GreyRule, k = 0): Promise<number[]> {
  const slice = await volume.slice(k);
  return slice.kind === 'grey' ? Array.from(greyLevels(slice, rule)) : [];
}

async function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: Error) => error.message,
  );
}

suite('grey levels of volumes', () => {
  test('--window is read, and refused by name', () => {
    expect(parseWindow('80,40')).to.deep.include({ window: { center: 40, width: 80, shape: 'LINEAR' } });
    expect(parseWindow('lung')).to.deep.include({
      preset: 'lung',
      window: { center: -600, width: 1500, shape: 'LINEAR' },
    });
    expect(parseWindow('percentile:1,99.5')).to.deep.equal({ kind: 'percentile', low: 1, high: 99.5 });
    for (const text of [
      '',
      'heart',
      '0,5',
      '80',
      '80,',
      'percentile:5',
      'percentile:9,1',
      'percentile:-1,50',
      '1,2,3',
    ]) {
      expect(() => parseWindow(text), text).to.throw('--window');
    }
  });

  test('auto: the own window of the files', async () => {
    const rule = await decideGrey(
      await volumeOf(() => ({ modality: 'CT', more: [...ct, ...window(40, 81)] })),
      parseWindow('auto'),
    );
    expect(rule.text).to.equal('window 81,40');
    expect(rule.map).to.deep.equal({ kind: 'window', window: { center: 40, width: 81, shape: 'LINEAR' } });
  });

  test('auto: CT without a window takes the preset of the organ, and asks where none is named', async () => {
    const volume = await volumeOf(() => ({ modality: 'CT', more: ct }));
    expect((await decideGrey(volume, parseWindow('auto'), 'Liver CT')).text).to.equal('window 150,30 (preset liver)');
    expect((await decideGrey(volume, parseWindow('auto'), 'lungs_2')).text).to.contain('preset lung');
    // A word is a word, not a part of another.
    for (const words of ['', 'trombone', 'plunger', 'deliverance'])
      expect(await failure(decideGrey(volume, parseWindow('auto'), words))).to.contain(
        'its files name no window, and no organ is named',
      );
    expect(await failure(decideGrey(volume, parseWindow('dicom')))).to.contain(
      'its files name no window; give --window',
    );
  });

  test('auto: MR whose slices name windows of their own goes by percentiles above the background', async () => {
    const pixels = [0, 10, 20, 100, 200, 300];
    const volume = await volumeOf((i) => ({ grey: { pixels }, more: window(i === 2 ? 101 : 100, 50) }));
    const rule = await decideGrey(volume, parseWindow('auto'));
    // The 99.9th percentile is 300, the background ends at 30; of 100, 200, 300 the ends are 100 and 300.
    expect(rule.text).to.equal('percentiles 0.5 and 99.5 above the background, 100 to 300');
    expect(await levelsOf(volume, rule)).to.deep.equal([0, 0, 0, 0, 0.5, 1]);
    expect(await failure(decideGrey(volume, parseWindow('dicom')))).to.contain('its slices name different windows');
  });

  test('auto: 8 bits are shown over their full range', async () => {
    const grey = { allocated: 8, signed: false, pixels: new Uint8Array([0, 51, 102, 153, 204, 255]) };
    const volume = await volumeOf(() => ({ grey }));
    const rule = await decideGrey(volume, parseWindow('auto'));
    expect(rule.text).to.equal('the full range of 8 bits, 0 to 255');
    expect(await levelsOf(volume, rule)).to.deep.equal([0, 0.2, 0.4, 0.6, 0.8, 1]);
    const bytes = nifti({ shape: [3, 2, 1], type: 2, bytes: 1, values: [0, 51, 102, 153, 204, 255] });
    const same = await NiftiVolume.open(files({ 'a.nii': bytes }), 'a.nii', { name: 'a', patient: 'a' });
    expect(await decideGrey(same, parseWindow('auto'))).to.deep.equal(rule);
  });

  test('MONOCHROME1 is turned round after the window, and padding is black in both', async () => {
    const more = [[0x00280120, 'SS', [-7]], ...window(50, 101)] as El[];
    const pixels = [-7, 0, 25, 50, 75, 100];
    const one = await volumeOf(() => ({ grey: { photometric: 'MONOCHROME1', pixels }, more }));
    const two = await volumeOf(() => ({ grey: { pixels }, more }));
    const rule = await decideGrey(one, parseWindow('dicom'));
    const [a, b] = [await levelsOf(one, rule), await levelsOf(two, rule)];
    expect([a[0], b[0]]).to.deep.equal([0, 0]);
    for (let i = 1; i < 6; i++) expect(a[i] + b[i]).to.be.closeTo(1, 1e-12);
    expect(b[1]).to.be.closeTo(0.5 / 100, 1e-12);
    for (const [volume, levels] of [
      [one, a],
      [two, b],
    ] as const) {
      const { data } = greyImage(await volume.slice(0), rule);
      expect(Array.from(data)).to.deep.equal(levels.map((level) => Math.round(65535 * level) >> 8));
    }
  });

  test('a VOI table goes before windows', async () => {
    const item: El[] = [
      [0x00283002, 'US', [3, 1, 8]],
      [0x00283006, 'US', [0, 51, 255]],
    ];
    const more: El[] = [...window(3, 2), [0x00283010, 'SQ', { items: [item] }]];
    const volume = await volumeOf(() => ({ grey: { signed: false, pixels: [0, 1, 2, 3, 4, 5] }, more }));
    const rule = await decideGrey(volume, parseWindow('auto'));
    expect(await levelsOf(volume, rule)).to.deep.equal([0, 0, 0.2, 1, 1, 1]);
  });

  test('percentiles do not depend on the order, and are exact for whole numbers', () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1000);
    const counts = new Percentiles();
    counts.add(values.subarray(0, 300), null);
    counts.add(values.subarray(300), null);
    expect(counts.at([0, 1, 50, 100])).to.deep.equal([0, 9, 499, 999]);
    expect(counts.at([0, 100], 899.5)).to.deep.equal([900, 999]);
    const parts = new Percentiles();
    parts.add(
      values.map((v) => v / 7),
      Uint8Array.from(values, (v) => (v > 500 ? 1 : 0)),
    );
    expect((parts.at([100]) as number[])[0]).to.be.closeTo(500 / 7, 500 / 7 / 65536);
  });

  const stored = Array.from({ length: 24 * 20 }, (_, i) => ((i * 2654435761) % 4096) | 0);
  const hounsfield = stored.map((v) => v - 1024);
  const asDicom = (more: El[], modality = 'CT') =>
    volumeOf(
      () => ({
        ...{ modality, more: [...ct, ...more] },
        grey: { rows: 20, columns: 24, signed: false, stored: 12, pixels: stored },
      }),
      2,
    );
  const asNifti = (made: Partial<MadeNifti>) => {
    const file = nifti({ shape: [24, 20, 2], values: [...hounsfield, ...hounsfield], ...made });
    return NiftiVolume.open(files({ 'a.nii': file }), 'a.nii', { name: 'a', patient: 'a' });
  };

  test('what is decided of a DICOM series makes the same picture of it as NIfTI and as PNG of 16 bits, by every rule', async () => {
    const scaled = { slope: 1, intercept: -1024, values: [...stored, ...stored] };
    const own: El[] = [...window(40, 400), [0x00281056, 'CS', 'SIGMOID']];
    for (const [setting, more, text, words] of [
      ['auto', own, '400,40,sigmoid', ''],
      ['auto', window(40, 401), '401,40', 'bone'],
      ['auto', [], 'lung', 'Lung'],
      ['80,40', own, '80,40', ''],
      ['80.5,-40.25,exact', own, '80.5,-40.25,exact', ''],
      ['bone', own, 'bone', ''],
      ['percentile:2,98', own, 'percentile:2,98', ''],
    ] as const) {
      const dicom = await asDicom([...more]);
      const decided = decideWindow([dicom], setting, words);
      expect(decided.text).to.equal(text);
      // What a run keeps is the text.
      const rule = await decideGrey(dicom, parseWindow(decided.text));
      const slice = await dicom.slice(0);
      const expected = greyImage(slice, rule);
      expect(greyImage(slice, await decideGrey(dicom, decided.rule))).to.deep.equal(expected);
      for (const made of [{}, scaled]) {
        const volume = await asNifti(made);
        expect(await decideGrey(volume, parseWindow(decided.text))).to.deep.equal(rule);
        expect(greyImage(await volume.slice(0), rule)).to.deep.equal(expected);
      }
      if (slice.kind !== 'grey') throw new Error('colours');
      const levels = Uint16Array.from(greyLevels(slice, rule), (level) => Math.round(65535 * level));
      expect(decodeImage(encodePng16(24, 20, levels), 'a.png')).to.deep.equal(expected);
    }
  });

  test('auto is decided once for all volumes of a set', async () => {
    const computed = await asDicom([]);
    const mr = (more: El[]) => asDicom(more, 'MR');
    const bare = await mr([]);
    const [narrow, wide] = [await mr(window(40, 80)), await mr(window(40, 90))];
    const bytes = await asNifti({ type: 2, bytes: 1, values: [...stored, ...stored].map((v) => v & 255) });
    const text = (...volumes: Volume[]) => decideWindow(volumes, 'auto').text;
    expect(text(narrow, narrow)).to.equal('80,40');
    expect(text(narrow, wide)).to.equal('dicom');
    expect(text(narrow, bare)).to.equal('percentile:0.5,99.5');
    expect(decideWindow([narrow, bare], 'auto').from).to.equal(
      '1 of 2 volumes name no one window, and none says that it is CT',
    );
    expect([text(bytes, bytes), text(bytes, narrow)]).to.deep.equal(['full', 'percentile:0.5,99.5']);
    // An organ that is named stands for CT alone.
    expect(() => decideWindow([computed, bare], 'auto', 'brain')).to.throw(
      /of 2 volumes 1 say that they are CT; say --window W,L or one of brain/,
    );
  });

  test('what a file does not say is asked for: CT as NIfTI, a window of its own, 8 bits', async () => {
    const volume = await asNifti({});
    expect(await failure(decideGrey(volume, decideWindow([volume], 'auto').rule))).to.match(
      /^a: its values reach -1024, as those of CT do, .*; say --window W,L, one of brain, .*, or percentile:LO,HI; --accept unnamed .*\.$/,
    );
    const taken = await decideGrey(volume, decideWindow([volume], 'auto').rule, '', new Set(['unnamed']));
    expect(taken).to.deep.equal(await decideGrey(volume, parseWindow('percentile:0.5,99.5')));
    // Who says it has said it, and so has the run.
    expect(await failure(decideGrey(volume, parseWindow('percentile:0.5,99.5')))).to.equal('none');
    expect(await failure(decideGrey(volume, parseWindow('dicom')))).to.match(/name no window; give --window W,L/);
    expect(await failure(decideGrey(volume, parseWindow('full')))).to.match(/are not 8 bits .*; give --window W,L/);
    const positive = await asNifti({ values: [...stored, ...stored] });
    expect(await failure(decideGrey(positive, decideWindow([positive], 'auto').rule))).to.equal('none');
  });

  test("slices whose tables differ have none that is the volume's", async () => {
    const table = (last: number): El => [
      0x00283010,
      'SQ',
      {
        items: [
          [
            [0x00283002, 'US', [3, 1, 8]],
            [0x00283006, 'US', [0, 51, last]],
          ],
        ],
      },
    ];
    const grey = { signed: false, pixels: [0, 1, 2, 3, 4, 5] };
    const one = await volumeOf((i) => ({ grey, more: [table(i === 1 ? 254 : 255)] }));
    expect(await failure(decideGrey(one, parseWindow('dicom')))).to.contain('its slices name different windows');
  });
});
