import { FusionclipError } from '../base/errors.ts';
import { joinPath } from '../base/paths.ts';
import { sha256 } from '../base/sha256.ts';
import type { RangeSetting } from '../data/range/rule.ts';
import type { ModelSource } from '../detect/backbone.ts';
import { predictTrained } from '../detect/predict.ts';
import { predictVolumes, type VolumeRow } from '../detect/predict_volumes.ts';
import type { FileRow } from '../detect/predictions.ts';
import type { RunContext } from '../detect/run_context.ts';
import { TrainedDetector } from '../detect/trained.ts';
import { isDicomWeb } from '../dicomweb/address.ts';
import { describeAdapter } from '../gpu/adapter.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { onDevice } from '../run/on_device.ts';
import { isOfInput, OF_WORKER } from './again.ts';
import { ADAPTERS } from './archive.ts';
import type { Input } from './input.ts';
import { isWhole } from './list_inputs.ts';
import type { Plan, Shard } from './plan.ts';
import { type HashedFiles, hashedFiles } from './read_hashes.ts';
import type { ShardDoer, ShardResult } from './work.ts';

/** Where things lie for a worker, when not where the plan has them. */
export interface ArchivePlaces {
  readonly model?: ModelSource | null;
  readonly root?: string | null;
}

/** What is known of an input by its row. */
type Cells = Readonly<Record<string, unknown>>;

/** Scores the shards of an archive with one detector that stays open. Release it after use. */
export class ArchiveScorer implements ShardDoer {
  readonly #context: RunContext;
  readonly #plan: Plan;
  readonly #model: ModelSource;
  readonly #root: string;
  #open: { readonly gpu: Gpu; readonly trained: TrainedDetector } | null = null;

  constructor(context: RunContext, plan: Plan, { model, root }: ArchivePlaces = {}) {
    this.#context = context;
    this.#plan = plan;
    this.#model = model ?? plan.facts.places.model;
    this.#root = root ?? plan.facts.places.root;
  }

  do(_shard: Shard, inputs: readonly Input[]): Promise<ShardResult> {
    return this.score(inputs.map(({ path }) => path));
  }

  /** As the shard of these inputs; for some of a shard that begin with a whole batch the scores are those of the shard. */
  async score(paths: readonly string[]): Promise<ShardResult> {
    return onDevice(this.#context, async (working) => {
      const trained = await this.#trained(working);
      const files = hashedFiles(working.fs, (path) =>
        this.#root === '' || isWhole(path) ? path : joinPath(this.#root, path),
      );
      const cells = await (this.#plan.facts.plan === 'volumes'
        ? this.#volumes(working, trained, files, paths)
        : this.#pictures(working, trained, files, paths));
      const rows: { sha256: string; cells: string[] }[] = [];
      for (const [i, path] of paths.entries()) {
        const own = cells[i];
        const names = this.#plan.facts.columns.map(({ name }) => cellText(own[name]));
        rows.push({ sha256: await hashOf(files, path), cells: names });
      }
      return { rows, adapter: describeAdapter(working.gpu.facts) };
    });
  }

  /** Images that go through the model together. */
  async batch(): Promise<number> {
    return (await this.#trained(this.#context)).file.header.train['eval.batch'];
  }

  release(): void {
    this.#open?.trained.release();
    this.#open = null;
  }

  async #trained(context: RunContext): Promise<TrainedDetector> {
    if (this.#open?.gpu === context.gpu) return this.#open.trained;
    this.#open = null; // its device is lost, and its memory with it
    this.#open = { gpu: context.gpu, trained: await this.#opened(context) };
    return this.#open.trained;
  }

  /** The detector is the same for all shards, so what stands against it says nothing of one. */
  async #opened(context: RunContext): Promise<TrainedDetector> {
    const { path, facts } = this.#plan;
    const { adapters, range } = facts.config;
    const file = joinPath(path, ADAPTERS);
    try {
      if ((await sha256(await context.fs.readFile(file))) !== adapters) {
        throw new FusionclipError('bad_model', `${file} was changed; make the plan again.`);
      }
      const source = { adapters: file, model: this.#model, range: range as RangeSetting };
      return await TrainedDetector.open(context, source);
    } catch (error) {
      if (!(error instanceof FusionclipError) || error.code === 'interrupted') throw error;
      throw new FusionclipError(error.code, error.message, { cause: error.cause ?? error, about: OF_WORKER });
    }
  }

  async #pictures(
    context: RunContext,
    trained: TrainedDetector,
    { fs }: HashedFiles,
    paths: readonly string[],
  ): Promise<Cells[]> {
    const rows: FileRow[] = [];
    const errors: FusionclipError[] = [];
    await predictTrained({ ...context, fs, onEvent: undefined }, trained, {
      ...{ paths, out: null, adapters: this.#plan.path, strict: false },
      ...this.#threshold(),
      onRow: (row) => void rows.push(row),
      onBad: (error) => {
        if (!isOfInput(error)) throw error;
        errors.push(error);
      },
    });
    requireSome(paths, errors);
    return rows.map((row) => ({ ...row }));
  }

  async #volumes(
    context: RunContext,
    trained: TrainedDetector,
    { fs }: HashedFiles,
    paths: readonly string[],
  ): Promise<Cells[]> {
    const out: Cells[] = [];
    const errors: FusionclipError[] = [];
    const { accept = '' } = this.#plan.facts.config;
    const words = String(accept).split(',');
    for (const path of paths) {
      try {
        const { volumes } = await predictVolumes({ ...context, fs, onEvent: undefined }, trained, {
          ...{ paths: [path], out: null, adapters: this.#plan.path, strict: true, accept: words },
          ...this.#threshold(),
        });
        out.push(bestVolume(volumes));
      } catch (error) {
        if (!(error instanceof FusionclipError) || !isOfInput(error)) throw error;
        errors.push(error);
        out.push({ error: error.message });
      } finally {
        // An archive has more studies than memory has room.
        fs.forget?.(path);
      }
    }
    requireSome(paths, errors);
    return out;
  }

  #threshold() {
    const { threshold, at } = this.#plan.facts.config;
    return { threshold: threshold as number | null, at: at as string | null };
  }
}

/** A storage that is not mounted must not turn an archive into rows of errors. @throws FusionclipError `io` */
function requireSome(paths: readonly string[], errors: readonly FusionclipError[]): void {
  if (paths.length < 2 || errors.length < paths.length || errors.some(({ code }) => code !== 'io')) return;
  const text = `None of the ${paths.length} inputs can be read (${errors[0].message.replace(/\.$/, '')}); mount what they lie on, or say where with --root.`;
  throw new FusionclipError('io', text, { about: OF_WORKER });
}

function bestVolume(volumes: readonly VolumeRow[]): Cells {
  const known = volumes.filter(({ score }) => !Number.isNaN(score));
  if (known.length === 0) return { volumes: volumes.length, error: 'No slice of it shows anything.' };
  const { name, place, slice, ...row } = known.reduce((a, b) => (b.score > a.score ? b : a));
  return { ...row, volume: name, volumes: volumes.length, slice: slice + 1, place: place.join(' '), error: null };
}

/** SHA-256 of a file, or of the hashes of all that was read below a folder; empty for what could not be read. */
async function hashOf({ fs, hashes }: HashedFiles, path: string): Promise<string> {
  const own = hashes.get(path);
  if (own !== undefined) return own;
  const below = [...hashes].filter(([name]) => name.startsWith(`${path}/`)).sort(([a], [b]) => (a < b ? -1 : 1));
  // What is no file has no hash of its own.
  if (isDicomWeb(path) && below.length === 0) return '';
  if (below.length > 0) return sha256(new TextEncoder().encode(below.map(([, hash]) => hash).join('\n')));
  try {
    await fs.readFile(path);
  } catch {}
  return hashes.get(path) ?? '';
}

function cellText(value: unknown): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '';
  return typeof value === 'boolean' ? String(Number(value)) : String(value);
}
