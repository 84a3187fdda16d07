import type { CheckResult, JobFacts, LabJob, LabStart, OwnKernel, ShaderEdit, TimeResult } from '../../src/lab/job.ts';
import { OWN_TEMPLATE } from '../../src/lab/own_template.ts';
import { type StartedWorker, startWorker } from '../start_worker.ts';
import type { LabCalls } from './calls.ts';
import { fragmentOf, type Linked, linkedSizes, readFragment } from './link.ts';
import address from './worker.ts?worker&url';

/** What the lab shows. */
export interface LabState {
  /** Null before there is an adapter. */
  readonly start: LabStart | null;
  /** Why nothing can be run any more. */
  readonly dead: string | null;
  readonly job: LabJob;
  /** The shader that is shown. */
  readonly shader: string;
  /** Of the job; null while it is looked at, or where its sizes do not go together. */
  readonly facts: JobFacts | null;
  readonly busy: 'checking' | 'timing' | null;
  /** Of the job as it is; an older one is away. */
  readonly check: CheckResult | null;
  readonly time: TimeResult | null;
  /** One sentence about what went wrong last. */
  readonly error: string | null;
  /** Whether each change is checked at once. */
  readonly live: boolean;
  /** Whether the other variants are timed too. */
  readonly others: boolean;
}

/** Milliseconds without a key before a change is checked. */
const PAUSE = 350;
/** Milliseconds within which a check and a timing have to end. */
const PATIENCE = { checking: 25_000, timing: 120_000 };

const OWN: OwnKernel = {
  ...{ source: OWN_TEMPLATE, groups: [64, 1, 1], params: { count: 4096, factor: 2 } },
  buffers: { x: { length: 4096, fill: 'random' }, y: { length: 4096, fill: 'zeros' } },
};
const NOTHING: LabJob = { kernel: 'softmax', variant: '', rows: '', sizes: {}, edits: {}, own: null };
/** Of a shader that is as it was. */
const UNCHANGED: ShaderEdit = { source: null, constants: {}, groups: null };

/** The work of the page: what is chosen, what the worker is at, what came out. */
export class LabSession {
  state: LabState = {
    ...{ start: null, dead: null, job: NOTHING, shader: '', facts: null, busy: null, check: null, time: null },
    ...{ error: null, live: true, others: false },
  };
  readonly #changed: () => void;
  #worker: StartedWorker<LabCalls>;
  /** Counts changes of the job: what was asked for an older one is not shown. */
  #version = 0;
  #timer = 0;
  #watch = 0;
  /** What is to be done once the worker is free. */
  #next: 'check' | 'run' | null = null;
  /** Texts of one's own and of edits, to come back to. */
  #own = OWN;
  #edits: Readonly<Record<string, ShaderEdit>> = {};

  /** @param changed is called after each change of `state` */
  constructor(changed: () => void) {
    this.#changed = changed;
    this.#worker = this.#started();
    void this.#begin();
    addEventListener('hashchange', () => void this.#follow());
  }

  /** Chooses a kernel with its default sizes; '' is one's own. */
  choose(kernel: string): void {
    if (this.state.job.own) this.#own = this.state.job.own;
    const facts = this.state.start?.kernels.find(({ id }) => id === kernel);
    const sizes = Object.entries(facts?.sizes ?? {}).map(([name, { value }]) => [name, value]);
    const job = { ...NOTHING, kernel, sizes: Object.fromEntries(sizes), edits: this.#edits };
    this.#change({ job: facts ? job : { ...NOTHING, own: this.#own }, shader: '', facts: null });
  }

  /** Changes a part of the job. */
  set(part: Partial<LabJob>): void {
    this.#change({ job: { ...this.state.job, ...part } });
  }

  /** Changes the shader that is shown; back to how it was, it is no edit any more. */
  edit(part: Partial<ShaderEdit>): void {
    const { job, shader, facts } = this.state;
    if (job.own) {
      this.set({
        own: { ...job.own, ...(part.source && { source: part.source }), ...(part.groups && { groups: part.groups }) },
      });
      return;
    }
    const edit = { ...(job.edits[shader] ?? UNCHANGED), ...part };
    if (edit.source === facts?.shaders.find(({ name }) => name === shader)?.source) edit.source = null;
    const { [shader]: _, ...rest } = job.edits;
    const isEdit = edit.source !== null || edit.groups !== null || Object.keys(edit.constants).length > 0;
    this.#edits = isEdit ? { ...rest, [shader]: edit } : rest;
    this.set({ edits: this.#edits });
  }

  /** Takes the edits of the shader that is shown back. */
  restore(): void {
    if (this.state.job.own) this.set({ own: OWN });
    else this.edit(UNCHANGED);
  }

  show(shader: string): void {
    this.#put({ shader });
    void this.#address();
  }

  prefer(part: Partial<Pick<LabState, 'live' | 'others'>>): void {
    this.#put(part);
    if (part.live) this.#ask('check');
  }

  /** Checks and times at once. */
  run(): void {
    clearTimeout(this.#timer);
    this.#put({ error: null });
    this.#ask('run');
  }

  /** Ends what runs by ending the worker. */
  stop(reason = 'Stopped.'): void {
    clearTimeout(this.#watch);
    this.#next = null;
    this.#worker.end(reason);
    this.#worker = this.#started();
    this.#put({ busy: null, error: reason });
  }

  dismiss(): void {
    this.#put({ error: null });
  }

  /** The address that holds all of it; without any of it where the code is too long for one. */
  async link(): Promise<URL> {
    const url = new URL(location.href);
    url.hash = await fragmentOf(this.#linked());
    return url;
  }

  /** Without the edits of other kernels. */
  #linked(): Linked {
    const { job, shader, facts } = this.state;
    const isShown = ([name]: [string, unknown]) => facts?.shaders.some((one) => one.name === name) ?? true;
    return { job: { ...job, edits: Object.fromEntries(Object.entries(job.edits).filter(isShown)) }, shader };
  }

  #started(): StartedWorker<LabCalls> {
    return startWorker<LabCalls>(address, {
      onEvent: () => {},
      onDead: (dead) => this.#put({ dead, busy: null }),
      failureOf: ({ code, message }) => Object.assign(new Error(message), { code }),
    });
  }

  async #begin(): Promise<void> {
    try {
      this.#put({ start: await this.#worker.calls.open() });
    } catch (error) {
      return this.#put({ dead: textOf(error) });
    }
    if (await this.#follow()) return;
    const { error } = this.state;
    this.choose('softmax');
    this.#put({ error });
  }

  /** Takes over what the address says; false when it says nothing. */
  async #follow(): Promise<boolean> {
    if (location.hash.slice(1) === (await fragmentOf(this.#linked()))) return true;
    try {
      const linked = await readFragment(location.hash);
      if (!linked) return false;
      const facts = this.state.start?.kernels.find(({ id }) => id === linked.job.kernel);
      if (!linked.job.own && !facts)
        throw new Error(`This link is to a kernel "${linked.job.kernel}", which is not here.`);
      const sizes = facts ? linkedSizes(linked.job.sizes, facts) : {};
      this.#edits = linked.job.edits;
      this.#change({ ...linked, job: { ...linked.job, sizes }, facts: null });
      return true;
    } catch (error) {
      this.#put({ error: textOf(error) });
      return false;
    }
  }

  #put(part: Partial<LabState>): void {
    this.state = { ...this.state, ...part };
    this.#changed();
  }

  /** What came out is of another job from now on. */
  #change(part: Partial<LabState>): void {
    this.#version++;
    this.#put({ ...part, check: null, time: null, error: null });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.#address();
      this.#ask('check');
    }, PAUSE) as unknown as number;
  }

  async #address(): Promise<void> {
    history.replaceState(null, '', await this.link());
  }

  #ask(what: 'check' | 'run'): void {
    if (this.#next !== 'run') this.#next = what;
    if (!this.state.busy) void this.#work();
  }

  async #work(): Promise<void> {
    const what = this.#next;
    this.#next = null;
    if (!what || !this.state.start || this.state.dead) return;
    const version = this.#version;
    const { calls } = this.#worker;
    const current = () => version === this.#version;
    try {
      this.#busy('checking');
      if (this.state.job.own) {
        const own = await calls.complete(this.state.job.own).catch(() => null);
        if (own && current()) this.#put({ job: { ...this.state.job, own } });
      }
      const { job } = this.state;
      const facts = await calls.look(job).catch((error) => {
        // A text that does not follow the conventions has no bindings; the check says so at its place.
        if (!job.own) throw error;
        return null;
      });
      if (!current()) return;
      if (facts) this.#put(this.#lookedAt(facts));
      void this.#address();
      if (what === 'check' && !this.state.live) return;
      const check = await calls.check(this.state.job);
      if (!current()) return;
      this.#put({ check });
      if (what === 'run' && !check.messages.some(({ kind }) => kind === 'error')) {
        this.#busy('timing');
        const time = await calls.time(this.state.job, this.state.others);
        if (current()) this.#put({ time });
      }
    } catch (error) {
      if (calls === this.#worker.calls && current()) this.#put({ error: textOf(error) });
    } finally {
      if (calls === this.#worker.calls) {
        clearTimeout(this.#watch);
        this.#put({ busy: null });
        if (this.#next) void this.#work();
      }
    }
  }

  /** Chooses what the job leaves open. */
  #lookedAt(facts: JobFacts): Partial<LabState> {
    const { job, shader } = this.state;
    const variant = facts.variants.includes(job.variant) ? job.variant : facts.best;
    // Of those of the kernel's own word the one with the work is meant, not one that packs operands or adds up parts.
    const { word = '' } = this.state.start?.kernels.find(({ id }) => id === job.kernel) ?? {};
    const own = facts.shaders.filter(({ name }) => name.startsWith(word));
    const most = (own.length > 0 ? own : facts.shaders).reduce((a, b) => (b.flops > a.flops ? b : a));
    const shown = facts.shaders.some(({ name }) => name === shader) ? shader : most.name;
    return { facts, shader: shown, job: { ...job, variant } };
  }

  #busy(busy: 'checking' | 'timing'): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      const text = `This did not end within ${PATIENCE[busy] / 1000} s and was given up; a new worker is ready.`;
      this.stop(`${text} Make the work of the kernel, its buffers or its text less.`);
    }, PATIENCE[busy]) as unknown as number;
    this.#put({ busy });
  }
}

function textOf(error: unknown): string {
  const { code, message } = error as { code?: string | null; message: string };
  if (code !== 'device_lost') return message;
  return `This kernel took the GPU device with it (${message}); a new one is ready: change the kernel, or run it again.`;
}
