import { FusionclipError } from '../base/errors.ts';
import { GpuArray } from '../gpu/array.ts';
import { parseShader } from '../gpu/define_shader.ts';
import type { DeviceGpu } from '../gpu/gpu.ts';
import type { Scope } from '../gpu/memory.ts';
import type { Shader } from '../gpu/shader.ts';
import { CeilingProbes } from './ceilings.ts';
import { type Edit, EditingGpu, type Edits } from './editing_gpu.ts';
import { GUARD_WORDS, guardLoops, LONG_TURNS, MOST_TURNS } from './guard.ts';
import type { CheckResult, JobFacts, KernelFacts, LabJob, LabMessage, TimeResult } from './job.ts';
import type { Kernel, KernelCase, Outputs } from './kernel.ts';
import { KERNELS } from './kernels.ts';
import { ListeningGpu } from './listening_gpu.ts';
import { measure } from './measure.ts';
import { outputError } from './output_error.ts';
import { completed, elementTypes, ownBuffers, runOwn, sampleOf } from './own_kernel.ts';

/** Multiplications of a reference that somebody waits for: a second or a few. */
const MOST_REFERENCE_WORK = 2e9;
/** Milliseconds that the samples of one round of timing may take. */
const ROUND_MS = 1200;
const ENDLESS = `This loop does not seem to end: the run was stopped after ${MOST_TURNS.toLocaleString('en')} turns of one invocation, or ${LONG_TURNS.toLocaleString('en')} through a barrier.`;
const CUT = `This loop does not end within ${LONG_TURNS.toLocaleString('en')} turns, after which this adapter stops it.`;
const LONG = `This loop has more than ${LONG_TURNS.toLocaleString('en')} turns; lavapipe would stop it there without a word.`;
/** More lines than a module has. */
const LINES = 100_000;
/** Name of the shader of one's own kernel. */
const OWN = 'own';

/** Number of the last shader that was made: each has a name of its own, since pipelines are kept by name. */
let shaders = 0;

/** A job that is ready to run: inputs on the GPU. */
interface Ready {
  readonly key: string;
  readonly scope: Scope;
  readonly one: KernelCase | null;
  readonly buffers: Record<string, GpuArray> | null;
  expected: Readonly<Record<string, ArrayLike<number>>> | null;
}

/** What can be chosen, as data. */
export function kernelFacts(): readonly KernelFacts[] {
  return KERNELS.map(({ id, word, formula, sizes, overRows = false }) => ({ id, word, formula, sizes, overRows }));
}

/**
 * Runs kernels, edited or of one's own, on a device: holds them against their float64 reference and times them. One call at a time.
 */
export class KernelLab implements Disposable {
  readonly gpu: DeviceGpu;
  readonly #editing: EditingGpu;
  #ready: Ready | null = null;
  /** By text. */
  readonly #shaders = new Map<string, Shader>();

  constructor(gpu: DeviceGpu) {
    this.gpu = gpu;
    this.#editing = new EditingGpu(gpu);
  }

  /** What a job would dispatch; nothing is run. @throws Error when the sizes do not go together */
  look(job: LabJob): JobFacts {
    const listener = new ListeningGpu(this.gpu.facts);
    using _scope = listener.scope();
    if (job.own) {
      const { own } = { own: completed(job.own) };
      const shader = parseShader(OWN, own.source);
      const lengths = Object.entries(own.buffers).map(([, { length }]) => 4 * length);
      const { source, constants } = shader;
      const facts = { name: OWN, source, constants, params: own.params, groups: own.groups, dispatches: 1, flops: 0 };
      return { variants: [OWN], best: OWN, shaders: [facts], flops: 0, bytes: lengths.reduce((sum, n) => sum + n, 0) };
    }
    const one = kernelOf(job).at(listener, job.sizes);
    const { run } = variantOf(one, job);
    const shaders = listener.listen(() => listener.tuned(tuningOf(job), run));
    const variants = one.variants.map(({ name }) => name);
    return { variants, best: bestOf(one), shaders, flops: one.flops, bytes: one.bytes };
  }

  /** Compiles a job, runs it once and holds it against its reference. */
  async check(job: LabJob): Promise<CheckResult> {
    const nothing = { errors: null, samples: [] };
    const { edits, messages } = await this.#compile(job);
    if (messages.some(({ kind }) => kind === 'error')) return { ...nothing, messages, without: 'messages' };
    const guarded = await this.#guarded(edits);
    const ready = this.#prepare(job);
    using scope = this.gpu.job();
    const guard = scope.do(() => GpuArray.zeros(this.gpu, [GUARD_WORDS], 'u32'));
    // A kernel of one's own may write to what it reads: it gets the same values each time.
    const run = this.#work(job, ready, () => ownBuffers(this.#editing, completed(job.own!)));
    const { result: outputs } = scope.do(() =>
      this.#editing.watched(guard, () => this.gpu.tuned(tuningOf(job), () => this.#editing.edited(guarded, run))),
    );
    const values = new Map<string, ArrayBuffer>();
    for (const [name, array] of Object.entries(outputs)) values.set(name, await this.gpu.read(array));
    const [stopped, long] = new Uint32Array(await this.gpu.read(guard));
    const names = [...edits.keys()];
    // There the long one was stopped by the driver, and what it computed is wrong.
    const cut = this.gpu.facts.class === 'lavapipe' && long > 0;
    if (stopped > 0 || cut) {
      const endless = loopMessage(stopped || long, names, cut ? CUT : ENDLESS);
      return { ...nothing, messages: [...messages, endless], without: 'endless' };
    }
    if (long > 0) messages.push({ ...loopMessage(long, names, LONG), kind: 'warning' });
    const types = job.own ? elementTypes(job.own.source) : {};
    const samples = [...values].map(([name, bytes]) => sampleOf(name, bytes, outputs[name].size, types[name] ?? 'f32'));
    if (!ready.one) return { messages, samples, errors: null, without: 'own' };
    if (ready.one.referenceWork > MOST_REFERENCE_WORK) return { messages, samples, errors: null, without: 'size' };
    ready.expected ??= ready.one.reference();
    const { tolerance } = kernelOf(job);
    const errors = [...values].map(([name, bytes]) =>
      outputError(name, new Float32Array(bytes, 0, outputs[name].size), ready.expected![name], tolerance),
    );
    return { messages, samples, errors, without: null };
  }

  /**
   * Times a job that {@link check} found to end, beside the kernel as it is in the library and what the adapter can do, in turn.
   * @param others whether the other variants take part
   */
  async time(job: LabJob, others: boolean): Promise<TimeResult> {
    const { edits } = await this.#compile(job);
    const ready = this.#prepare(job);
    const { flops, bytes } = ready.one ?? this.look(job);
    const works: { name: string; run: () => void }[] = [];
    const add = (name: string, by: Edits, run: () => Outputs) =>
      works.push({ name, run: () => void this.gpu.tuned(tuningOf(job), () => this.#editing.edited(by, run)) });
    if (edits.size > 0)
      add(
        job.own ? 'your kernel' : `${job.variant}, edited`,
        edits,
        this.#work(job, ready, () => ready.buffers!),
      );
    for (const { name, run } of ready.one?.variants ?? [])
      if (others || name === job.variant) add(name, new Map(), run);
    using scope = this.gpu.job();
    const probes = scope.do(() => new CeilingProbes(this.gpu));
    const times = await measure(this.gpu, [...works.map(({ run }) => run), ...probes.works], ROUND_MS);
    const ceilings = probes.ceilings(times.slice(works.length));
    const floorMs = Math.max(flops / ceilings.gflops, bytes / ceilings.gbps) / 1e6;
    const rows = works.map(({ name }, i) => ({
      ...{ name, minMs: times[i].min, medianMs: times[i].median, ofCeiling: floorMs / times[i].min },
      ...{ gflops: flops / times[i].min / 1e6, gbps: bytes / times[i].min / 1e6 },
    }));
    return { rows, ceilings };
  }

  /** Gives the inputs back that it keeps. */
  [Symbol.dispose](): void {
    this.#ready?.scope[Symbol.dispose]();
    this.#ready = null;
  }

  /** The edits of a job, and what the compiler says of them. */
  async #compile(job: LabJob): Promise<{ edits: Map<string, Edit>; messages: LabMessage[] }> {
    const edits = new Map<string, Edit>();
    const messages: LabMessage[] = [];
    const wanted = job.own
      ? [[OWN, { source: job.own.source, constants: {}, groups: null }] as const]
      : Object.entries(job.edits);
    const shaders = job.own ? [] : this.look(job).shaders;
    for (const [name, { source, constants, groups }] of wanted) {
      const original = shaders.find((shader) => shader.name === name);
      if (!job.own && !original) continue;
      const text = source ?? original!.source;
      const found = await this.#messagesOf(name, text);
      messages.push(...found);
      if (found.some(({ kind }) => kind === 'error')) continue;
      try {
        edits.set(name, { shader: this.#shader(name, text), constants, ...(groups && { groups }) });
      } catch (error) {
        if (!(error instanceof FusionclipError)) throw error;
        messages.push(messageOf(name, error.message));
      }
    }
    return { edits, messages };
  }

  /** The edits with loops that end; those that the compiler does not want guarded stay as they are. */
  async #guarded(edits: Edits): Promise<Edits> {
    const out = new Map<string, Edit>();
    for (const [i, [name, edit]] of [...edits].entries()) {
      const text = guardLoops(edit.shader.source, edit.shader.bindings.length, LINES * i);
      const fits = edit.shader.bindings.length < this.gpu.facts.limits.maxStorageBuffersPerShaderStage;
      const works = text !== null && fits && (await this.#messagesOf(name, text)).every(({ kind }) => kind !== 'error');
      out.set(name, works ? { ...edit, shader: this.#shader(name, text) } : edit);
    }
    return out;
  }

  async #messagesOf(shader: string, code: string): Promise<LabMessage[]> {
    const { device } = this.gpu;
    device.pushErrorScope('validation');
    const module = device.createShaderModule({ code });
    const [info, error] = await Promise.all([module.getCompilationInfo(), device.popErrorScope()]);
    const messages = info.messages.map(
      ({ lineNum, linePos, length, type, message }): LabMessage => ({
        ...{ shader, line: lineNum, column: linePos, length, kind: type, text: message },
      }),
    );
    if (error && messages.length === 0) messages.push(messageOf(shader, error.message));
    return messages;
  }

  #shader(name: string, source: string): Shader {
    const known = this.#shaders.get(source);
    if (known) return known;
    const shader = parseShader(`${name}~${++shaders}`, source);
    this.#shaders.set(source, shader);
    return shader;
  }

  /** What records the job once. @param buffers of one's own kernel */
  #work(job: LabJob, { one }: Ready, buffers: () => Record<string, GpuArray>): () => Outputs {
    if (one) return variantOf(one, job).run;
    const own = completed(job.own!);
    // The name under which the edit is found.
    const shader = { ...this.#shader(OWN, own.source), name: OWN };
    return () => runOwn(this.#editing, own, shader, buffers());
  }

  /** The inputs of a job; those of the last one are kept as long as its sizes are. */
  #prepare(job: LabJob): Ready {
    const { kernel, sizes, own } = job;
    const key = JSON.stringify(own ? [own.source, own.buffers] : [kernel, sizes]);
    if (this.#ready?.key === key) return this.#ready;
    this.#ready?.scope[Symbol.dispose]();
    this.#ready = null;
    const scope = this.gpu.job();
    try {
      const one = own ? null : scope.do(() => kernelOf(job).at(this.#editing, sizes));
      const buffers = own ? scope.do(() => ownBuffers(this.#editing, completed(own))) : null;
      this.#ready = { key, scope, one, buffers, expected: null };
      return this.#ready;
    } catch (error) {
      scope[Symbol.dispose]();
      throw error;
    }
  }
}

function kernelOf({ kernel: id }: LabJob): Kernel {
  const found = KERNELS.find((kernel) => kernel.id === id);
  if (!found) throw new FusionclipError('usage', `There is no kernel "${id}"; choose one of the list.`);
  return found;
}

function bestOf({ variants, best }: KernelCase): string {
  return best ?? variants[variants.length - 1].name;
}

/** The variant that was asked for; the best one where it does not run here. */
function variantOf(one: KernelCase, { variant }: LabJob): KernelCase['variants'][number] {
  const find = (wanted: string) => one.variants.find(({ name }) => name === wanted);
  return find(variant) ?? find(bestOf(one))!;
}

function tuningOf({ rows }: LabJob): Record<string, string> {
  return rows ? { rows } : {};
}

function messageOf(shader: string, text: string): LabMessage {
  return { shader, line: 0, column: 0, length: 0, kind: 'error', text };
}

function loopMessage(place: number, shaders: readonly string[], text: string): LabMessage {
  const shader = shaders[Math.floor(place / LINES)];
  return { shader, line: place % LINES, column: 1, length: 0, kind: 'error', text };
}
