import { boolean, type InferOutput, nullable, number, object, string } from 'valibot';
import { csvText } from '../base/csv.ts';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { parseJson } from '../base/json.ts';
import { joinPath } from '../base/paths.ts';
import { sha256 } from '../base/sha256.ts';
import { VERSION } from '../base/version.ts';
import type { Plan, Shard } from './plan.ts';

const RECORD = object({
  fusionclip: string(),
  part: string(),
  rows: number(),
  /** SHA-256 of the rows. */
  sha256: string(),
  /** SHA-256 over those of the inputs, in order. */
  inputs: string(),
  adapter: string(),
  runtime: string(),
  seconds: number(),
});

/** How a part came about. */
export type PartRecord = InferOutput<typeof RECORD>;

/** Who did a shard, and how long it took. */
export type PartMaker = Pick<PartRecord, 'adapter' | 'runtime' | 'seconds'>;

/** A part that was read. */
export interface Part {
  readonly record: PartRecord;
  /** Its rows as lines of CSV. */
  readonly rows: string;
}

const FAILURE = object({
  id: string(),
  /** An `ErrorCode`, or one of a later version. */
  code: nullable(string()),
  reason: string(),
  /** Whether it will never do. */
  final: boolean(),
});

/** Why a shard could not be done. */
export type ShardFailure = Readonly<InferOutput<typeof FAILURE>>;

/** Where the part of a shard lies. */
export function partPath(plan: Plan, { id }: Pick<Shard, 'id'>): string {
  return joinPath(plan.path, 'parts', id.slice(0, 2), `${id}.part`);
}

function failurePath(plan: Plan, { id }: Pick<Shard, 'id'>): string {
  return joinPath(plan.path, 'failed', `${id}.json`);
}

/** Makes sure, before anything is computed, that parts can be written. @throws FusionclipError `io` */
export async function requireRoom(fs: FileSystem, plan: Plan): Promise<void> {
  const path = joinPath(plan.path, 'parts', `.room-${crypto.randomUUID()}.tmp`);
  await fs.writeFile(path, '');
  await fs.remove(path);
}

/** Whether the part of a shard is there; what is no file is none, and {@link isDone} says so to who does the shard. */
export async function hasPart(fs: FileSystem, plan: Plan, shard: Pick<Shard, 'id'>): Promise<boolean> {
  return (await fs.stat(partPath(plan, shard)))?.kind === 'file';
}

/** Whether a shard is done. @throws FusionclipError `bad_data` where something else than a file lies in the place of its part */
export async function isDone(fs: FileSystem, plan: Plan, shard: Pick<Shard, 'id'>): Promise<boolean> {
  const path = partPath(plan, shard);
  const there = await fs.stat(path);
  if (there === null || there.kind === 'file') return there !== null;
  throw new FusionclipError('bad_data', `${path} is no file, where a part is to lie; remove it, and it is made again.`);
}

/**
 * Writes the part of a shard: its record as a line of JSON, then the rows. It is whole under its name, or not there.
 * @param rows cells: the input, its patient, the SHA-256 of its bytes, and the columns of the plan
 */
export async function writePart(
  fs: FileSystem,
  plan: Plan,
  shard: Shard,
  rows: readonly (readonly string[])[],
  maker: PartMaker,
): Promise<void> {
  const encoder = new TextEncoder();
  const text = csvText(rows);
  const record: PartRecord = {
    fusionclip: VERSION,
    part: shard.id,
    rows: rows.length,
    sha256: await sha256(encoder.encode(text)),
    inputs: await sha256(encoder.encode(rows.map((cells) => cells[2]).join('\n'))),
    ...maker,
  };
  await fs.writeFile(partPath(plan, shard), `${JSON.stringify(record)}\n${text}`);
  // A folder in its place is somebody's, and says nothing of a shard whose part is there.
  const failure = failurePath(plan, shard);
  if ((await fs.stat(failure))?.kind === 'file') await fs.remove(failure);
}

/**
 * The part of a shard; null where there is none.
 * @throws FusionclipError `bad_data` for one that is damaged
 */
export async function readPart(fs: FileSystem, plan: Plan, shard: Shard): Promise<Part | null> {
  const path = partPath(plan, shard);
  const there = await fs.stat(path);
  if (!there) return null;
  if (there.kind !== 'file')
    throw new FusionclipError('bad_data', `${path} is no file; remove it, and it is made again.`);
  const bytes = await fs.readFile(path);
  const at = bytes.indexOf(10) + 1;
  const body = bytes.slice(at);
  try {
    const record = parseJson(RECORD, new TextDecoder().decode(bytes.subarray(0, at)));
    if (record.part !== shard.id) throw new Error('is of another shard');
    if (record.sha256 !== (await sha256(body))) throw new Error('was changed');
    return { record, rows: new TextDecoder().decode(body) };
  } catch (cause) {
    throw new FusionclipError('bad_data', `${path} is damaged; remove it, and it is made again.`, { cause });
  }
}

/** Moves what cannot be what its name says out of the way, under a name that nothing has. */
export async function setAside(fs: FileSystem, path: string): Promise<void> {
  let [to, number] = [`${path}.damaged`, 1];
  while (await fs.stat(to)) to = `${path}.damaged-${++number}`;
  await fs.rename(path, to);
}

/** Writes down why a shard could not be done. */
export async function writeFailure(fs: FileSystem, plan: Plan, failure: ShardFailure): Promise<void> {
  const path = failurePath(plan, failure);
  const there = await fs.stat(path);
  if (there !== null && there.kind !== 'file') await setAside(fs, path);
  await fs.writeFile(path, `${JSON.stringify(failure)}\n`);
}

/** Why a shard could not be done, the last time; null where that is not known. Of a record that is damaged it is known that the shard failed. */
export async function readFailure(fs: FileSystem, plan: Plan, { id }: Pick<Shard, 'id'>): Promise<ShardFailure | null> {
  const path = failurePath(plan, { id });
  const there = await fs.stat(path);
  if (there === null) return null;
  const damaged = { id, code: null, final: false };
  if (there.kind !== 'file')
    return { ...damaged, reason: `${path} is no file, where the reason is to lie; remove it.` };
  const text = new TextDecoder().decode(await fs.readFile(path));
  try {
    const failure = parseJson(FAILURE, text);
    if (failure.id === id) return failure;
  } catch {} // as one of another shard
  return { ...damaged, reason: `${path}, where the reason is to lie, is damaged; the shard can be tried again.` };
}
