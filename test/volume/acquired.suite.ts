import { expect } from 'chai';
import { type Accepted, parseAccept } from '../../src/volume/accept.ts';
import { acquiredOf, requireAlike, type TrainedOn } from '../../src/volume/acquired.ts';
import type { SliceRules } from '../../src/volume/sliced_volume.ts';
import { volumesToScore } from '../../src/volume/to_score.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suite, test } from '../harness/registry.ts';
import { nifti } from '../nifti/nifti_maker.ts';
import { type MadeSlice, sliceFile } from './series_maker.ts';

const RULES = { window: 'percentile:0.5,99.5', plane: 'auto', accept: '', volume: null } as const;

/** Bodies of 8 × 8 pixels, 1 mm wide, in axial slices. */
function series(made: MadeSlice = {}): MemoryFileSystem {
  const pixels = Array.from({ length: 64 }, (_, i) => 100 + 10 * i);
  return new MemoryFileSystem(
    [0, 1, 2].map((z) => [
      `s/${z}`,
      sliceFile(z, {
        spacing: [1, 1],
        ...made,
        grey: { rows: 8, columns: 8, stored: 12, signed: false, pixels, ...made.grey },
        more: made.more ?? [[0x00180015, 'CS', 'HEAD']],
      }),
    ]),
  );
}

/** The lines that are said of a series by a run that was trained on `known`, and the remarks in its row. */
async function said(fs: MemoryFileSystem, trained: TrainedOn, rules: Partial<SliceRules> = {}) {
  const { notes, volumes } = await volumesToScore(fs, ['s'], { ...RULES, ...rules, trained }, '');
  const [{ source, remarks }] = volumes;
  return { lines: notes.map((note) => note.replace(source.name, 'X')), row: remarks.of(source.name) };
}

const known = async (fs = series()) => {
  const { volumes } = await volumesToScore(fs, ['s'], RULES, '');
  const all = volumes.map(({ source, stacks }) => {
    const { name, placed, affine, modality, bodyPart, bits } = source;
    return { name, placed, affine, modality, bodyPart, bits, stacks };
  });
  return acquiredOf(all);
};

suite('what a run looks at is unlike what it was trained on', () => {
  test('what files say is kept of all volumes together, and what is like it is not spoken of', async () => {
    const acquired = await known();
    expect(acquired).to.deep.equal({
      ...{ modalities: ['MR'], bodyParts: ['HEAD'], planes: ['axial'], pixels: [1, 1], bits: [12] },
    });
    expect(await said(series(), { acquired, window: 'decided' })).to.deep.equal({ lines: [], row: '' });
  });

  test('another modality is refused by name; --accept modality, or a window that is said for it, takes it with a remark', async () => {
    const acquired = await known();
    const ct = series({ modality: 'CT' });
    for (const window of ['decided', 'asked'] as const) {
      const words = [
        /^series \w+: it is CT, and the run was trained on MR, whose grey levels \(--window percentile:0\.5,99\.5\)/,
      ];
      await expectFailure('bad_data', words, () => said(ct, { acquired, window }));
    }
    const remark = 'unlike what was trained on: it is CT, and the run was trained on MR';
    const wanted = { lines: [`X: ${remark}`], row: remark };
    expect(await said(ct, { acquired, window: 'asked' }, { accept: 'modality' })).to.deep.equal(wanted);
    expect(await said(ct, { acquired, window: 'said anew' })).to.deep.equal(wanted);
    // As of NIfTI, which names no modality: percentiles were come to as nothing looked like CT.
    const unsaid = { ...acquired, modalities: [] };
    const words = [/^series \w+: it is CT, and the run was trained on files that do not say what they are/];
    await expectFailure('bad_data', words, () => said(ct, { acquired: unsaid, window: 'decided' }));
    expect((await said(ct, { acquired: unsaid, window: 'asked' })).lines).to.deep.equal([]);
    // Of projections by X-rays three names are one, and OT is any.
    const films = { ...acquired, modalities: ['DX'] };
    for (const modality of ['CR', 'RG', 'DX', 'OT']) {
      const { lines } = await said(series({ modality }), { acquired: films, window: 'asked' });
      expect(lines, modality).to.deep.equal([]);
    }
  });

  test('another organ, plane, size of pixels, and numbers of other bits by one window are each said once, of all', async () => {
    const acquired = await known();
    const trained = { acquired, window: 'asked' } as const;
    const lines = async (made: MadeSlice, rules: Partial<SliceRules> = {}) =>
      (await said(series(made), trained, rules)).lines;
    const start = 'X: unlike what was trained on:';
    // A word that is no usual one may be anything, and is not repeated.
    const chest = await lines({ more: [[0x00180015, 'CS', 'CHEST']] });
    expect(chest).to.deep.equal([`${start} CHEST was examined, in training HEAD`]);
    expect(await lines({ more: [[0x00180015, 'CS', 'DOE JANE']] })).to.deep.equal([]);
    expect(await lines({}, { plane: 'coronal' })).to.deep.equal([`${start} its slices are coronal, in training axial`]);
    expect(await lines({ spacing: [1.4, 1.4] })).to.deep.equal([]);
    const far = `${start} its pixels are 2 mm apart, in training 1 mm`;
    expect(await lines({ spacing: [2, 2] })).to.deep.equal([far]);
    const bits = { grey: { stored: 14 } };
    expect(await lines(bits)).to.deep.equal([]);
    expect(await lines(bits, { window: '700,400' })).to.deep.equal([
      `${start} its numbers have 14 bits, in training 12, and the window is the same`,
    ]);
    const one = { name: 'a', placed: false, affine: [], modality: 'MR', bodyPart: 'KNEE', bits: null, stacks: [] };
    const many = ['a', 'b', 'c'].map((name) => ({ ...one, name }));
    const together = requireAlike(many, trained, 'auto', parseAccept('') as ReadonlySet<Accepted>).lines();
    const others = many.map((one) => ({ ...one, modality: 'CT' }));
    const refused = () => requireAlike(others, trained, 'auto', parseAccept(''));
    await expectFailure('bad_data', [/^a and 2 more: it is CT, [^.]*\.$/], refused);
    expect(together).to.deep.equal(['a and 2 more: unlike what was trained on: KNEE was examined, in training HEAD']);
  });

  test('a run on pictures knows no window: it is said that each volume is shown by itself', async () => {
    const { lines } = await said(series(), { acquired: null, window: 'asked' }, { window: 'auto' });
    expect(lines).to.deep.equal([
      'X: unlike what was trained on: the run was trained on pictures, of which no modality and no window is known (--window auto)',
    ]);
  });

  test('a window by which nothing is seen, or all is white, is named', async () => {
    const trained = { acquired: await known(), window: 'asked' } as const;
    const row = async (window: string) => (await said(series(), trained, { window })).row;
    expect(await row('10,5000')).to.equal('by window 10,5000 its slices are all dark; another --window may suit it');
    expect(await row('10,5')).to.equal('by window 10,5 100 % of what it shows is white; another --window may suit it');
    expect(await row('800,400')).to.equal('');
  });

  test('NIfTI with values as CT has them is asked about where the run itself came to percentiles', async () => {
    const values = Array.from({ length: 27 }, (_, i) => (i < 9 ? -1000 : 40 * i));
    const fs = new MemoryFileSystem([['s/a.nii', nifti({ shape: [3, 3, 3], values })]]);
    const acquired = await known();
    const trained = { acquired, window: 'decided' } as const;
    await expectFailure('usage', [/as those of CT do/], () => said(fs, trained));
    expect((await said(fs, trained, { accept: 'unnamed' })).lines).to.deep.equal([]);
    expect((await said(fs, { acquired, window: 'asked' })).lines).to.deep.equal([]);
  });
});
