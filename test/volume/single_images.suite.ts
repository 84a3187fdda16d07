import { expect } from 'chai';
import { decodeImage } from '../../src/data/decode.ts';
import { checkDataset } from '../../src/data/layout/check.ts';
import { encodePng, encodePng16 } from '../../src/data/png.ts';
import { sliced, volumeLines } from '../../src/detect/sliced.ts';
import type { Input } from '../../src/shards/input.ts';
import { listInputs } from '../../src/shards/list_inputs.ts';
import type { SliceRules } from '../../src/volume/sliced_volume.ts';
import { volumesToScore } from '../../src/volume/to_score.ts';
import { slicedFiles } from '../../src/volume/volume_files.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import type { El } from '../dicom/dicom_maker.ts';
import { suite, test } from '../harness/registry.ts';
import { type MadeSlice, SECRETS, sliceFile } from './series_maker.ts';

const rules: SliceRules = { window: 'auto', plane: 'auto', accept: '', volume: null };
const window = (center: number, width: number): El[] => [
  [0x00281050, 'DS', String(center)],
  [0x00281051, 'DS', String(width)],
];

let made = 0;
/** An X-ray: no position, no orientation, an object of its own. */
function xray(one: MadeSlice = {}): Uint8Array<ArrayBuffer> {
  made++;
  const grey = { stored: 12, signed: false, pixels: [0, 100, 200, 210 + ((7 * made) % 180), 400, 500], ...one.grey };
  const uids = { instance: `1.2.826.77.8.${made}`, series: `1.2.826.77.7.${made}` };
  return sliceFile(0, { position: null, orientation: null, modality: 'DX', ...uids, ...one, grey });
}

/** A set of X-rays, several of a patient, those of a class in its folder. */
function clinic(more: Readonly<Record<string, Uint8Array>> = {}): MemoryFileSystem {
  const of = (patient: string, one: MadeSlice = {}) => xray({ patient, ...one });
  return new MemoryFileSystem([
    ['d/valid/normal/Doe^Jane/1.dcm', of('MRN-4711')],
    ['d/valid/normal/2.dcm', of('MRN-4711', { more: [[0x00185101, 'CS', 'PA']] })],
    ['d/valid/abnormal/3.dcm', of('MRN-4712', { modality: 'CR' })],
    ['d/test/normal/4.dcm', of('MRN-4713')],
    ['d/test/abnormal/5.dcm', of('MRN-4714', { more: [[0x00200062, 'CS', 'L']] })],
    ...Object.entries(more),
  ]);
}

async function open(fs: MemoryFileSystem, more: Partial<SliceRules> = {}) {
  const found = await slicedFiles(fs, 'd', { ...rules, ...more });
  if (!found) throw new Error('no set');
  return found;
}

async function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: Error) => error.message,
  );
}

/** The bytes that models see of the one image of a file. */
async function shown(bytes: Uint8Array, own: Partial<SliceRules> = {}): Promise<number[]> {
  const fs = new MemoryFileSystem([['a/x.dcm', bytes]]);
  const { fs: files, volumes } = await volumesToScore(fs, ['a'], { ...rules, ...own }, '');
  const path = volumes[0].stacks[0].slices[0]!;
  return Array.from(decodeImage(await files.readFile(path), path).data);
}

suite('single DICOM images', () => {
  test('a folder of X-rays is a set of images: labels by folder, patients by their numbers, nobody named', async () => {
    const fs = clinic();
    const settings = { ...rules, group: null, range: 'auto' as const };
    const { context, rules: own, volumes, set } = await sliced({ fs }, 'd', settings);
    expect([own.group, volumes]).to.deep.equal(['folder', null]);
    const report = await checkDataset(context.fs, 'd', { rules: own });
    expect(report.problems).to.deep.equal([]);
    expect([report.ok, report.kind, report.patients?.valid, report.patients?.test]).to.deep.equal([
      true,
      'image',
      2,
      2,
    ]);
    expect(report.images).to.deep.equal({
      valid: { normal: 2, abnormal: 1 },
      test: { normal: 1, abnormal: 1 },
    });
    const lines = volumeLines(set!);
    expect(lines).to.deep.equal([
      'single images: 5 of 4 patients, 2 abnormal (0 masks), 3 normal',
      '  3 × 2 pixels',
      '  5 shown by percentiles 0.5 and 99.5 of each above its background',
      '  grey levels of all: percentile:0.5,99.5 (5 of 5 images name no one window, and none says that it is CT)',
      '  note: images: modality 4 DX, 1 CR; view 4 unknown, 1 PA; side 4 unknown, 1 L',
    ]);
    const said = [...lines, ...set!.files.keys()].join('\n');
    for (const secret of SECRETS) expect(said).not.to.contain(secret);
  });

  test('values: the window of the file, 8 bits in full, percentiles of each; MONOCHROME1 the other way round', async () => {
    const pixels = [0, 100, 200, 300, 400, 500];
    const level = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * 65535) >> 8;
    const linear = pixels.map((value) => level((value - 249.5) / 399 + 0.5));
    expect(await shown(xray({ grey: { pixels }, more: window(250, 400) }))).to.deep.equal(linear);
    const turned = pixels.map((value) => level(0.5 - (value - 249.5) / 399));
    const inverse: El = [0x20500020, 'CS', 'INVERSE'];
    const negative = { pixels, photometric: 'MONOCHROME1' };
    // The shape says the same once more, and does not turn it back.
    expect(await shown(xray({ grey: negative, more: [...window(250, 400), inverse] }))).to.deep.equal(turned);
    const bytes = { pixels: [0, 1, 2, 128, 254, 255], allocated: 8, stored: 8 };
    expect(await shown(xray({ grey: bytes }))).to.deep.equal(bytes.pixels);
    // Bright are 100 to 500, which is 0 to 1; below is the background.
    const stretched = [0, 0, 0.25, 0.5, 0.75, 1].map(level);
    expect(await shown(xray({ grey: { pixels } }))).to.deep.equal(stretched);
    // The same picture as a negative: its background are the high values.
    const negatives = { pixels: pixels.map((value) => 4095 - value), photometric: 'MONOCHROME1' };
    expect(await shown(xray({ grey: negatives }))).to.deep.equal(stretched);
    expect(await shown(xray({ grey: { pixels } }), { window: '101,150' })).to.deep.equal([0, 1, 255, 255, 255, 255]);
  });

  test('the same X-ray as a PNG of 16 bits is the same picture', async () => {
    const pixels = Array.from({ length: 6 }, (_, i) => 37 + 691 * i);
    const data = Uint16Array.from(pixels, (value) => Math.round(Math.min(1, (value - 37) / 3455) * 65535));
    const png = encodePng16(3, 2, data);
    const own = await shown(xray({ grey: { pixels }, more: window(1765, 3456) }));
    expect(own).to.deep.equal(Array.from(decodeImage(png, 'x.png').data));
  });

  test('masks are pictures of the same name, near the image first; a class that nobody names is asked for', async () => {
    const mask = (value: number) =>
      encodePng({ width: 3, height: 2, channels: 1, data: Uint8Array.of(0, 0, 0, 0, 0, value) });
    const fs = new MemoryFileSystem([
      ['d/a/1.2.3.4', xray()],
      ['d/a/masks/1.2.3.4.png', mask(255)],
      ['d/b/1.2.3.4', xray({ patient: 'B' })],
      ['d/b/masks/1.2.3.4.png', mask(0)],
    ]);
    const { fs: files, set } = await open(fs);
    expect(set.volumes.map(({ abnormal, normal }) => [abnormal, normal])).to.deep.equal([
      [1, 0],
      [0, 1],
    ]);
    const path = [...set.files.keys()].find((name) => name.includes('anomaly_mask'))!;
    expect(Array.from(decodeImage(await files.readFile(`d/${path}`), path).data)).to.deep.equal([0, 0, 0, 0, 0, 255]);
    const foreign = new MemoryFileSystem([
      ['d/normal/1.dcm', xray()],
      ['d/pneumonia/2.dcm', xray()],
    ]);
    expect(await failure(open(foreign))).to.match(/^image [0-9a-f]{8} lies in no folder that says normal or abnormal/);
    const named = await open(foreign, { abnormal: ['Pneumonia'] });
    expect(named.set.volumes.map(({ abnormal }) => abnormal)).to.deep.equal([0, 1]);
    // As of a server, which has no folders: by the names of patients, or of images, and all others.
    const flat = new MemoryFileSystem([
      ['d/1.dcm', xray()],
      ['d/2.dcm', xray({ patient: 'B' })],
      ['d/3.dcm', xray({ patient: 'C' })],
    ]);
    const said = await failure(open(flat, { normal: ['*'], abnormal: ['*'] }));
    const [patient] = /patient [0-9a-f]{8}/.exec(said)!;
    const sick = await open(flat, { normal: ['*'], abnormal: [patient, 'none_such'] });
    expect(sick.set.volumes.map((one) => [one.patient.endsWith(patient.slice(8)), one.abnormal])).to.deep.equal([
      [true, 1],
      [false, 0],
      [false, 0],
    ]);
    expect(sick.set.notes).to.include('--abnormal none_such fits nothing in it');
    const both = new MemoryFileSystem([['d/normal/abnormal/1.dcm', xray()]]);
    expect(await failure(open(both))).to.contain('folders that are called normal and abnormal');
  });

  test('folders above the set say nothing of its images', async () => {
    const fs = new MemoryFileSystem([['normal/d/x/1.dcm', xray()]]);
    const found = slicedFiles(fs, 'normal/d', rules);
    expect(await failure(found)).to.contain('no folder that says normal or abnormal');
  });

  test('volumes beside images are asked about, and either can be left out', async () => {
    const slices = [0, 1, 2].map((z) => [`d/valid/normal/ct/${z}.dcm`, sliceFile(z, { patient: 'CT' })] as const);
    const fs = clinic(Object.fromEntries(slices));
    expect(await failure(open(fs))).to.equal(
      'Volumes and 5 images without a place in the patient are together; --accept placeless takes the volumes alone, --accept volumes the images alone.',
    );
    const images = await open(fs, { accept: 'volumes' });
    expect([images.set.volumes.length, images.set.notes[0]]).to.deep.equal([
      5,
      'left out: volumes beside 5 images without a place in the patient',
    ]);
    const volumes = await open(fs, { accept: 'placeless' });
    expect(volumes.set.volumes.map(({ shape }) => shape)).to.deep.equal([[3, 2, 3]]);
  });

  test('an object of several frames is refused by name, or each frame is an image', async () => {
    const loop = xray({ modality: 'US', grey: { frames: 2, pixels: Array.from({ length: 12 }, (_, i) => i) } });
    const fs = clinic({ 'd/test/normal/loop.dcm': loop });
    expect(await failure(open(fs))).to.match(
      /^file [0-9a-f]{8}\.dcm .*: one object of 2 frames \(US\), not one image; --accept frames takes each frame as an image\.$/,
    );
    const { set } = await open(fs, { accept: 'frames' });
    expect([set.volumes.length, set.notes[0]]).to.deep.equal([
      7,
      '2 frames of objects with several, each an image (accepted)',
    ]);
  });

  test('the same object twice is refused; without a number a study is a patient', async () => {
    const twice = xray({ instance: '1.2.826.77.5' });
    const fs = clinic({ 'd/valid/normal/a.dcm': twice, 'd/valid/normal/b.dcm': twice });
    expect(await failure(open(fs))).to.match(/the same image as file [0-9a-f]{8}/);
    expect((await open(fs, { accept: 'doubles' })).set.volumes.length).to.equal(6);
    const study = (uid: string): MadeSlice => ({ patient: '', more: [[0x0020000d, 'UI', uid]] });
    const nobody = new MemoryFileSystem(
      ['1.2.3', '1.2.4', '1.2.4'].map((uid, i) => [`d/normal/${i}.dcm`, xray(study(uid))]),
    );
    const { set } = await open(nobody);
    expect(new Set(set.volumes.map(({ patient }) => patient)).size).to.equal(2);
  });

  test('in an archive each file is an input of its patient, a series still a folder', async () => {
    const series = [0, 1].map((z) => [`d/ct/${z}.dcm`, sliceFile(z, { patient: 'CT' })] as const);
    const request = { columns: { path: null, patient: null }, group: null, root: null };
    const inputs: Input[] = [];
    for await (const block of listInputs(clinic(Object.fromEntries(series)), { sources: ['d'], ...request }))
      inputs.push(...block);
    expect(inputs.map(({ path, images }) => [path, images]).sort()).to.deep.equal([
      ['d/ct', 2],
      ['d/test/abnormal/5.dcm', 1],
      ['d/test/normal/4.dcm', 1],
      ['d/valid/abnormal/3.dcm', 1],
      ['d/valid/normal/2.dcm', 1],
      ['d/valid/normal/Doe^Jane/1.dcm', 1],
    ]);
    expect(new Set(inputs.map(({ patient }) => patient)).size).to.equal(5);
    // Of short names two are alike in an archive of a hospital.
    for (const { patient } of inputs) expect(patient).to.match(/^[0-9a-f]{20}$/);
  });

  test('what does not concern images is refused by name, and what is odd about them is told', async () => {
    expect(await failure(open(clinic(), { plane: 'all' }))).to.match(/^image .* has one plane; leave --plane all/);
    expect(await failure(open(clinic(), { window: 'dicom' }))).to.match(/^image .*: its file names no window/);
    const scored = volumesToScore(clinic(), ['d'], rules, '', { stride: 2 });
    expect(await failure(scored)).to.match(/^--stride is for volumes, and image .* is none/);
    const odd: El[] = [
      [0x00080068, 'CS', 'FOR PROCESSING'],
      [0x20500020, 'CS', 'INVERSE'],
    ];
    const { set } = await open(clinic({ 'd/test/normal/odd.dcm': xray({ more: odd }) }));
    expect(set.notes[1]).to.match(/^1 image FOR PROCESSING/);
    expect(set.notes[2]).to.match(/^1 image whose presentation LUT shape contradicts/);
  });
});
