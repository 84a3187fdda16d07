import type { FileSystem } from '../base/file_system.ts';
import type { Image } from '../data/image.ts';
import type { FusionRanges } from '../fusion/index.ts';
import type { Parameter } from '../nn/index.ts';
import { notOurs, type RunHeader } from '../run/run_config.ts';
import { STORED_INFERENCE } from '../run/stored.ts';
import type { Thresholds } from './judge.ts';
import { floats, openTensorFile, readAll, type StoredTensor, stored, writeTensorFile } from './tensor_file.ts';

/** The file that inference needs: weights, settings, thresholds and the normal support images. */
export interface AdapterFile {
  readonly header: RunHeader;
  /** By name of the parameter. */
  readonly weights: ReadonlyMap<string, StoredTensor>;
  readonly normals: readonly Image[];
  readonly thresholds: Thresholds;
  /** For `fuse calib`. */
  readonly ranges: FusionRanges | null;
  /** How the weights were chosen, e.g. `valid` or `last`. */
  readonly selectedBy: string;
}

const NORMALS = 'support.normal';

/** Writes the file that inference needs. */
export async function saveAdapters(
  fs: FileSystem,
  path: string,
  file: Omit<AdapterFile, 'weights'>,
  parameters: readonly Parameter[],
): Promise<void> {
  const tensors = await readAll(new Map(parameters.map((p) => [p.name, p.value])), path);
  const { header, normals, thresholds, ranges, selectedBy } = file;
  const size = normals[0].width;
  const pixels = new Uint8Array(normals.length * size * size * 3);
  normals.forEach(({ data }, i) => {
    pixels.set(data, i * size * size * 3);
  });
  tensors.push([NORMALS, { dtype: 'U8', shape: [normals.length, size, size, 3], data: pixels }]);
  await writeTensorFile(fs, path, { what: 'adapters', header }, tensors, {
    inference: JSON.stringify({ thresholds, ranges, selectedBy }),
  });
}

/** Reads the file that `saveAdapters` wrote. Throws `io`, `bad_model`. */
export async function openAdapters(fs: FileSystem, path: string): Promise<AdapterFile> {
  const { tensors, metadata, header } = await openTensorFile(fs, path, 'adapters');
  const inference = stored(STORED_INFERENCE, metadata.get('inference'), path);
  const normals = tensors.get(NORMALS);
  if (normals?.dtype !== 'U8' || normals.shape.length !== 4) throw notOurs(path);
  const [count, size] = normals.shape;
  const bytes = size * size * 3;
  return {
    ...inference,
    header,
    weights: floats(tensors),
    normals: Array.from({ length: count }, (_, i) => ({
      width: size,
      height: size,
      channels: 3,
      data: normals.data.slice(i * bytes, (i + 1) * bytes),
    })),
  };
}
