import * as v from 'valibot';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { parseJson } from '../base/json.ts';
import { firstNonFinite, toFloat32 } from '../clip/half.ts';
import type { GpuArray } from '../gpu/array.ts';
import { headerJson, notOurs, parseHeader, type RunConfig } from '../run/run_config.ts';
import { openSealed, sealedSafetensors } from '../run/sealed_file.ts';

/** What a file of a run holds beside tensors. */
export interface TensorFileFacts {
  readonly what: 'checkpoint' | 'weights' | 'adapters';
  readonly header: RunConfig;
}

/** A tensor of a file. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array<ArrayBuffer>;
}

/** `format` of files that had no checksum yet. */
const UNSEALED = 'fusionclip';

/** Writes values into arrays of the same names and shapes. Throws `bad_model` when they do not correspond. */
export function restoreTensors(
  file: string,
  targets: ReadonlyMap<string, GpuArray>,
  tensors: ReadonlyMap<string, StoredTensor>,
): void {
  for (const name of tensors.keys()) if (!targets.has(name)) throw misfit(file, `it has ${name}, the model has not`);
  for (const [name, target] of targets) {
    const tensor = tensors.get(name);
    if (!tensor) throw misfit(file, `it has no ${name}`);
    if (String(tensor.shape) !== String(target.shape)) {
      throw misfit(file, `${name} has the shape [${tensor.shape}], not [${target.shape}]`);
    }
    const at = firstNonFinite(tensor.values);
    if (at >= 0) throw misfit(file, `${name} holds ${tensor.values[at]}`);
  }
  for (const [name, target] of targets) target.write(tensors.get(name)!.values);
}

/** A text of the metadata in its shape. Throws `bad_model`. @internal its type is that of a library which users do not have */
export function stored<S extends v.GenericSchema>(schema: S, text: string | undefined, path: string): v.InferOutput<S> {
  try {
    return parseJson(schema, text ?? '');
  } catch {
    throw notOurs(path);
  }
}

/** A tensor as it is written. */
export type TensorEntry = [string, { dtype: string; shape: readonly number[]; data: Uint8Array }];

/** Values from the GPU as tensors of a file; a checkpoint of NaNs would only hide where they came from. */
export async function readAll(arrays: ReadonlyMap<string, GpuArray>, path: string): Promise<TensorEntry[]> {
  const out: TensorEntry[] = [];
  for (const bunch of bunches([...arrays])) {
    const read = await Promise.all(bunch.map(([, array]) => array.read()));
    bunch.forEach(([name, { shape }], i) => {
      const values = read[i];
      const at = firstNonFinite(values);
      if (at >= 0) {
        throw new FusionclipError(
          'not_finite',
          `${name} became ${values[at]}, so ${path} was not written; lower --lr.adapter and --lr.prompt. ` +
            'The checkpoint before it is kept.',
        );
      }
      out.push([name, { dtype: 'F32', shape, data: new Uint8Array(values.buffer, 0, 4 * values.length) }]);
    });
  }
  return out;
}

/** Values that are read at once: a runtime looks for what has arrived some ten milliseconds later, whatever the size. */
const BUNCH = 2 ** 24;

/** Arrays in their order, {@link BUNCH} values or one array at a time. */
function* bunches(arrays: readonly [string, GpuArray][]): Generator<[string, GpuArray][]> {
  let bunch: [string, GpuArray][] = [];
  let size = 0;
  for (const entry of arrays) {
    if (bunch.length > 0 && size + entry[1].size > BUNCH) {
      yield bunch;
      bunch = [];
      size = 0;
    }
    bunch.push(entry);
    size += entry[1].size;
  }
  if (bunch.length > 0) yield bunch;
}

/** Writes tensors with what a reader has to know of the run. */
export async function writeTensorFile(
  fs: FileSystem,
  path: string,
  { what, header }: TensorFileFacts,
  tensors: readonly TensorEntry[],
  more: Readonly<Record<string, string>>,
): Promise<void> {
  const metadata = { what, header: JSON.stringify(headerJson(header)), ...more };
  await fs.writeFile(path, await sealedSafetensors(tensors, metadata));
}

/** A file of a run that was read whole. */
export interface OpenedFile {
  readonly tensors: ReadonlyMap<string, { dtype: string; shape: readonly number[]; data: Uint8Array }>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly header: RunConfig;
}

/** Reads what {@link writeTensorFile} wrote. Throws `io`, `bad_model`. */
export async function openTensorFile(fs: FileSystem, path: string, what: TensorFileFacts['what']): Promise<OpenedFile> {
  const { file, sealed } = await openSealed(fs, path);
  const { metadata } = file;
  if (!(sealed || metadata.get('format') === UNSEALED) || metadata.get('what') !== what) throw notOurs(path);
  const tensors: [string, { dtype: string; shape: readonly number[]; data: Uint8Array }][] = [];
  for (const [name, { dtype, shape }] of file.tensors)
    tensors.push([name, { dtype, shape, data: await file.read(name) }]);
  return {
    tensors: new Map(tensors),
    metadata,
    header: parseHeader(stored(v.unknown(), metadata.get('header'), path), path),
  };
}

/** The tensors of floats. */
export function floats(tensors: OpenedFile['tensors']): Map<string, StoredTensor> {
  const out = new Map<string, StoredTensor>();
  for (const [name, { dtype, shape, data }] of tensors) {
    if (dtype === 'F32') out.set(name, { shape, values: toFloat32(dtype, data) });
  }
  return out;
}

function misfit(file: string, what: string): FusionclipError {
  return new FusionclipError('bad_model', `${file} does not fit these settings: ${what}; use those it was made with.`);
}
