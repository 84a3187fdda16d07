import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { writeNiftiSlices } from '../nifti/write.ts';
import type { GridMaps } from '../volume/grid_maps.ts';
import { bareStem } from '../volume/pair_lesions.ts';
import { fileName, uniqueName } from '../volume/sliced_volume.ts';
import type { Volume } from '../volume/volume.ts';

/** The folder of a run or of predictions that holds what is written of volumes. */
const VOLUMES = 'volumes';

/** The path of a file of a volume, `ending` and all. */
export function volumeFile(out: string, file: string, ending: string): string {
  return joinPath(out, VOLUMES, file + ending);
}

/**
 * Writes the map of a volume as `volumes/NAME.nii.gz` and, where there is a threshold, what reaches it as
 * `volumes/NAME_mask.nii.gz`, on the volume's own grid.
 */
export async function writeVolumeMap(
  fs: FileSystem,
  out: string,
  file: string,
  grid: Pick<Volume, 'shape' | 'affine'>,
  mapOf: (k: number) => Float32Array<ArrayBuffer>,
  level: number | null,
): Promise<void> {
  await writeNiftiSlices(fs, volumeFile(out, file, '.nii.gz'), grid, mapOf);
  if (level === null) return;
  const marks = (k: number) => Uint8Array.from(mapOf(k), (value) => (value >= level ? 1 : 0));
  await writeNiftiSlices(fs, volumeFile(out, file, '_mask.nii.gz'), grid, marks);
}

/** Writes the maps of volumes one after the other, under names of their own. */
export function volumeMapWriter(fs: FileSystem, out: string, level: number | null) {
  const taken = new Set<string>();
  return async ({ name, shape, affine }: Pick<Volume, 'name' | 'shape' | 'affine'>, maps: GridMaps): Promise<void> => {
    const file = uniqueName(fileName(bareStem(name)), taken);
    await writeVolumeMap(fs, out, file, { shape, affine }, (k) => maps.slice(k), level);
  };
}
