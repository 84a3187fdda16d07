import { array, boolean, type InferOutput, literal, number, object, picklist, record, string, unknown } from 'valibot';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { isObject, parseJson } from '../base/json.ts';
import { requireKnownVersion } from '../base/known_version.ts';
import { joinPath } from '../base/paths.ts';
import { sha256 } from '../base/sha256.ts';
import { VERSION } from '../base/version.ts';
import { visible } from '../base/visible.ts';
import { FolderLock, namesIn } from '../run/lock.ts';
import type { CutShard } from './cut.ts';
import { LineWriter } from './line_files.ts';

const COLUMN = object({ name: string(), type: picklist(['text', 'number', 'boolean']) });
/** A column of the results. */
export type Column = InferOutput<typeof COLUMN>;

/** How the files of a plan are laid out. */
const FORMAT = 1;

const SCHEMA = object({
  fusionclip: string(),
  plan: picklist(['archive', 'volumes', 'grid']),
  format: literal(FORMAT),
  /** SHA-256 of `config`, which the ids of the shards are made with. */
  hash: string(),
  /** What results depend on beside the inputs. */
  config: record(string(), unknown()),
  /** Where things lay when it was planned; a worker may be told another place. */
  places: record(string(), string()),
  columns: array(COLUMN),
  shards: number(),
  inputs: number(),
  images: number(),
  /** Inputs that were listed more than once. */
  duplicates: number(),
  /** SHA-256 of the index. */
  index: string(),
  sorted: boolean(),
});

/** `plan.json`. */
export type PlanFacts = InferOutput<typeof SCHEMA>;

/** What is known of a plan before its inputs are. */
export type PlanHead = Pick<PlanFacts, 'plan' | 'config' | 'places' | 'columns' | 'sorted'>;

/** A shard as the index has it. */
export interface Shard {
  /** From 0, in the order of the plan. */
  readonly number: number;
  /** Hash of its inputs, the model and the configuration. */
  readonly id: string;
  /** Bytes of `inputs.txt`. */
  readonly from: number;
  readonly bytes: number;
  readonly inputs: number;
  readonly images: number;
}

const PLAN = 'plan.json';
const INDEX = 'shards.txt';
const INPUTS = 'inputs.txt';
/** Where lines are sorted that do not fit into memory. */
export const SORT = 'sort';

/** Digits of an id: 96 bits. */
const ID = 24;
/** Digits of the numbers in a line of the index, all lines being of one length. */
const WIDTHS = [14, 10, 8, 8];
const LINE = ID + WIDTHS.reduce((sum, width) => sum + width + 1, 0) + 1;
/** Lines of the index that are read at once. */
const INDEX_BLOCK = 4096;

/** Writes a plan: the inputs, the index of the shards, and last of all `plan.json`, without which there is none. */
export class PlanWriter {
  readonly path: string;
  readonly #fs: FileSystem;
  readonly #head: PlanHead;
  readonly #hash: string;
  readonly #inputs: LineWriter;
  readonly #index: LineWriter;
  /** Of two who plan the same folder at once, one would sort the other's lines. */
  readonly #lock: FolderLock;
  #at = 0;
  #counts = { shards: 0, inputs: 0, images: 0 };

  private constructor(
    fs: FileSystem,
    path: string,
    head: PlanHead,
    hash: string,
    inputs: LineWriter,
    index: LineWriter,
    lock: FolderLock,
  ) {
    this.path = path;
    this.#fs = fs;
    this.#head = head;
    this.#hash = hash;
    this.#inputs = inputs;
    this.#index = index;
    this.#lock = lock;
  }

  /**
   * Begins a plan. In a folder that holds one of the same configuration the new one takes its place, and parts of shards that
   * both have stay.
   * @throws FusionclipError `usage` where a plan of another configuration, something else, or a process that plans is there
   */
  static async open(fs: FileSystem, path: string, head: PlanHead): Promise<PlanWriter> {
    const hash = await hashOf(head);
    if ((await fs.stat(path)) !== null) await requirePlace(fs, path, hash);
    const lock = await FolderLock.take(fs, path, () => {}, 0);
    try {
      await fs.remove(joinPath(path, SORT)); // of a process that was killed
      const inputs = await LineWriter.open(fs, joinPath(path, INPUTS));
      const index = await LineWriter.open(fs, joinPath(path, INDEX)).catch(async (error) => {
        await inputs.abort().catch(() => {});
        throw error;
      });
      return new PlanWriter(fs, path, head, hash, inputs, index, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Adds the next shard. */
  async add({ text, inputs, images }: CutShard): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    const id = await shardId(this.#hash, bytes);
    const numbers = [this.#at, bytes.length, inputs, images];
    const line = [id, ...numbers.map((value, i) => String(value).padStart(WIDTHS[i]))].join(' ');
    if (this.#index.add(`${line}\n`)) await this.#index.flush();
    if (this.#inputs.add(text)) await this.#inputs.flush();
    this.#at += bytes.length;
    const { shards, inputs: all, images: allImages } = this.#counts;
    this.#counts = { shards: shards + 1, inputs: all + inputs, images: allImages + images };
  }

  /** Writes what is known at the end. */
  async close(duplicates: number): Promise<Plan> {
    // A disk that is full is to say so while the plan that was there still is.
    await this.#inputs.flush();
    await this.#index.flush();
    // From here on there is none until all is written: a worker that starts now would read half of it.
    await this.#fs.remove(joinPath(this.path, PLAN));
    await this.#inputs.close();
    await this.#index.close();
    const index = await sha256(await this.#fs.readFile(joinPath(this.path, INDEX)));
    const facts: PlanFacts = {
      fusionclip: VERSION,
      ...this.#head,
      ...{ format: FORMAT, hash: this.#hash, ...this.#counts, duplicates, index },
    };
    await this.#fs.writeFile(joinPath(this.path, PLAN), `${JSON.stringify(facts, null, 2)}\n`);
    await this.#lock.release();
    return Plan.open(this.#fs, this.path);
  }

  /** Leaves nothing half-written: what was there stays, a folder that was not there goes. */
  async abort(): Promise<void> {
    await Promise.allSettled([this.#inputs.abort(), this.#index.abort()]);
    await this.#lock.release();
  }
}

/** Names that a plan's folder may hold. */
const OWN = new Set([
  ...[PLAN, INDEX, INPUTS, 'parts', 'failed', SORT, 'merged', 'runs', 'adapters.safetensors', 'cells.json', 'jobs'],
]);

/** Makes sure that a folder may become, or stays, that of a plan. @throws FusionclipError `usage` */
async function requirePlace(fs: FileSystem, path: string, hash: string): Promise<void> {
  if (await fs.stat(joinPath(path, PLAN))) {
    const there = await Plan.open(fs, path).catch((cause) => {
      if (!(cause instanceof FusionclipError) || cause.code === 'io') throw cause;
      const text = `${joinPath(path, PLAN)} is damaged, or of another version, and is not written over; remove it, or give another folder with --out.`;
      throw new FusionclipError('usage', text, { cause });
    });
    if (there.facts.hash === hash) return;
    throw new FusionclipError(
      'usage',
      `${path} holds a plan of another model or configuration; give another folder with --out.`,
    );
  }
  if ((await namesIn(fs, path)).every((name) => OWN.has(name))) return;
  throw new FusionclipError('usage', `${path} is no empty folder and holds no plan; give another one with --out.`);
}

/** A plan that was written. */
export class Plan {
  readonly path: string;
  readonly facts: PlanFacts;
  readonly #fs: FileSystem;

  private constructor(fs: FileSystem, path: string, facts: PlanFacts) {
    this.#fs = fs;
    this.path = path;
    this.facts = facts;
  }

  /** Reads a plan. @throws FusionclipError `usage` where there is none, `bad_data` where it cannot be read */
  static async open(fs: FileSystem, path: string): Promise<Plan> {
    const file = joinPath(path, PLAN);
    if ((await fs.stat(file))?.kind !== 'file')
      throw new FusionclipError('usage', `${path} holds no plan (${PLAN}); make one with fusionclip plan.`);
    const text = new TextDecoder().decode(await fs.readFile(file));
    try {
      const json = JSON.parse(text);
      requireKnownVersion(json, file, 'bad_data');
      if (isObject(json) && typeof json.format === 'number' && json.format !== FORMAT) {
        const why = `${file} is of format ${json.format}, and fusionclip ${VERSION} reads ${FORMAT}`;
        throw new FusionclipError('bad_data', `${why}; make the plan again, or use the version that made it.`);
      }
      const facts = parseJson(SCHEMA, text);
      // The ids of the shards are made with it: parts that are there would be of another configuration.
      if (facts.hash !== (await hashOf(facts))) throw new Error('its configuration was changed');
      return new Plan(fs, path, facts);
    } catch (cause) {
      if (cause instanceof FusionclipError) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new FusionclipError('bad_data', `${file} cannot be read (${visible(why)}); make the plan again.`, {
        cause,
      });
    }
  }

  /** The shards from one number up to another, in order. @throws FusionclipError `bad_data` for an index that is damaged */
  async *shards(from = 0, to = this.facts.shards): AsyncGenerator<Shard> {
    for (let at = from; at < to; at += INDEX_BLOCK) {
      const count = Math.min(INDEX_BLOCK, to - at);
      const bytes = await this.#range(INDEX, at * LINE, count * LINE);
      const lines = new TextDecoder().decode(bytes).split('\n');
      for (let i = 0; i < count; i++) yield this.#shard(at + i, lines[i] ?? '');
    }
  }

  /** The shard of an id or a part of one. @throws FusionclipError `usage` */
  async find(id: string): Promise<Shard> {
    const found: Shard[] = [];
    for await (const shard of this.shards()) if (shard.id.startsWith(id)) found.push(shard);
    if (found.length === 1) return found[0];
    const what = found.length === 0 ? 'no shard' : `${found.length} shards`;
    throw new FusionclipError('usage', `${this.path} has ${what} "${visible(id)}"; shards.txt lists them.`);
  }

  /** The lines of a shard's inputs. @throws FusionclipError `bad_data` where they are not those that were planned */
  async lines(shard: Shard): Promise<string[]> {
    const bytes = await this.#range(INPUTS, shard.from, shard.bytes);
    const lines = new TextDecoder().decode(bytes).split('\n').slice(0, -1);
    if (lines.length !== shard.inputs || (await shardId(this.facts.hash, bytes)) !== shard.id) {
      throw new FusionclipError('bad_data', `${joinPath(this.path, INPUTS)} was changed; make the plan again.`);
    }
    return lines;
  }

  /** Whether the index is as it was written, and all of it is told of. @throws FusionclipError `bad_data` */
  async check(): Promise<void> {
    const { index, shards, inputs } = this.facts;
    const path = joinPath(this.path, INDEX);
    if ((await sha256(await this.#range(INDEX, 0, Number.MAX_SAFE_INTEGER))) !== index)
      throw new FusionclipError('bad_data', `${path} was changed; make the plan again.`);
    let told = 0;
    for await (const shard of this.shards()) told += shard.inputs;
    if ((await this.#fs.stat(path))?.bytes === shards * LINE && told === inputs) return;
    throw new FusionclipError('bad_data', `${joinPath(this.path, PLAN)} was changed; make the plan again.`);
  }

  /** Bytes of a file of the plan. @throws FusionclipError `bad_data` where it is gone, which another try does not mend */
  async #range(name: string, from: number, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const path = joinPath(this.path, name);
    try {
      return await this.#fs.readRange(path, from, bytes);
    } catch (cause) {
      // With the plan itself the place where it lies is gone, and that may come back.
      const isHere = (await this.#fs.stat(joinPath(this.path, PLAN))) !== null;
      if (!isHere || (await this.#fs.stat(path))?.kind === 'file') throw cause;
      throw new FusionclipError('bad_data', `${path} is not there any more; make the plan again.`, { cause });
    }
  }

  #shard(number: number, line: string): Shard {
    const [id, ...numbers] = line.trim().split(/ +/);
    const [from, bytes, inputs, images] = numbers.map(Number);
    if (line.length !== LINE - 1 || id.length !== ID || numbers.length !== 4) {
      throw new FusionclipError('bad_data', `${joinPath(this.path, INDEX)} is damaged; make the plan again.`);
    }
    return { number, id, from, bytes, inputs, images };
  }
}

/** What the ids of the shards are made with beside their inputs. */
async function hashOf({ plan, config }: Pick<PlanFacts, 'plan' | 'config'>): Promise<string> {
  return sha256(new TextEncoder().encode(JSON.stringify([plan, config])));
}

async function shardId(hash: string, inputs: Uint8Array<ArrayBuffer>): Promise<string> {
  return (await sha256(new TextEncoder().encode(`${hash}\n`), inputs)).slice(0, ID);
}
