import { type ErrorCode, FusionclipError } from '../base/errors.ts';
import { EXIT_CODES } from '../host/exit_codes.ts';
import type { Host } from '../host/host.ts';
import { FINAL_CODES } from '../shards/again.ts';
import { hasPart, writeFailure } from '../shards/parts.ts';
import { Plan, type Shard } from '../shards/plan.ts';
import { type ShardJob, shardOfJob } from './jobs.ts';
import { ShardProcess } from './shard_process.ts';

/** What is to become of a job: `again` counts as a try, `back` does not, `never` puts it aside. */
export type Verdict =
  | { readonly now: 'done'; readonly images: number }
  | { readonly now: 'again' | 'never'; readonly reason: string }
  /** `later`: this worker cannot do it now, so it is left to others for a while. */
  | { readonly now: 'back'; readonly later?: true };

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
const LASTING: readonly ErrorCode[] = ['no_adapter', ...FINAL_CODES];
/** Faults of this machine in a row after which a worker ends. */
const MOST_FAULTS = 8;
/** Longest wait after failures that followed each other, in seconds. */
const LONGEST = 60;

/** Does jobs of the queue, one after the other, in a process of their own that stays open. */
export class ShardWorker {
  readonly #host: Host;
  readonly #options: ShardWorkerOptions;
  #open: { readonly plan: string; readonly process: ShardProcess } | null = null;
  #stopped = false;
  #wake = (): void => {};
  readonly #told = new Promise<void>((resolve) => {
    this.#wake = resolve;
  });
  #plan: Plan | null = null;
  #failures = 0;
  #faults = 0;
  #said = '';
  #hasDone = false;
  /** What this worker has to end with: there is no GPU, plan or model, or no room; null while there is. */
  over: number | null = null;

  /** Where plans lie for this worker; null: as the queue has it. */
  get plan(): string | null {
    return this.#options.plan;
  }

  constructor(host: Host, options: ShardWorkerOptions) {
    this.#host = host;
    this.#options = options;
  }

  /**
   * Does a job. One that follows others which failed waits, so that a worker on which nothing goes does not use up their tries.
   * @param hasOthers whether other plans than that of a tag have work for this worker
   */
  async do(
    path: string | null,
    name: string,
    job: ShardJob,
    hasOthers: (tag: string) => Promise<boolean> = async () => false,
  ): Promise<Verdict> {
    if (this.#stopped || this.over !== null) return { now: 'back' };
    const verdict = await this.#find(this.#options.plan ?? path, name, job, hasOthers);
    if (verdict.now === 'back') return verdict;
    this.#faults = 0;
    if (verdict.now !== 'again') {
      this.#failures = 0;
      return verdict;
    }
    if (this.over !== null) return verdict;
    await Promise.race([this.#options.sleep(Math.min(LONGEST, 2 ** this.#failures++)), this.#told]);
    return verdict;
  }

  /** Ends the process, and the wait after a failure; a shard in work is handed back. */
  stop(): void {
    this.#stopped = true;
    this.#wake();
    this.#close();
  }

  /** Waits after a job was handed back, longer each time in a row, so that others get it and this machine may be mended. */
  async rest(): Promise<void> {
    if (this.#stopped || this.over !== null || this.#faults === 0) return;
    await Promise.race([this.#options.sleep(Math.min(LONGEST, 2 ** (this.#faults - 1))), this.#told]);
  }

  /** A fault of this machine is none of a shard, and costs it no try. One that lasts ends the worker, and others do so when they do not go. */
  #mine(code: ErrorCode | null, text: string, lasts: boolean): Verdict {
    this.#close();
    this.#faults++;
    if (text !== this.#said) this.#options.say(text);
    this.#said = text;
    if (!lasts && this.#faults < MOST_FAULTS) return { now: 'back', later: true };
    this.over = code === null ? 1 : EXIT_CODES[code];
    this.#options.say('this worker ends, and leaves the shards to others');
    return { now: 'back' };
  }

  /** Finds the shard, in the plan as it is now if it was made again. */
  async #find(
    path: string | null,
    name: string,
    job: ShardJob,
    hasOthers: (tag: string) => Promise<boolean>,
  ): Promise<Verdict> {
    if (path === null) {
      this.#options.say('Redis does not know the plan any more; put it into the queue again.');
      return { now: 'again', reason: reasonOf(null) };
    }
    try {
      if (this.#plan?.path !== path) this.#plan = await Plan.open(this.#host, path);
      const known = await shardOfJob(this.#plan, name, job);
      if (known) return await this.#do(this.#plan, known);
      this.#close();
      this.#plan = await Plan.open(this.#host, path);
      const found = await shardOfJob(this.#plan, name, job);
      if (found) return await this.#do(this.#plan, found);
      const text = `${path} does not have a shard of the queue`;
      if (this.#options.plan !== null) {
        if (await hasOthers(job.plan).catch(() => false)) this.#faults = 0;
        return this.#mine('usage', `${text}; give --plan the folder of the plan that was put into it`, false);
      }
      this.#options.say(text);
      return { now: 'never', reason: 'The plan has no such shard.' };
    } catch (error) {
      // The plan cannot be read or written from here: not mounted, at another path, no permission, no room.
      this.#plan = null;
      const text = error instanceof Error ? error.message : String(error);
      // While other plans have work, a missing one does not end the worker, nor make it rest for long.
      if (await hasOthers(job.plan).catch(() => false)) this.#faults = 0;
      return this.#mine(error instanceof FusionclipError ? error.code : null, text, false);
    }
  }

  async #do(plan: Plan, shard: Shard): Promise<Verdict> {
    // Told to stop while the plan was read: nobody would end a process that is started after that.
    if (this.#stopped) return { now: 'back' };
    const { minutes, say } = this.#options;
    const process = this.#process(plan.path);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      process.kill();
    }, minutes * 60_000);
    const opened = await process.ready();
    const answer = opened === true ? await process.do({ id: shard.id, at: shard.number }) : opened;
    clearTimeout(timer);
    if (opened !== true) return this.#notOpened(isLate ? `it took more than ${minutes} minutes` : opened);
    if (typeof answer === 'object' && answer !== null) {
      if (answer.state === 'done' || answer.state === 'was there') {
        say(`shard ${shard.id}: ${answer.state}`);
        this.#hasDone ||= answer.state === 'done';
        return { now: 'done', images: answer.images };
      }
      const code = answer.code as ErrorCode | null;
      const text = `shard ${shard.id}: ${answer.reason}`;
      if (code === 'no_adapter' || answer.ofWorker) {
        // A worker that has done a shard has all that it needs, so what it misses now is that shard's.
        if (code !== 'io' || !this.#hasDone) return this.#mine(code, answer.reason ?? '', LASTING.includes(code!));
      }
      // Trainings of a grid have models of their own.
      const mayPass = code === 'bad_model' || code === 'too_large';
      if (code === 'bad_model') this.over = EXIT_CODES[code];
      if (code === 'bad_model' || code === 'device_lost') this.#close();
      say(text);
      return { now: answer.state === 'never' && !mayPass ? 'never' : 'again', reason: reasonOf(code) };
    }
    this.#close();
    if (this.#stopped) return { now: 'back' };
    // It ends by itself where it can write neither part nor reason.
    if (answer === EXIT_CODES.io) return this.#mine('io', 'the plan cannot be written from here', false);
    const text = isLate ? `it took more than ${minutes} minutes` : `its process ended (${answer ?? 'by a signal'})`;
    return this.#died(plan, shard, text);
  }

  /** The process for a plan. */
  #process(plan: string): ShardProcess {
    if (this.#open?.plan === plan) return this.#open.process;
    this.#close();
    const { flags } = this.#options;
    const process = new ShardProcess(this.#host.another!, ['work', plan, '--serve', ...flags]);
    this.#open = { plan, process };
    return process;
  }

  #notOpened(code: number | string | null): Verdict {
    this.#close();
    if (this.#stopped) return { now: 'back' };
    // It knew of no shard yet.
    const known = (Object.keys(EXIT_CODES) as ErrorCode[]).find((name) => EXIT_CODES[name] === code) ?? null;
    const why = typeof code === 'string' ? code : `it ended (${code ?? 'by a signal'})`;
    return this.#mine(known, `the process for shards does not open: ${why}`, known !== null && LASTING.includes(known));
  }

  /** Says what `work` could not say any more. A part that is there all the same counts. */
  async #died(plan: Plan, shard: Shard, text: string): Promise<Verdict> {
    this.#options.say(`shard ${shard.id}: ${text}`);
    if (await hasPart(this.#host, plan, shard)) return { now: 'done', images: shard.images };
    const failure = { id: shard.id, code: 'killed' as const, reason: `Its work did not come to an end: ${text}.` };
    await writeFailure(this.#host, plan, { ...failure, final: false });
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
