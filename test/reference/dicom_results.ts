/**
 * Writes phantom series, as files and as enhanced objects, a map of them and all results that `predict --write` knows below a folder, for
 * `dicom_results.py`, which reads them with other programs: `deno run -A test/reference/dicom_results.ts FOLDER`.
 */
import process from 'node:process';
import { joinPath } from '../../src/base/paths.ts';
import { VOLUME_RESULTS, type VolumeResult, VolumeResults } from '../../src/detect/volume_results.ts';
import { uidOf } from '../../src/dicom/write.ts';
import { disk } from '../../src/host/disk.ts';
import { encodeNifti } from '../../src/nifti/write.ts';
import { writePhantomVolumes } from '../../src/phantom/write_volumes.ts';
import { volumesToScore } from '../../src/volume/to_score.ts';
import { detectorOf, mapOf } from '../detect/made_results.ts';
import { becomeEnhanced } from '../volume/enhanced_maker.ts';

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
  const results = await VolumeResults.open(
    disk,
    joinPath(out, `results-${set}-${kind}`),
    kinds,
    volumes,
    detectorOf(0.5),
    joinPath(out, 'adapters'),
  );
  for (const [i, one] of volumes.entries()) {
    // The second volume has nothing above the level.
    const map = mapOf(one.source.shape, i === 0 ? 1 : 0.4);
    const [width, height] = one.source.shape;
    const sliceOf = (k: number) => map.slice(k * width * height, (k + 1) * width * height);
    await results.write({ one, mapOf: sliceOf, score: 1.25, millilitres: i === 0 ? 3.5 : 0 });
    await disk.writeFile(
      joinPath(out, `results-${set}-${kind}`, 'truth', `${one.file}.nii.gz`),
      encodeNifti({ shape: one.source.shape, affine: one.source.affine, data: map }),
    );
  }
}
