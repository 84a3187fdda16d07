import { expect } from 'chai';
import { decodeImage } from '../../src/data/decode.ts';
import { checkDataset } from '../../src/data/layout/check.ts';
import { encodePng } from '../../src/data/png.ts';
import { sliced, volumeLines } from '../../src/detect/sliced.ts';
import { writePhantomVolumes } from '../../src/phantom/write_volumes.ts';
import type { SliceSet } from '../../src/volume/slice_set.ts';
import type { SliceRules } from '../../src/volume/sliced_volume.ts';
import { holdsVolumes, slicedFiles } from '../../src/volume/volume_files.ts';
import { whoIsWho } from '../../src/volume/who_is_who.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suite, test } from '../harness/registry.ts';
import { nifti } from '../nifti/nifti_maker.ts';
import { sliceFile } from './series_maker.ts';

const rules: SliceRules = { window: 'auto', plane: 'auto', accept: '', volume: null };
const sform = [
  [-1, 0, 0, 0],
  [0, -1, 0, 0],
  [0, 0, 3, 0],
];
const volume = (values: readonly number[]) => nifti({ shape: [2, 2, 3], type: 2, bytes: 1, values, sform });

/** Three slices: an empty one, one with a lesion, one without. */
const IMAGE = [0, 0, 0, 0, 10, 50, 90, 130, 100, 100, 20, 30];
const MASK = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];

async function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: Error) => error.message,
  );
}

function counts({ volumes }: SliceSet) {
  return volumes.map(({ normal, abnormal, empty }) => [normal, abnormal, empty]);
}

suite('volumes as data sets of slices', () => {
  test('slices with a lesion are abnormal, empty ones are left out, the rest is normal', async () => {
    const fs = new MemoryFileSystem([
      ['d/valid/p1/a.nii', volume(IMAGE)],
      ['d/valid/p1/a_mask.nii', volume(MASK)],
      ['d/test/good/p2/b.nii', volume(IMAGE)],
    ]);
    const found = await slicedFiles(fs, 'd', rules);
    if (!found) throw new Error('no volumes');
    expect([...found.set.files.keys()].sort()).to.deep.equal([
      'test/good/img/p2/p2_b_0001.png',
      'test/good/img/p2/p2_b_0002.png',
      'valid/Ungood/anomaly_mask/p1/p1_a_0001.png',
      'valid/Ungood/img/p1/p1_a_0001.png',
      'valid/good/img/p1/p1_a_0002.png',
    ]);
    const read = async (path: string) => Array.from(decodeImage(await found.fs.readFile(`d/${path}`), path).data);
    expect(await read('valid/Ungood/img/p1/p1_a_0001.png')).to.deep.equal(IMAGE.slice(4, 8));
    expect(await read('valid/Ungood/anomaly_mask/p1/p1_a_0001.png')).to.deep.equal([0, 0, 0, 255]);
    expect((await found.fs.list('d/valid')).map(({ name }) => name)).to.deep.equal(['Ungood', 'good']);
    await found.fs.writeFile('d/out/x', 'y');
    expect((await fs.stat('d/out/x'))?.kind).to.equal('file');
    expect(counts(found.set)).to.deep.equal([
      [2, 0, 1],
      [1, 1, 1],
    ]);
  });

  test('slices that a series lacks are none of its slices, neither empty nor normal', async () => {
    const fs = new MemoryFileSystem(
      [0, 2, 6, 8].map((z) => [`d/good/${z}.dcm`, sliceFile(z, { grey: { pixels: [0, 1, 2, 3, 4, 50] } })]),
    );
    const found = await slicedFiles(fs, 'd', { ...rules, accept: 'gaps', window: '20,10' });
    expect(counts(found!.set)).to.deep.equal([[4, 0, 0]]);
    expect(found!.set.volumes[0].stacks[0].slices.map((path) => path?.slice(-8, -4) ?? null)).to.deep.equal([
      ...['0000', '0001', null, '0003', '0004'],
    ]);
  });

  test('a folder of pictures is left as it is, whatever lies beside them', async () => {
    const png = encodePng({ width: 1, height: 1, channels: 1, data: new Uint8Array(1) });
    const pictures = new MemoryFileSystem([
      ['d/good/a.png', png],
      ['d/good/b.nii', volume(IMAGE)],
    ]);
    expect(await holdsVolumes(pictures, 'd')).to.equal(false);
    expect(
      (await sliced({ fs: pictures }, 'd', { ...rules, group: null, range: 'auto' as const })).context.fs,
    ).to.equal(pictures);
    expect(await holdsVolumes(pictures, 'nowhere')).to.equal(false);
    const masks = new MemoryFileSystem([
      ['d/masks/a.png', png],
      ['d/p/b.nii', volume(IMAGE)],
    ]);
    expect(await holdsVolumes(masks, 'd')).to.equal(true);
  });

  test('a volume without a mask, a mask without a volume, and a file of several volumes are refused by name', async () => {
    const set = (files: Record<string, Uint8Array>, more: Partial<SliceRules> = {}) =>
      slicedFiles(new MemoryFileSystem(Object.entries(files)), 'd', { ...rules, ...more });
    expect(await failure(set({ 'd/p/a.nii': volume(IMAGE) }))).to.contain('p/a.nii has no mask');
    const lost = { 'd/good/a.nii': volume(IMAGE), 'd/q/c_mask.nii': volume(MASK) };
    expect(await failure(set(lost))).to.contain('q/c_mask.nii is a mask of no volume');
    const four = nifti({ shape: [2, 2, 3, 2], type: 2, bytes: 1, values: [...IMAGE, ...IMAGE], sform });
    expect(await failure(set({ 'd/good/a.nii': four }))).to.contain('holds 2 volumes; say which with --volume 0 … 1');
    expect(await failure(set({ 'd/good/a.nii': four }, { volume: 1 }))).to.equal('none');
    expect(await failure(set({ 'd/good/a.nii': four }, { volume: 2 }))).to.contain(
      'holds 2 volumes, and none of number 2',
    );
    // A mask has one, whichever is chosen of its image; which was taken is said.
    const pair = await set({ 'd/p/a.nii': four, 'd/p/a_mask.nii': volume(MASK) }, { volume: 1 });
    expect(pair!.set.notes).to.deep.equal(['p/a.nii: volume 1 of the 2 that its file holds, from 0 on']);
    const both = await failure(set({ 'd/good/a.nii': four, 'd/good/b.nii': four }));
    expect(both).to.equal(
      'good/a.nii holds 2 volumes (and 1 more: good/b.nii holds 2 volumes); say which with --volume 0 … 1.',
    );
    const choice = (files: Record<string, Uint8Array>) => set(files).catch(({ volumes }) => volumes);
    const three = nifti({ shape: [2, 2, 3, 3], type: 2, bytes: 1, values: [...IMAGE, ...IMAGE, ...IMAGE], sform });
    expect(await choice({ 'd/good/a.nii': three, 'd/good/b.nii': four })).to.equal(2);
    expect(await choice({ 'd/good/a.nii': three, 'd/good/b.nii': new Uint8Array(9) })).to.equal(0);
  });

  test('--skip leaves out files by name or path, and series and patients as they are called, refused ones too', async () => {
    const png = encodePng({ width: 1, height: 1, channels: 1, data: new Uint8Array(1) });
    const mr = (z: number, series: string, patient: string) =>
      sliceFile(z, { series, patient, instance: `${series}.${z}` });
    const fs = new MemoryFileSystem([
      ['d/good/p0/logo.png', png],
      ['d/good/p1/a.nii', volume(IMAGE)],
      ['d/good/p2/b.nii', volume(IMAGE)],
      ['d/good/p2/b_mask.nii', volume(MASK)],
      ...[0, 1, 2].map((z): [string, Uint8Array] => [`d/good/x/${z}.dcm`, mr(z, '1.2.826.77.5', 'A')]),
      // A slice is missing.
      ...[0, 1, 3].map((z): [string, Uint8Array] => [`d/good/y/${z}.dcm`, mr(z, '1.2.826.77.6', 'B')]),
    ]);
    const set = async (...skip: string[]) => (await slicedFiles(fs, 'd', { ...rules, skip }))?.set;
    expect(await set()).to.equal(undefined);
    const refused = await failure(set('logo.png'));
    const name = /series [0-9a-f]{8}/.exec(refused)?.[0] ?? '';
    expect(refused).to.match(/1 slice of 4 is missing/);
    const names = async (...skip: string[]) =>
      (await set('logo.png', ...skip))?.volumes.map((one) => one.name.replace(/ .*/, ''));
    expect(await names(name)).to.deep.equal(['good/p1/a.nii', 'good/p2/b.nii', 'series']);
    expect(await names('good/y/3.dcm', 'p2')).to.deep.equal(['good/p1/a.nii', 'series', 'series']);
    expect(await names('good/p*', 'y')).to.deep.equal(['series']);
    const [{ patient, file }] = (await whoIsWho(fs, 'd')).filter(({ path }) => path === 'd/good/y/3.dcm');
    expect(await names(patient, '*.nii')).to.deep.equal(['series']);
    // As paths of slices have it: its number is another one when the set has grown.
    expect(await names(patient.replace(' ', '-7-'), '*.nii')).to.deep.equal(['series']);
    expect(await names(file, '*.nii')).to.deep.equal(['series', 'series']);
    const sick = async (...skip: string[]) => counts((await set('logo.png', 'x', 'y', 'p1', ...skip))!);
    expect([await sick(), await sick('*_mask.nii')]).to.deep.equal([[[1, 1, 1]], [[2, 0, 1]]]);
    expect((await set('logo.png', name))?.notes).to.include('left out: 4 files, as --skip says');
    const given = { ...rules, group: null, range: 'auto' as const, skip: ['logo.png', 'y', 'none_such'] };
    const { context, rules: own } = await sliced({ fs }, 'd', given);
    const { problems } = await checkDataset(context.fs, 'd', { rules: own });
    const unused = problems.filter(({ kind }) => kind === 'unused_rule').map(({ message }) => message);
    expect(unused).to.deep.equal(['--skip none_such fits nothing in it']);
  });

  test('phantoms as DICOM with segmentations and as NIfTI with masks are the same slices, by patient', async () => {
    const sets = [];
    for (const format of ['dicom', 'nifti'] as const) {
      const fs = new MemoryFileSystem();
      const options = { set: 'liver', out: 'o', seed: 3, valid: 2, test: 2, size: 32, depth: 9, format };
      const path = await writePhantomVolumes(fs, options);
      const settings = { ...rules, window: 'liver', group: null, range: 'auto' as const };
      const { context, rules: own } = await sliced({ fs }, path, settings);
      expect(own.group).to.equal('folder');
      const found = await slicedFiles(fs, path, settings);
      if (!found) throw new Error('no volumes');
      const report = await checkDataset(context.fs, path, { rules: own });
      expect([report.ok, report.patients?.valid, report.patients?.test]).to.deep.equal([true, 2, 2]);
      const lines = volumeLines(found.set);
      expect(lines[0]).to.equal('volumes: 4 of 4 patients');
      expect(lines.join('\n')).to.contain('window 150,30 (preset liver)');
      if (format === 'dicom') expect(lines.join('\n')).not.to.contain('liver_3').and.not.to.contain('PHANTOM');
      const pictures = [];
      for (const [name, make] of found.set.files) pictures.push(`${name.replace(/[^/]*\/[^/]*$/, '')} ${await make()}`);
      sets.push(pictures.sort());
    }
    expect(sets[0]).to.deep.equal(sets[1]);
  });
});
