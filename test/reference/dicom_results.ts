/**
 * Writes phantom series, as files and as enhanced objects, and X-rays, a map of them and all results that `predict --write` knows below a
 * folder, for `dicom_results.py`, which reads them with other programs: `deno run -A test/reference/dicom_results.ts FOLDER`.
 */
import process from 'node:process';
import { joinPath } from '../../src/base/paths.ts';
import { VOLUME_RESULTS, type VolumeResult, VolumeResults } from '../../src/detect/volume_results.ts';
import { uidOf } from '../../src/dicom/write.ts';
import { disk } from '../../src/host/disk.ts';
import { encodeNifti } from '../../src/nifti/write.ts';
import { writePhantomVolumes } from '../../src/phantom/write_volumes.ts';
import { type VolumeToScore, volumesToScore } from '../../src/volume/to_score.ts';
import { detectorOf, mapOf } from '../detect/made_results.ts';
import { becomeEnhanced } from '../volume/enhanced_maker.ts';
import { sliceFile } from '../volume/series_maker.ts';

/** The folders of the phantom's two patients. */
function foldersOfSeries(path: string): string[] {
  const [set] = path
    .split('/')
    .slice(-1)
    .map((name) => name.toLowerCase());
  return [`${path}/test/good/${set}_7_4000000`, `${path}/test/${set}_7_4000001`];
}

const [out] = process.argv.slice(2);
const kinds = Object.keys(VOLUME_RESULTS) as VolumeResult[];
await disk.writeFile(joinPath(out, 'adapters'), 'adapters');
const cases = [
  ['brain', 'files'],
  ['liver', 'files'],
  ['brain', 'enhanced'],
  ['liver', 'enhanced'],
] as const;
for (const [set, kind] of cases) {
  const options = {
    set,
    out: joinPath(out, kind),
    seed: 7,
    valid: 0,
    test: 2,
    size: 48,
    depth: 12,
    format: 'dicom',
  } as const;
  const path = await writePhantomVolumes(disk, options);
  for (const folder of kind === 'enhanced' ? foldersOfSeries(path) : [])
    await becomeEnhanced(disk, folder, await uidOf(folder));
  const rules = { window: set === 'brain' ? 'auto' : 'liver', plane: 'auto', accept: '', volume: null } as const;
  const { volumes } = await volumesToScore(disk, [path], rules, set);
  await writeResults(volumes, `results-${set}-${kind}`, kinds);
}

// Two X-rays: one has a frame of reference, neither a place.
for (const [i, frameOfReference] of ['', '1.2.826.77.9'].entries()) {
  const bytes = sliceFile(0, {
    ...{
      position: null,
      orientation: null,
      modality: 'DX',
      patient: `X${i}`,
      instance: `1.2.826.77.3.${i}`,
      frameOfReference,
    },
    grey: { rows: 40, columns: 48, signed: false, pixels: Array.from({ length: 40 * 48 }, (_, at) => (7 * at) % 900) },
    more: [
      [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.1.1'],
      [0x00200062, 'CS', 'L'],
      [0x00281050, 'DS', '450'],
      [0x00281051, 'DS', '900'],
    ],
  });
  await disk.writeFile(joinPath(out, 'xrays', `IM${i}.dcm`), bytes);
}
const rules = { window: 'auto', plane: 'auto', accept: '', volume: null } as const;
const { volumes } = await volumesToScore(disk, [joinPath(out, 'xrays')], rules, '');
await writeResults(volumes, 'results-xrays', ['sc', 'seg', 'fractions', 'sr']);

/** Results of made maps: the second one has nothing above the level. */
async function writeResults(
  volumes: readonly VolumeToScore[],
  name: string,
  asked: readonly VolumeResult[],
): Promise<void> {
  const folder = joinPath(out, name);
  const results = await VolumeResults.open(disk, folder, asked, volumes, detectorOf(0.5), joinPath(out, 'adapters'));
  for (const [i, one] of volumes.entries()) {
    const { shape, affine, placed } = one.source;
    // Of one slice the map's height is a seventh.
    const map = mapOf(shape, (i === 0 ? 1 : 0.4) * (placed ? 1 : 7));
    const [width, height] = shape;
    const sliceOf = (k: number) => map.slice(k * width * height, (k + 1) * width * height);
    const millilitres = placed ? (i === 0 ? 3.5 : 0) : null;
    await results.write({ one, mapOf: sliceOf, score: 1.25, millilitres });
    await disk.writeFile(joinPath(folder, 'truth', `${one.file}.nii.gz`), encodeNifti({ shape, affine, data: map }));
  }
}
