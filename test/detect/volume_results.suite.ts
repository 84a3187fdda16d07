import { assert, expect } from 'chai';
import { sliceMaps } from '../../src/detect/slice_maps.ts';
import { VOLUME_RESULTS, type VolumeResult, VolumeResults } from '../../src/detect/volume_results.ts';
import type { DataSet } from '../../src/dicom/data_set.ts';
import { DicomFile } from '../../src/dicom/dicom_file.ts';
import { SEQUENCES } from '../../src/dicom/tags.ts';
import { NiftiFile } from '../../src/nifti/nifti_file.ts';
import { writePhantomVolumes } from '../../src/phantom/write_volumes.ts';
import { collectVolumes } from '../../src/volume/collect.ts';
import { apply } from '../../src/volume/geometry.ts';
import { masksOnto } from '../../src/volume/mask.ts';
import { segmentationLabels } from '../../src/volume/segmentation.ts';
import { volumesToScore } from '../../src/volume/to_score.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { assertClose } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';
import { becomeEnhanced } from '../volume/enhanced_maker.ts';
import { folder, sliceFile } from '../volume/series_maker.ts';
import { detectorOf, mapOf } from './made_results.ts';

const ALL = Object.keys(VOLUME_RESULTS) as VolumeResult[];
const RULES = { window: '150,30', plane: 'auto', accept: '', volume: null } as const;

const FOLDER = 'o/Liver/test/good/liver_3_4000000';
const ENHANCED = '2.25.4711';

/** One series of the phantom, and a map of it whose highest value is `most`. */
async function results(most: number, format: 'dicom' | 'nifti' | 'enhanced' = 'dicom') {
  const fs = new MemoryFileSystem();
  const path = await writePhantomVolumes(fs, {
    ...{ set: 'liver', out: 'o', seed: 3, valid: 0, test: 1, size: 32, depth: 8 },
    format: format === 'nifti' ? 'nifti' : 'dicom',
  });
  if (format === 'enhanced') await becomeEnhanced(fs, FOLDER, ENHANCED);
  await fs.writeFile('run', 'adapters');
  const { volumes } = await volumesToScore(fs, [path], RULES, 'Liver');
  const [one] = volumes;
  const map = mapOf(one.source.shape, most);
  const write = async (kinds: readonly VolumeResult[], level: number | null = 0.5) => {
    const writer = await VolumeResults.open(fs, 'out', kinds, volumes, detectorOf(level), 'run');
    const [width, height] = one.source.shape;
    const sliceOf = (k: number) => map.slice(k * width * height, (k + 1) * width * height);
    await writer.write({ one, mapOf: sliceOf, score: 1.25, millilitres: most >= 0.5 ? 3.5 : 0 });
    return writer;
  };
  const file = async (ending: string) => DicomFile.read(await fs.readFile(`out/volumes/${one.file}${ending}`), ending);
  return { fs, path, one, map, write, file };
}

function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((value, i) => value === b[i]);
}

/** All UIDs of objects that a file names. */
function named(file: DicomFile): Set<string> {
  const text = new TextDecoder('latin1').decode(file.dataSet.bytes);
  return new Set([...text.matchAll(/2\.25\.\d{1,39}/g)].map(([uid]) => uid));
}

suite('DICOM results of volumes', () => {
  test('a parametric map holds the map to the bit, each frame at the place of its slice', async () => {
    const { fs, map, write, file } = await results(1);
    await write(ALL);
    const pm = await file('.pm.dcm');
    assert.equal(pm.format.frames, 8);
    const first = DicomFile.read(await fs.readFile('o/Liver/test/good/liver_3_4000000/IM0000.dcm'), 'source');
    for (const name of ['studyUid', 'frameOfReference', 'patientName', 'patientId'] as const) {
      assert.equal(pm.dataSet.string(name), first.dataSet.string(name), name);
    }
    assert.notEqual(pm.dataSet.string('seriesUid'), first.dataSet.string('seriesUid'));
    const uids: Set<string>[] = [];
    for (const kind of ['.pm.dcm', '.seg.dcm', '.fractions.dcm', '.sr.dcm']) uids.push(named(await file(kind)));
    for (let k = 0; k < 8; k++) {
      const source = DicomFile.read(await fs.readFile(`o/Liver/test/good/liver_3_4000000/IM000${k}.dcm`), 'source');
      const place = pm.place(k);
      for (const what of ['position', 'orientation', 'spacing'] as const) {
        const [a, b] = [place[what]!, source.place(0)[what]!];
        assertClose(a, b, { absolute: 1e-6 });
      }
      assert.isTrue(same((await pm.stored(k)).data, map.subarray(k * 1024, (k + 1) * 1024)));
      assert.isTrue(uids.every((found) => found.has(source.dataSet.string('sopInstance'))));
    }
  });

  test('segmentations read back as what reaches the level, binary and in fractions; the NIfTI mask says the same', async () => {
    const { fs, one, map, write } = await results(1);
    await write(ALL);
    for (const kind of ['seg', 'fractions']) {
      const bytes = await fs.readFile(`out/volumes/${one.file}.${kind}.dcm`);
      const mask = masksOnto(one.source, await segmentationLabels(bytes, kind));
      for (let k = 0; k < 8; k++) {
        const wanted = Array.from(map.subarray(k * 1024, (k + 1) * 1024), (value) => (value >= 0.5 ? 1 : 0));
        assert.isTrue(same(await mask(k), wanted), `${kind} ${k}`);
      }
    }
    const nifti = await NiftiFile.open(fs, `out/volumes/${one.file}_mask.nii.gz`);
    assertClose(nifti.header.affine.flat(), one.source.affine.flat(), { absolute: 1e-4 });
    const wanted = Array.from(map.subarray(2048, 3072), (v) => (v >= 0.5 ? 1 : 0));
    assert.isTrue(same(await nifti.slice(2), wanted) && wanted.includes(1));
  });

  test('the report holds score, thresholds, model and hashes, and the segment only where something was found', async () => {
    for (const most of [1, 0.4]) {
      const { write, file } = await results(most);
      await write(['seg', 'sr', 'sc']);
      const text = new TextDecoder('latin1').decode((await file('.sr.dcm')).dataSet.bytes);
      for (const word of ['1.25', '0.75', 'tiny', 'abc123', 'Research use only', '1500']) assert.include(text, word);
      const seg = await file('.seg.dcm');
      assert.equal(text.includes('Referenced Segment'), most === 1);
      assert.isTrue(named(await file('.sr.dcm')).has(seg.dataSet.string('sopInstance')));
      assert.equal(seg.format.frames > 0, true);
      // The picture is of the slice where the map is highest, with the bar below.
      const sc = await file('.sc.dcm');
      assert.deepEqual([sc.format.columns, sc.format.samples, sc.format.rows > 32], [32, 3, true]);
      const source = (await sc.facts((set) => set.items(0x00082112)))[0].elements.get(0x00081155)!;
      const uid = new TextDecoder().decode(sc.dataSet.value(source)).replace(/\0$/, '');
      const { uidOf } = await import('../../src/dicom/write.ts');
      assert.equal(uid, await uidOf('liver_3_4000000 3'));
    }
  });

  test('results of a multi-frame object name the frames that lie where their slices do', async () => {
    const { fs, map, write, file } = await results(1, 'enhanced');
    await write(ALL);
    const source = DicomFile.read(await fs.readFile(`${FOLDER}/IM-enhanced.dcm`), 'source');
    /** The numbers of the frames that the items of a sequence point to, all in the one object. */
    const framesOf = (items: readonly DataSet[]) =>
      items.map((item) => {
        const letters = (tag: number) =>
          new TextDecoder().decode(item.value(item.elements.get(tag)!)).replace(/[\0 ]$/, '');
        assert.equal(letters(0x00081155), ENHANCED);
        return Number(letters(0x00081160));
      });
    for (const kind of ['pm', 'seg', 'fractions']) {
      const made = await file(`.${kind}.dcm`);
      assert.deepEqual(
        [made.dataSet.items(0x00081115).length, made.dataSet.items(0x00081115)[0].items(0x0008114a).length],
        [1, 1],
      );
      const groups = made.dataSet.items(SEQUENCES.perFrame);
      const numbers = groups.flatMap((group) => framesOf(group.items(0x00089124)[0].items(0x00082112)));
      assert.equal(numbers.length, made.format.frames);
      for (const [k, number] of numbers.entries()) {
        assertClose(made.place(k).position!, source.place(number - 1).position!, { absolute: 1e-6 });
      }
      if (kind === 'pm') assert.deepEqual(numbers, [5, 1, 6, 2, 7, 3, 8, 4]);
    }
    assert.isTrue(same((await (await file('.pm.dcm')).stored(3)).data, map.subarray(3072, 4096)));
    // The map is highest on slice 3.
    assert.deepEqual(framesOf((await file('.sc.dcm')).dataSet.items(0x00082112)), [2]);
    const text = new TextDecoder('latin1').decode((await file('.sr.dcm')).dataSet.bytes);
    assert.equal(text.split(ENHANCED).length - 1, 2);
  });

  test('what is written is no input: neither results nor segmentations of this program are read again', async () => {
    const { fs, path, write, one } = await results(1);
    await write(ALL);
    for (const kind of ['pm', 'seg', 'sc', 'sr', 'fractions']) {
      await fs.writeFile(`${path}/${kind}.dcm`, await fs.readFile(`out/volumes/${one.file}.${kind}.dcm`));
    }
    const found = await collectVolumes(fs, path);
    expect([found.volumes.length, found.segmentations.length, found.refused]).to.deep.equal([1, 0, []]);
    expect(found.notes.join()).to.include('left out: 4 results of this program');
  });

  test('of a series with a gap maps lie where its pictures do, NaN where there is none; DICOM results are of the pictures', async () => {
    const heights = [0, 2, 6, 8];
    const pixels = [90, 91, 92, 93, 94, 95];
    const fs = folder(
      heights.map((z) => sliceFile(z, { grey: { pixels }, more: [[0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.4']] })),
    );
    await fs.writeFile('run', 'adapters');
    const { volumes, notes } = await volumesToScore(fs, ['s'], { ...RULES, accept: 'gaps' }, '');
    assert.match(notes.join(), /1 slice of 5 is missing \(accepted: they are not scored; in maps they are NaN/);
    const [one] = volumes;
    const [{ order, slices }] = one.stacks;
    assert.deepEqual(
      slices.map((path) => path?.slice(-8) ?? null),
      ['0000.png', '0001.png', null, '0003.png', '0004.png'],
    );
    // Each slice has its height as its map; one of two was scored, so that those between are mixed.
    const data = (k: number) => new Float32Array(4).fill(k / 4);
    const scored = new Map(slices.flatMap((path, k) => (path && k % 2 === 0 ? [[path, { map: data(k) }]] : [])));
    const maps = sliceMaps(one.source, [{ order, slices }], scored, { norm: 'medclip', stride: 2, smooth: 0 });
    const writer = await VolumeResults.open(fs, 'out', ['nifti', 'pm', 'seg', 'sc'], volumes, detectorOf(0.5), 'run');
    await writer.write({ one, mapOf: (k) => maps.slice(k), score: 1, millilitres: null });
    const path = `out/volumes/${one.file}`;
    const [map, mask] = [await NiftiFile.open(fs, `${path}.nii.gz`), await NiftiFile.open(fs, `${path}_mask.nii.gz`)];
    const firsts: number[][] = [];
    for (let k = 0; k < 5; k++) firsts.push([(await map.slice(k))[0], (await mask.slice(k))[0]]);
    // Where one neighbour is missing, the other one decides.
    assert.deepEqual(firsts, [
      [0, 0],
      [0, 0],
      [Number.NaN, 0],
      [1, 1],
      [1, 1],
    ]);
    const { affine } = map.header;
    assertClose([...apply(affine, 0, 0, 3)], [-10, -20, 6], { absolute: 1e-5 });
    for (const [kind, frames] of [
      ['pm', heights],
      ['seg', [6, 8]],
    ] as const) {
      const made = DicomFile.read(await fs.readFile(`${path}.${kind}.dcm`), kind);
      const found = Array.from({ length: made.format.frames }, (_, k) => made.place(k).position![2]);
      assert.deepEqual(found, [...frames], kind);
    }
  });

  test('a series that two of the given places hold is said to count twice', async () => {
    const fs = folder([0, 1, 2].map((z) => sliceFile(z)));
    for (const { name } of await fs.list('s')) await fs.writeFile(`copy/${name}`, await fs.readFile(`s/${name}`));
    const notesOf = async (...paths: string[]) =>
      (await volumesToScore(fs, paths, { ...RULES, window: '10,1' }, '')).notes.join();
    assert.match(await notesOf('s', 'copy'), /^series [0-9a-f]{8} is at 2 of the places that were given/);
    assert.equal(await notesOf('copy'), '');
  });

  test('results that cannot be are refused before anything is scored', async () => {
    const nifti = await results(1, 'nifti');
    const open = (kinds: VolumeResult[]) => nifti.write(kinds);
    await expectFailure('usage', [/^--write pm,sr refers to DICOM series/], () => open(['pm', 'sr']));
    const { write } = await results(1);
    await expectFailure('usage', [/needs a threshold of the map/], () => write(['seg'], null));
    await write(['nifti'], null);
    const fs = folder([0, 1, 2].map((z) => sliceFile(z, { instance: '' })));
    await fs.writeFile('run', 'adapters');
    const { volumes } = await volumesToScore(fs, ['s'], { ...RULES, window: '10,1' }, '');
    const nameless = () => VolumeResults.open(fs, 'out', ['pm'], volumes, detectorOf(0.5), 'run');
    await expectFailure('bad_data', [/do not say of which study/], nameless);
  });
});
