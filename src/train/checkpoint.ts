import * as v from 'valibot';
import { firstNonFinite, openSafetensors, toFloat32, writeSafetensors } from '../clip/index.ts';
import type { FileSystem } from '../data/file_system.ts';
import { parseJson } from '../data/json.ts';
import type { FusionRanges } from '../fusion/index.ts';
import type { GpuArray } from '../gpu/array.ts';
import { FusionclipError } from '../gpu/errors.ts';
import type { Parameter } from '../nn/index.ts';
import { headerJson, notOurs, parseHeader, type RunHeader } from './header.ts';
import type { Thresholds } from './judge.ts';
import type { RunState } from './run_state.ts';
import { STORED_INFERENCE, STORED_STATE } from './stored.ts';
import { bankSentence, bankTensors, isBankTensor, readBank, type SupportBank } from './support_bank.ts';
import type { Trainer } from './trainer.ts';

/** What a checkpoint holds beside tensors. */
interface Facts {
  readonly what: 'checkpoint' | 'weights' | 'adapters';
  readonly header: RunHeader;
}

/** The file that inference needs: weights, settings, thresholds and what is kept of the normal support images. */
export interface AdapterFile {
  readonly header: RunHeader;
  /** By name of the parameter. */
  readonly weights: ReadonlyMap<string, StoredTensor>;
  readonly bank: SupportBank;
  readonly thresholds: Thresholds;
  /** For `fuse calib`. */
  readonly ranges: FusionRanges | null;
  /** How the weights were chosen, e.g. `valid` or `last`. */
  readonly selectedBy: string;
}

/** A tensor of a file. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array<ArrayBuffer>;
}

const FORMAT = 'fusionclip';

/** Writes everything that training needs to go on with the same bits: weights, moments and the state of the run. */
export async function saveCheckpoint(
  fs: FileSystem,
  path: string,
  header: RunHeader,
  trainer: Trainer,
  state: RunState,
): Promise<void> {
  const tensors = new Map<string, GpuArray>(trainer.detector.method.parameters.map((p) => [p.name, p.value]));
  for (const [name, moments] of trainer.adam.state()) tensors.set(name, moments);
  await write(fs, path, { what: 'checkpoint', header }, await readAll(tensors, path), { state: JSON.stringify(state) });
}

/**
 * Puts a checkpoint's weights, moments and step into a trainer of the same settings.
 * @throws FusionclipError `bad_model` when the file is damaged or belongs to other settings
 */
export async function loadCheckpoint(fs: FileSystem, path: string, trainer: Trainer): Promise<RunState> {
  const { tensors, metadata } = await open(fs, path, 'checkpoint');
  const state = stored(STORED_STATE, metadata.get('state'), path);
  const targets = new Map<string, GpuArray>(trainer.detector.method.parameters.map((p) => [p.name, p.value]));
  for (const [name, moments] of trainer.adam.state()) targets.set(name, moments);
  restoreTensors(path, targets, floats(tensors));
  trainer.resumeAt(state.step);
  return state;
}

/** Reads only the state of a checkpoint. Throws as {@link loadCheckpoint}. */
export async function readState(fs: FileSystem, path: string): Promise<RunState> {
  return stored(STORED_STATE, (await open(fs, path, 'checkpoint')).metadata.get('state'), path);
}

/** Writes the weights alone. */
export async function saveWeights(
  fs: FileSystem,
  path: string,
  header: RunHeader,
  parameters: readonly Parameter[],
): Promise<void> {
  const tensors = new Map(parameters.map((p) => [p.name, p.value]));
  await write(fs, path, { what: 'weights', header }, await readAll(tensors, path), {});
}

/** Reads weights that were written by {@link saveWeights} into parameters. Throws `bad_model`. */
export async function loadWeights(fs: FileSystem, path: string, parameters: readonly Parameter[]): Promise<void> {
  const { tensors } = await open(fs, path, 'weights');
  restoreTensors(path, new Map(parameters.map((p) => [p.name, p.value])), floats(tensors));
}

/** Writes the file that inference needs. */
export async function saveAdapters(
  fs: FileSystem,
  path: string,
  file: Omit<AdapterFile, 'weights'>,
  parameters: readonly Parameter[],
): Promise<void> {
  const tensors = await readAll(new Map(parameters.map((p) => [p.name, p.value])), path);
  const { header, bank, thresholds, ranges, selectedBy } = file;
  const { kind, images } = bank;
  await write(fs, path, { what: 'adapters', header }, [...tensors, ...bankTensors(bank)], {
    bank: kind,
    // For whoever opens the file with other tools.
    contains: bankSentence(bank, 'This file'),
    inference: JSON.stringify({ thresholds, ranges, selectedBy, images }),
  });
}

/** Reads the file that {@link saveAdapters} wrote. Throws `io`, `bad_model`. */
export async function openAdapters(fs: FileSystem, path: string): Promise<AdapterFile> {
  const { tensors, metadata, header } = await open(fs, path, 'adapters');
  const { images, ...inference } = stored(STORED_INFERENCE, metadata.get('inference'), path);
  const all = floats(tensors);
  const bank = readBank(metadata.get('bank') as SupportBank['kind'] | undefined, images, tensors, all);
  if (!bank) throw notOurs(path);
  const weights = new Map([...all].filter(([name]) => !isBankTensor(name)));
  return { ...inference, header, weights, bank };
}

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

/** A text of the metadata in its shape. */
function stored<S extends v.GenericSchema>(schema: S, text: string | undefined, path: string): v.InferOutput<S> {
  try {
    return parseJson(schema, text ?? '');
  } catch {
    throw notOurs(path);
  }
}

type Entry = [string, { dtype: string; shape: readonly number[]; data: Uint8Array }];

/** Values from the GPU as tensors of a file; a checkpoint of NaNs would only hide where they came from. */
async function readAll(arrays: ReadonlyMap<string, GpuArray>, path: string): Promise<Entry[]> {
  const out: Entry[] = [];
  for (const [name, array] of arrays) {
    const values = await array.read();
    const at = firstNonFinite(values);
    if (at >= 0) {
      throw new FusionclipError(
        'not_finite',
        `${name} became ${values[at]}, so ${path} was not written; lower --lr.adapter and --lr.prompt. ` +
          'The checkpoint before it is kept.',
      );
    }
    out.push([name, { dtype: 'F32', shape: array.shape, data: new Uint8Array(values.buffer, 0, 4 * values.length) }]);
  }
  return out;
}

async function write(
  fs: FileSystem,
  path: string,
  { what, header }: Facts,
  tensors: readonly Entry[],
  more: Readonly<Record<string, string>>,
): Promise<void> {
  const metadata = { format: FORMAT, what, header: JSON.stringify(headerJson(header)), ...more };
  await fs.writeFile(path, writeSafetensors(tensors, metadata));
}

interface OpenedFile {
  readonly tensors: ReadonlyMap<string, { dtype: string; shape: readonly number[]; data: Uint8Array }>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly header: RunHeader;
}

async function open(fs: FileSystem, path: string, what: Facts['what']): Promise<OpenedFile> {
  const size = (await fs.stat(path))?.bytes;
  if (size === undefined) throw new FusionclipError('io', `There is no file ${path}; check the path.`);
  const file = await openSafetensors({ name: path, size, read: (at, length) => fs.readRange(path, at, length) });
  const { metadata } = file;
  if (metadata.get('format') !== FORMAT || metadata.get('what') !== what) throw notOurs(path);
  const tensors: [string, { dtype: string; shape: readonly number[]; data: Uint8Array }][] = [];
  for (const [name, { dtype, shape }] of file.tensors)
    tensors.push([name, { dtype, shape, data: await file.read(name) }]);
  return {
    tensors: new Map(tensors),
    metadata,
    header: parseHeader(stored(v.unknown(), metadata.get('header'), path), path),
  };
}

function floats(tensors: OpenedFile['tensors']): Map<string, StoredTensor> {
  const out = new Map<string, StoredTensor>();
  for (const [name, { dtype, shape, data }] of tensors) {
    if (dtype === 'F32') out.set(name, { shape, values: toFloat32(dtype, data) });
  }
  return out;
}

function misfit(file: string, what: string): FusionclipError {
  return new FusionclipError('bad_model', `${file} does not fit these settings: ${what}; use those it was made with.`);
}
