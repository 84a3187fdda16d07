import { expect } from 'chai';
import { gzipSync } from 'fflate';
import { NiftiFile } from '../../src/nifti/nifti_file.ts';
import { suite, test } from '../harness/registry.ts';
import { files, type MadeNifti, nifti, numbersOf } from './nifti_maker.ts';

const base: MadeNifti = { shape: [2, 1, 2], values: [1, -2, 3, 4] };

async function opened(made: MadeNifti): Promise<NiftiFile> {
  return NiftiFile.open(files({ 'v/a.nii': nifti(made) }), 'v/a.nii');
}

async function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'read',
    (error: Error) => error.message,
  );
}

suite('NIfTI', () => {
  test('both versions, both byte orders: slices in order', async () => {
    for (const version of [1, 2] as const) {
      for (const big of [false, true]) {
        const file = await opened({ ...base, version, big });
        expect([...(await file.slice(0)), ...(await file.slice(1))], `${version} ${big}`).to.deep.equal([1, -2, 3, 4]);
        expect(file.header.shape).to.deep.equal([2, 1, 2]);
      }
    }
  });

  test('all types of numbers', async () => {
    const types = [
      [2, 1, 200],
      [256, 1, -100],
      [4, 2, -3000],
      [512, 2, 60000],
      [8, 4, -70000],
      [768, 4, 3e9],
    ] as const;
    for (const [type, bytes, value] of [
      ...types,
      [1024, 8, -5e9],
      [1280, 8, 5e9],
      [16, 4, -0.5],
      [64, 8, 0.1],
    ] as const) {
      const file = await opened({ ...base, shape: [1, 1, 1], type, bytes, values: [value] });
      expect(Array.from(await file.slice(0)), `type ${type}`).to.deep.equal([value]);
    }
    for (const [type, what] of [
      [32, 'complex numbers'],
      [128, 'colours'],
      [1536, 'numbers of 128 bits'],
      [3, 'unknown'],
    ] as const) {
      expect(await failure(opened({ ...base, type })))
        .to.contain('v/a.nii: this kind of NIfTI file is not read')
        .and.contain(what);
    }
  });

  test('slope and intercept; a slope of 0 or of no number leaves values as they are', async () => {
    const scaled = async (slope: number, intercept: number) =>
      Array.from(await (await opened({ ...base, slope, intercept })).slice(0));
    expect(await scaled(0.5, -1)).to.deep.equal([-0.5, -2]);
    expect(await scaled(-2, 0)).to.deep.equal([-2, 4]);
    expect(await scaled(0, 9)).to.deep.equal([1, -2]);
    expect(await scaled(Number.NaN, 9)).to.deep.equal([1, -2]);
    expect(await failure(scaled(1, Number.NaN))).to.contain('its intercept is no number');
  });

  test('gzip, in one member or in several', async () => {
    const bytes = nifti(base);
    const cut = [gzipSync(bytes.subarray(0, 355)), gzipSync(bytes.subarray(355))];
    for (const packed of [gzipSync(bytes), new Uint8Array([...cut[0], ...cut[1]])]) {
      const file = await NiftiFile.open(files({ 'v/a.nii.gz': packed }), 'v/a.nii.gz');
      expect(Array.from(await file.slice(1))).to.deep.equal([3, 4]);
    }
    for (const length of [10, 30, 40]) {
      const broken = files({ 'v/a.nii.gz': gzipSync(bytes).subarray(0, length) });
      expect(await failure(NiftiFile.open(broken, 'v/a.nii.gz').then((file) => file.slice(1)))).to.contain(
        'is damaged',
      );
    }
  });

  test('a pair, by the name of either file, packed or not', async () => {
    const [head, data] = [nifti({ ...base, alone: true }), numbersOf(base)];
    const pairs: Record<string, Uint8Array>[] = [
      { 'v/a.hdr': head, 'v/a.img': data },
      { 'v/a.hdr.gz': gzipSync(head), 'v/a.img.gz': gzipSync(data) },
    ];
    for (const pair of pairs) {
      for (const name of Object.keys(pair)) {
        const file = await NiftiFile.open(files(pair), name);
        expect(Array.from(await file.slice(1)), name).to.deep.equal([3, 4]);
      }
    }
    expect(await failure(NiftiFile.open(files({ 'v/a.hdr': head }), 'v/a.hdr'))).to.contain('is not beside it');
  });

  test('four dimensions: each volume by its number', async () => {
    const file = await opened({ shape: [2, 1, 1, 3], values: [1, 2, 3, 4, 5, 6] });
    expect(file.volumes).to.equal(3);
    expect(Array.from(await file.slice(0, 2))).to.deep.equal([5, 6]);
    expect(Array.from((await file.stored(1)) as Int16Array)).to.deep.equal([3, 4]);
  });

  test('files that are cut short, and headers that contradict themselves, are refused', async () => {
    const bytes = nifti(base);
    const read = async (part: Uint8Array) => (await NiftiFile.open(files({ 'v/a.nii': part }), 'v/a.nii')).slice(1);
    expect(await failure(read(bytes.subarray(0, bytes.length - 1)))).to.contain('the file is truncated');
    expect(await failure(read(bytes.subarray(0, 300)))).to.contain('it is no NIfTI file');
    expect(await failure(opened({ ...base, shape: [2, -1, 2] }))).to.contain('a dimension is not positive');
    expect(await failure(opened({ ...base, shape: [2, 1, 2, 1, 1, 1, 1, 1] }))).to.contain('it has 8 dimensions');
  });
});
