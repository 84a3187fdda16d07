import { type ErrorCode, FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { isFinal, OF_WORKER } from './again.ts';
import { type Input, inputName, inputOfLine } from './input.ts';
import { isDone, type PartMaker, writeFailure, writePart } from './parts.ts';
import type { Plan, Shard } from './plan.ts';

/** What a shard came to. */
export interface ShardResult extends Pick<PartMaker, 'adapter'> {
  /** For each input the SHA-256 of its bytes, and the cells of the plan's columns. */
  readonly rows: readonly { readonly sha256: string; readonly cells: readonly string[] }[];
}

/** Does the shards of a plan. What it throws is why a shard cannot be done; what is wrong with one input is a row. */
export interface ShardDoer {
  do(shard: Shard, inputs: readonly Input[]): Promise<ShardResult>;
}

/** Where shards are done. */
export interface WorkContext {
  readonly fs: FileSystem;
  readonly runtime: string;
  readonly signal?: AbortSignal;
  readonly say?: (text: string) => void;
}

/** What became of a shard. */
export type ShardOutcome =
  | { readonly state: 'done' | 'was there'; readonly images: number }
  | {
      readonly state: 'failed';
      readonly final: boolean;
      readonly code: ErrorCode | null;
      readonly reason: string;
      readonly ofWorker: boolean;
    };

/**
 * Does a shard, unless its part is there, and writes its part, or why it cannot be done.
 * @throws FusionclipError `interrupted`; `io` where neither can be written
 */
export async function workShard(
  { fs, runtime, signal }: WorkContext,
  plan: Plan,
  shard: Shard,
  doer: ShardDoer,
): Promise<ShardOutcome> {
  const start = performance.now();
  try {
    if (await isDone(fs, plan, shard)) return { state: 'was there', images: shard.images };
    signal?.throwIfAborted();
    const inputs = (await plan.lines(shard)).map(inputOfLine);
    const { rows, adapter } = await doer.do(shard, inputs);
    if (rows.length !== inputs.length) throw new Error(`${rows.length} rows of ${inputs.length} inputs`);
    const seconds = Number(((performance.now() - start) / 1000).toFixed(3));
    const cells = inputs.map(({ path, patient }, i) => [inputName(path), patient, rows[i].sha256, ...rows[i].cells]);
    await writePart(fs, plan, shard, cells, { adapter, runtime, seconds });
    return { state: 'done', images: shard.images };
  } catch (error) {
    const isStop = error instanceof FusionclipError && error.code === 'interrupted';
    if (isStop || (signal?.aborted && error === signal.reason)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const code = error instanceof FusionclipError ? error.code : null;
    // An adapter has its limits, and a storage its mounts; the trainings of a grid differ in what they ask of them.
    const isTooLarge = code === 'too_large' && plan.facts.plan !== 'grid';
    const ofWorker = isTooLarge || (error instanceof FusionclipError && error.about === OF_WORKER);
    const failure = { id: shard.id, code, reason, final: isFinal(error) };
    await writeFailure(fs, plan, failure);
    return { state: 'failed', ...failure, ofWorker };
  }
}

/** What became of some shards. */
export interface WorkOutcome {
  readonly done: number;
  readonly before: number;
  readonly images: number;
  readonly failed: readonly { readonly shard: Shard; readonly outcome: ShardOutcome & { readonly state: 'failed' } }[];
}

/** Does some shards of a plan, one after the other; one that fails does not stop the rest, unless no other can be done either. */
export async function workShards(
  context: WorkContext,
  plan: Plan,
  shards: AsyncIterable<Shard> | Iterable<Shard>,
  doer: ShardDoer,
): Promise<WorkOutcome> {
  const failed: { shard: Shard; outcome: ShardOutcome & { state: 'failed' } }[] = [];
  let [done, before, images] = [0, 0, 0];
  for await (const shard of shards) {
    const outcome = await workShard(context, plan, shard, doer);
    if (outcome.state === 'failed') {
      failed.push({ shard, outcome });
      context.say?.(`shard ${shard.id} failed: ${outcome.reason}`);
      if (outcome.code !== null && STOPS.has(outcome.code)) break;
      continue;
    }
    if (outcome.state === 'done') {
      done++;
      images += outcome.images;
    } else before++;
    context.say?.(`shard ${shard.id} (${shard.number + 1} of ${plan.facts.shards}): ${outcome.state}`);
  }
  return { done, before, images, failed };
}

/** After these the next shard fails in the same way. */
export const STOPS: ReadonlySet<ErrorCode> = new Set(['device_lost', 'no_adapter', 'bad_model']);

/** The shards of `--shard`: the i-th of n equal parts, `i/n` with i from 1, or one by its id. @throws FusionclipError `usage` */
export async function chosenShards(plan: Plan, choice: string | null): Promise<AsyncIterable<Shard> | Iterable<Shard>> {
  if (choice === null) return plan.shards();
  const [, i, n] = /^(\d+)\/(\d+)$/.exec(choice) ?? [];
  if (i === undefined) return [await plan.find(choice)];
  const [at, of] = [Number(i), Number(n)];
  if (at < 1 || at > of) {
    const most = Math.max(1, of);
    throw new FusionclipError('usage', `--shard ${choice} is no part; give 1/${most} to ${most}/${most}, or an id.`);
  }
  const { shards } = plan.facts;
  return plan.shards(Math.floor(((at - 1) * shards) / of), Math.floor((at * shards) / of));
}
