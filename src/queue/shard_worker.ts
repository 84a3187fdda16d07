import type { ErrorCode } from '../base/errors.ts';
import { EXIT_CODES } from '../host/exit_codes.ts';
import type { Host } from '../host/host.ts';
import { isDone, readFailure, writeFailure } from '../shards/parts.ts';
import { Plan } from '../shards/plan.ts';
import type { ShardJob } from './connect.ts';
import { ShardProcess } from './shard_process.ts';

/** What is to become of a job: `again` counts as a try, `back` does not, `never` puts it aside. */
export type Verdict =
  | { readonly now: 'done'; readonly images: number }
  | { readonly now: 'again' | 'never'; readonly reason: string }
  | { readonly now: 'back' };

/** How a worker works. */
export interface ShardWorkerOptions {
  /** Where plans lie for this worker; null: as the queue has it. */
  readonly plan: string | null;
  /** Flags of `fusionclip work` that every shard gets. */
  readonly flags: readonly string[];
  /** After which a shard's process is ended. */
  readonly minutes: number;
  readonly say: (text: string) => void;
  /** Waits so many seconds. */
  readonly sleep: (seconds: number) => Promise<void>;
}

/** With these the next shard will fail here too, and perhaps not elsewhere. */
const OF_WORKER: readonly ErrorCode[] = ['no_adapter', 'bad_model'];
/** Longest wait after failures that followed each other, in seconds. */
const LONGEST = 60;

/** Does jobs of the queue, one after the other, in a process of their own that stays open. */
export class ShardWorker {
  readonly #host: Host;
  readonly #options: ShardWorkerOptions;
  #open: { readonly plan: string; readonly process: ShardProcess } | null = null;
  /** Whether it was told to stop. */
  stopped = false;
  #failures = 0;
  /** What this worker has to end with: there is no GPU, or not the model; null while there is. */
  over: number | null = null;

  constructor(host: Host, options: ShardWorkerOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** Does a job. One that follows others which failed waits, so that a worker on which nothing goes does not use up their tries. */
  async do(job: ShardJob): Promise<Verdict> {
    if (this.stopped || this.over !== null) return { now: 'back' };
    const verdict = await this.#do({ ...job, plan: this.#options.plan ?? job.plan });
    if (verdict.now !== 'again') {
      this.#failures = 0;
      return verdict;
    }
    if (this.over === null) await this.#options.sleep(Math.min(LONGEST, 2 ** this.#failures++));
    return verdict;
  }

  /** Ends the process; a shard in work is handed back. */
  stop(): void {
    this.stopped = true;
    this.#close();
  }

  async #do(job: ShardJob): Promise<Verdict> {
    const { minutes, say } = this.#options;
    const opened = await this.#process(job.plan);
    if (!(opened instanceof ShardProcess)) return this.#notOpened(opened, job);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      opened.kill();
    }, minutes * 60_000);
    const answer = await opened.do(job);
    clearTimeout(timer);
    if (typeof answer === 'object' && answer !== null) {
      if (answer.state === 'done' || answer.state === 'was there') {
        say(`shard ${job.id}: ${answer.state}`);
        return { now: 'done', images: answer.images };
      }
      const code = answer.code as ErrorCode | null;
      const mine = code !== null && OF_WORKER.includes(code);
      if (mine) this.over = EXIT_CODES[code];
      if (mine || code === 'device_lost') this.#close();
      say(`shard ${job.id}: ${answer.reason}`);
      return { now: answer.state === 'never' && !mine ? 'never' : 'again', reason: reasonOf(code) };
    }
    this.#close();
    if (this.stopped) return { now: 'back' };
    const text = isLate ? `it took more than ${minutes} minutes` : `its process ended (${answer ?? 'by a signal'})`;
    return this.#died(job, text);
  }

  /** The process for a plan; what it ended with where it has not come to work. */
  async #process(plan: string): Promise<ShardProcess | number | null> {
    if (this.#open?.plan === plan) return this.#open.process;
    this.#close();
    const { flags } = this.#options;
    const process = await ShardProcess.open(this.#host.another!, ['work', plan, '--serve', ...flags]);
    if (!(process instanceof ShardProcess)) return process;
    if (this.stopped) process.kill();
    else this.#open = { plan, process };
    return process;
  }

  #notOpened(code: number | null, job: ShardJob): Verdict {
    if (this.stopped) return { now: 'back' };
    if (code === EXIT_CODES.no_adapter || code === EXIT_CODES.bad_model) this.over = code;
    return this.over === null ? { now: 'again', reason: `${job.plan} could not be opened (${code})` } : { now: 'back' };
  }

  /** Says what `work` could not say any more. A part that is there all the same counts. */
  async #died(job: ShardJob, text: string): Promise<Verdict> {
    const { say } = this.#options;
    say(`shard ${job.id}: ${text}`);
    try {
      const plan = await Plan.open(this.#host, job.plan);
      if (await isDone(this.#host, plan, job)) return { now: 'done', images: 0 };
      const failure = { id: job.id, code: 'killed' as const, reason: `Its work did not come to an end: ${text}.` };
      await writeFailure(this.#host, plan, { ...failure, final: false });
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
    return { now: 'again', reason: reasonOf('killed') };
  }

  #close(): void {
    this.#open?.process.kill();
    this.#open = null;
  }
}

/** What Redis is told of a failure: not the sentence, which names inputs. */
function reasonOf(code: ErrorCode | null): string {
  return `${code ?? 'error'} (${code === null ? 1 : EXIT_CODES[code]}): see PLAN/failed`;
}

/** The sentence of a shard that was put aside, as its plan has it; null where that cannot be read. */
export async function wholeReason(host: Host, { plan: path, id }: ShardJob): Promise<string | null> {
  try {
    const plan = await Plan.open(host, path);
    return (await readFailure(host, plan, { id }))?.reason ?? null;
  } catch {
    return null;
  }
}
