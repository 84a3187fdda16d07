import { FusionclipError } from '../base/errors.ts';
import { epochOrder, stepsPerEpoch } from '../base/order.ts';
import type { Detector } from '../detect/detector.ts';
import { FeatureCache } from '../detect/feature_cache.ts';
import type { TrainItem } from '../detect/support.ts';
import { GpuArray } from '../gpu/array.ts';
import type { Scope } from '../gpu/memory.ts';
import { RepeatedStep } from '../gpu/repeated_step.ts';
import { addInto } from '../kernels/index.ts';
import { Adam, type Parameter, Tape } from '../nn/index.ts';
import type { TrainedStep } from '../run/events.ts';
import type { TrainOptions } from '../run/options.ts';
import { cutBatch, joined, meanOfParts, type PartGradients } from './gradient_parts.ts';
import { StepInputs } from './step_inputs.ts';
import type { Team } from './team.ts';

/** How a training differs from what its options say. */
export interface TrainerChoices {
  /** In place of both learning rates, when several are tried. */
  readonly rate?: number | null;
  /** Carries out every step anew instead of replaying the first one of its size: slower, the same bits. */
  readonly eager?: boolean;
  /** Who computes the parts of a batch beside this process. */
  readonly team?: Team | null;
}

/** What the trainer calls while it works. */
export interface TrainerHooks {
  /** Called after each step. */
  readonly onStep?: (event: TrainedStep) => void;
  /** Called every `checkpoint.every` steps, when all losses so far are known to be finite. */
  readonly onCheckpoint?: () => Promise<void>;
  /** Stops after the step in progress; the trainer then is in the state of a checkpoint. */
  readonly signal?: AbortSignal;
}

/** A step whose loss has not been looked at yet. */
interface PendingStep {
  readonly step: number;
  readonly names: readonly string[];
  readonly values: Promise<Float32Array>;
}

/** Images of one pass through the backbone when features are computed. */
const EXTRACT_BATCH = 16;

/**
 * Trains adapters and prompts of a detector on the views of a support set.
 *
 * A step is forward, backward and Adam without a wait in between; its loss is read while the next step runs. The first
 * step of each batch size is recorded, the others replay it. Equal seeds give equal bits, and so does going on from a
 * checkpoint at any step.
 */
export class Trainer {
  readonly detector: Detector;
  readonly adam: Adam;
  readonly #items: readonly TrainItem[];
  readonly #features: FeatureCache;
  readonly #options: TrainOptions;
  readonly #team: Team | null;
  /** Steps are done in it: what goes wrong in them is told here, and not to what runs beside it. */
  readonly #job: Scope;
  readonly #one: GpuArray;
  readonly #inputs = new Map<number, StepInputs>();
  readonly #repeated: RepeatedStep<GpuArray> | null;
  readonly #start: number;
  readonly #stepsPerEpoch: number;
  #step = 0;
  /** Names of the parts of the loss, the same for every step. */
  #names: readonly string[] = [];
  #pending: PendingStep | null = null;

  constructor(
    detector: Detector,
    items: readonly TrainItem[],
    options: TrainOptions,
    { rate = null, eager = false, team = null }: TrainerChoices = {},
  ) {
    const { gpu, method } = detector;
    if (items.length === 0) {
      throw new FusionclipError('usage', 'There is nothing to train on: ask for at least one support image (--shots).');
    }
    this.detector = detector;
    this.#items = items;
    this.#options = options;
    this.#team = team;
    this.#stepsPerEpoch = stepsPerEpoch(items.length, options.batch);
    const isPrompt = (p: Parameter) => p.name.startsWith('prompt.');
    const group = (parameters: Parameter[], lr: number) => ({ parameters, lr: rate ?? lr, betas: options.betas });
    this.adam = new Adam([
      group(
        method.parameters.filter((p) => !isPrompt(p)),
        options['lr.adapter'],
      ),
      group(method.parameters.filter(isPrompt), options['lr.prompt']),
    ]);
    this.#job = gpu.job();
    this.#features = new FeatureCache(detector);
    this.#repeated = eager ? null : new RepeatedStep(gpu);
    this.#one = GpuArray.from(gpu, Float32Array.of(1), [1]).keep();
    this.#start = performance.now();
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  /** Whole epochs done. */
  get epoch(): number {
    return Math.floor(this.#step / this.#stepsPerEpoch);
  }

  get steps(): number {
    return this.#options.epochs * this.#stepsPerEpoch;
  }

  /** Computes the features of all items. With a frozen backbone this is the only time that it runs. */
  async prepare(onProgress?: (done: number, total: number) => void, signal?: AbortSignal): Promise<void> {
    const items = this.#items;
    function* batches() {
      for (let start = 0; start < items.length; start += EXTRACT_BATCH) {
        yield new Map(items.slice(start, start + EXTRACT_BATCH).map(({ id, input }) => [id, input]));
      }
    }
    await this.#features.fill(batches(), { total: items.length, onProgress, signal });
  }

  /**
   * Trains to the end of the current epoch, or until the signal fires, and waits for the last loss.
   * @returns whether the epoch was finished
   * @throws FusionclipError `not_finite` when a loss is NaN or infinite
   */
  async runEpoch(hooks: TrainerHooks = {}): Promise<boolean> {
    const epoch = this.epoch;
    const order = epochOrder(this.#items.length, this.#options.seed, epoch);
    const { batch, parts } = this.#options;
    for (let at = this.#step % this.#stepsPerEpoch; at < this.#stepsPerEpoch; at++) {
      const items = order.slice(at * batch, (at + 1) * batch);
      if (parts === 1 && !this.#isCompiled(items.length)) await this.#compile(items.length, hooks.signal);
      if (hooks.signal?.aborted) {
        await this.#settle(hooks);
        return false;
      }
      const launch = () => this.#job.do(() => this.#launch(items.map((i) => this.#items[i])));
      const next = parts > 1 ? await this.#together(items, parts) : launch();
      await this.#settle(hooks);
      this.#pending = next;
      if (this.#step % this.#options['checkpoint.every'] === 0 && at + 1 < this.#stepsPerEpoch && hooks.onCheckpoint) {
        await this.#settle(hooks);
        await hooks.onCheckpoint();
      }
    }
    await this.#settle(hooks);
    return true;
  }

  /** Continues as if `step` steps had been done; parameters and moments are written by the caller. */
  resumeAt(step: number): void {
    this.#step = step;
    this.adam.resumeAt(step);
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.#repeated?.release();
    for (const inputs of this.#inputs.values()) inputs.release();
    this.adam.release();
    this.#features.release();
    this.#one.release();
    this.#job[Symbol.dispose]();
  }

  /** The gradients of some items with the weights as they are; the parameters keep none. */
  async gradients(items: readonly number[]): Promise<PartGradients> {
    const { names, reads } = this.#job.do(() => this.#gradients(items.map((i) => this.#items[i])));
    const [losses, ...gradients] = await Promise.all(reads.map(({ values }) => values));
    return { names, losses, parameters: reads.slice(1).map(({ name }) => name), gradients: joined(gradients) };
  }

  /** All weights, one after the other. */
  async readWeights(): Promise<Float32Array<ArrayBuffer>> {
    return joined(await Promise.all(this.detector.method.parameters.map(({ value }) => value.read())));
  }

  /** Takes over the weights of {@link readWeights}. @throws FusionclipError `bad_data` for those of something else */
  writeWeights(weights: Float32Array<ArrayBuffer>): void {
    const { parameters } = this.detector.method;
    if (parameters.reduce((sum, { value }) => sum + value.size, 0) !== weights.length) {
      throw new FusionclipError('bad_data', 'The weights that were sent are those of another method.');
    }
    let at = 0;
    for (const { value } of parameters) {
      value.write(weights.subarray(at, at + value.size));
      at += value.size;
    }
  }

  /** One step whose gradient is the mean of those of the parts of its batch. */
  async #together(items: readonly number[], count: number): Promise<PendingStep> {
    const parts = cutBatch(items, count);
    const done: PartGradients[] = this.#team ? await this.#team.gradients(this, parts) : [];
    if (!this.#team) for (const part of parts) done.push(await this.gradients(part));
    const mean = meanOfParts(
      done,
      parts.map(({ length }) => length),
    );
    this.#job.do(() => this.#apply(mean));
    return { step: ++this.#step, names: mean.names, values: Promise.resolve(mean.losses) };
  }

  /** Adam with gradients that come from outside. */
  #apply({ parameters, gradients }: PartGradients): void {
    const { gpu, method } = this.detector;
    using _scope = gpu.scope();
    let at = 0;
    for (const name of parameters) {
      const parameter = method.parameters.find((one) => one.name === name)!;
      const { size } = parameter.value;
      const gradient = GpuArray.from(gpu, gradients.subarray(at, at + size), parameter.shape);
      parameter.accumulate(gradient, addInto);
      at += size;
    }
    this.adam.begin();
    this.adam.update();
  }

  #gradients(items: readonly TrainItem[]) {
    const { gpu, method } = this.detector;
    using _scope = gpu.scope();
    const inputs = this.#inputsOf(items.length);
    inputs.write(items);
    const tape = new Tape();
    const { total, names, values } = tape.record(() => method.loss(inputs.batch.encoded(), inputs.targets));
    tape.backward(total, this.#one);
    const reads = [{ name: '', values: values.value.read() }];
    for (const parameter of method.parameters) {
      if (parameter.grad) reads.push({ name: parameter.name, values: parameter.grad.read() });
      parameter.zeroGrad();
    }
    return { names, reads };
  }

  /** Whether a step of this size is under way at once: nothing is to be compiled, or all of it is while it is recorded. */
  #isCompiled(count: number): boolean {
    return !this.#repeated || this.#inputs.has(count);
  }

  /** The kernels of the first step of a size, which some GPUs take many seconds for. */
  async #compile(count: number, signal?: AbortSignal): Promise<void> {
    const inputs = this.#job.do(() => this.#inputsOf(count));
    await this.#job.do(() => this.#repeated!.prepare(String(count), () => this.#compute(inputs), signal));
  }

  /** Submits one step; the read of its loss is under way when this returns. */
  #launch(items: readonly TrainItem[]): PendingStep {
    const { gpu } = this.detector;
    using _scope = gpu.scope();
    const inputs = this.#inputsOf(items.length);
    inputs.write(items);
    this.adam.begin();
    const step = () => this.#compute(inputs);
    const values = this.#repeated ? this.#repeated.run(String(items.length), step) : step();
    const reading = values.read();
    reading.catch(() => {}); // it is looked at a step later, when another error may have come first
    return { step: ++this.#step, names: this.#names, values: reading };
  }

  /** Forward, backward and Adam: the same commands for every batch of a size. Returns the losses before the step, [parts]. */
  #compute({ batch, targets }: StepInputs): GpuArray {
    const tape = new Tape();
    const { total, names, values } = tape.record(() => this.detector.method.loss(batch.encoded(), targets));
    tape.backward(total, this.#one);
    this.adam.update();
    this.#names = names;
    return values.value;
  }

  #inputsOf(count: number): StepInputs {
    let inputs = this.#inputs.get(count);
    if (!inputs) {
      inputs = new StepInputs(this.detector, this.#features, count);
      this.#inputs.set(count, inputs);
    }
    return inputs;
  }

  /** Looks at the loss of the step before. */
  async #settle({ onStep }: TrainerHooks): Promise<void> {
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = null;
    const { step, names } = pending;
    const values = await pending.values;
    const loss = values.reduce((a, b) => a + b, 0);
    const epoch = Math.floor((step - 1) / this.#stepsPerEpoch) + 1;
    if (!Number.isFinite(loss)) {
      const part = names.find((_, i) => !Number.isFinite(values[i])) ?? 'their sum';
      throw new FusionclipError(
        'not_finite',
        `The loss of step ${step} (epoch ${epoch}) is ${loss}, first in ${part}; lower --lr.adapter and --lr.prompt. ` +
          'The last checkpoint is kept.',
      );
    }
    const parts = Object.fromEntries(names.map((name, i) => [name, values[i]]));
    const seconds = (performance.now() - this.#start) / 1000;
    onStep?.({ step, steps: this.steps, epoch, epochs: this.#options.epochs, loss, parts, seconds });
  }
}
