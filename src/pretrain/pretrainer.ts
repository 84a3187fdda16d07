import { exp } from '../base/elementary.ts';
import { FusionclipError } from '../base/errors.ts';
import { Pace } from '../base/progress.ts';
import type { ClipWeights, TensorWeights, Tokenizer } from '../clip/index.ts';
import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { addInto } from '../kernels/index.ts';
import { type Adam, Tape, type Tensor } from '../nn/index.ts';
import { cutBatch, joined, meanOfParts } from '../train/gradient_parts.ts';
import type { PartGradients, Team } from '../train/index.ts';
import { type Batch, prepareBatch, uploadBatch } from './batch.ts';
import { DualEncoder, readArrays } from './dual_encoder.ts';
import type { PairStepEvent } from './events.ts';
import { optimiser, writeMoments } from './optimiser.ts';
import type { PretrainOptions } from './options.ts';
import type { PairSource } from './pairs.ts';
import { rateFactor, stageAt, totalSteps } from './schedule.ts';

/** Everything that training needs to go on with the same bits. */
export interface PretrainState {
  /** Steps done. */
  readonly step: number;
  /** Positions belong to `config.vision.nativeSize`. */
  readonly weights: ClipWeights;
  /** Moments of the optimiser by name (`exp_avg.NAME`), or null at the start. */
  readonly moments: ReadonlyMap<string, Float32Array<ArrayBuffer>> | null;
}

/** What the trainer calls while it works. */
export interface PretrainHooks {
  /** Called after each step. */
  readonly onStep?: (event: PairStepEvent) => void;
  /** Called every `checkpoint.every` steps and at the end of a stage, when all losses so far are known to be finite. */
  readonly onCheckpoint?: () => Promise<void>;
  /** Stops after the step in progress. */
  readonly signal?: AbortSignal;
}

/** A step whose loss has not been looked at yet. */
interface PendingStep {
  readonly step: number;
  readonly lr: number;
  /** Loss, norm and logarithm of the scale. */
  readonly values: Promise<Float32Array>;
}

/**
 * Trains both towers of a CLIP model on pairs.
 *
 * A step is forward, backward, clipping and AdamW without a wait in between; while the device works, the pictures of the
 * next step are drawn, and its loss is read one step later. Equal seeds give equal bits, and so does going on from a
 * {@link state} at any step.
 */
export class Pretrainer {
  readonly #gpu: Gpu;
  readonly #options: PretrainOptions;
  readonly #source: PairSource;
  readonly #tokenizer: Tokenizer;
  readonly #team: Team | null;
  readonly #one: GpuArray;
  readonly #pace = new Pace();
  #model!: DualEncoder;
  #adam!: Adam;
  #step = 0;
  #pending: PendingStep | null = null;

  private constructor(gpu: Gpu, options: PretrainOptions, source: PairSource, tokenizer: Tokenizer, team: Team | null) {
    this.#gpu = gpu;
    this.#options = options;
    this.#source = source;
    this.#tokenizer = tokenizer;
    this.#team = team;
    this.#one = GpuArray.from(gpu, Float32Array.of(1), [1]).keep();
  }

  /**
   * A trainer that goes on from a state.
   * @param team who computes the parts of a batch beside this process
   * @throws FusionclipError `bad_model` when the state lacks a tensor
   */
  static async create(
    gpu: Gpu,
    options: PretrainOptions,
    source: PairSource,
    tokenizer: Tokenizer,
    state: PretrainState,
    team: Team | null = null,
  ): Promise<Pretrainer> {
    const trainer = new Pretrainer(gpu, options, source, tokenizer, team);
    await trainer.#load(state);
    return trainer;
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  get steps(): number {
    return totalSteps(this.#options.stages);
  }

  get model(): DualEncoder {
    return this.#model;
  }

  /** Weights, moments and step as they are now. */
  async state(): Promise<PretrainState & { readonly weights: TensorWeights }> {
    return { step: this.#step, weights: await this.#model.read(), moments: await readArrays(this.#adam.state()) };
  }

  /**
   * Trains to the end, or until the signal fires, and waits for the last loss.
   * @returns whether the end was reached
   * @throws FusionclipError `not_finite` when a loss is NaN or infinite
   */
  async run(hooks: PretrainHooks = {}): Promise<boolean> {
    const { stages } = this.#options;
    while (this.#step < this.steps) {
      const { stage, end } = stageAt(stages, this.#step);
      if (this.#model.vision.size !== stage.size) await this.#restart();
      const inParts = this.#options.parts > 1;
      const prepare = () => this.#prepare(this.#pairsOf(this.#step), stage.size);
      let batch = inParts ? null : await prepare();
      while (this.#step < end) {
        if (hooks.signal?.aborted) {
          await this.#settle(hooks);
          return false;
        }
        const next = batch === null ? await this.#together() : this.#launch(batch);
        if (batch !== null && this.#step < end) batch = await prepare();
        await this.#settle(hooks);
        this.#pending = next;
        if (this.#step % this.#options['checkpoint.every'] === 0 || this.#step === end) {
          await this.#settle(hooks);
          await hooks.onCheckpoint?.();
        }
      }
    }
    return true;
  }

  /** Makes ready for the parts of another training's step: the model for its pictures, with these weights. @throws FusionclipError `bad_data` */
  async follow(step: number, weights: Float32Array<ArrayBuffer>): Promise<void> {
    this.#step = step;
    if (this.#model.vision.size !== stageAt(this.#options.stages, step).stage.size) await this.#restart();
    const all = [...this.#model.parameters.values()];
    if (all.reduce((sum, { value }) => sum + value.size, 0) !== weights.length) {
      throw new FusionclipError('bad_data', 'The weights that were sent are those of another model.');
    }
    let at = 0;
    for (const { value } of all) {
      value.write(weights.subarray(at, at + value.size));
      at += value.size;
    }
  }

  /** The gradients of some pairs of this step with the weights as they are; the parameters keep none. */
  async gradients(pairs: readonly number[]): Promise<PartGradients> {
    const batch = await this.#prepare(pairs, this.#model.vision.size);
    const read = this.#backward(batch);
    const [losses, ...gradients] = await Promise.all(read.map(({ values }) => values));
    return { names: ['loss'], losses, parameters: read.slice(1).map(({ name }) => name), gradients: joined(gradients) };
  }

  /** All weights, one after the other. */
  async readWeights(): Promise<Float32Array<ArrayBuffer>> {
    return joined(await Promise.all(Array.from(this.#model.parameters.values(), ({ value }) => value.read())));
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.#model.release();
    this.#adam.release();
    this.#one.release();
  }

  /** Model and optimiser of a state, for the stage that its next step belongs to. */
  async #load({ step, weights, moments }: PretrainState): Promise<void> {
    const { size } = stageAt(this.#options.stages, step).stage;
    const model = await DualEncoder.load(this.#gpu, weights, size);
    const adam = optimiser(this.#options, model);
    if (moments) writeMoments(adam, moments, weights.config.vision, size);
    adam.resumeAt(step);
    this.#model = model;
    this.#adam = adam;
    this.#step = step;
  }

  /** The same model for pictures of the next size. */
  async #restart(): Promise<void> {
    const state = await this.state();
    this.#model.release();
    this.#adam.release();
    this.#gpu.trim();
    await this.#load(state);
  }

  /** Numbers of the pairs of a step. */
  #pairsOf(step: number): number[] {
    const { batch } = this.#options;
    return Array.from({ length: batch }, (_, b) => step * batch + b);
  }

  #prepare(pairs: readonly number[], size: number): Promise<Batch> {
    return prepareBatch(this.#options, this.#source, this.#tokenizer, pairs, size);
  }

  /** Forward and backward of a batch; the parameters have their gradients after it. In the caller's scope. */
  #record(batch: Batch): Tensor {
    const model = this.#model;
    const tape = new Tape();
    const inputs = uploadBatch(this.#gpu, batch, model.vision.size);
    const loss = tape.record(() => model.loss(inputs));
    tape.backward(loss, this.#one);
    return loss;
  }

  /** Forward and backward of a part; the reads of its loss and of its gradients are under way when this returns. */
  #backward(batch: Batch) {
    using _scope = this.#gpu.scope();
    const reads = [{ name: '', values: this.#record(batch).value.read() }];
    for (const parameter of this.#model.parameters.values()) {
      if (parameter.grad) reads.push({ name: parameter.name, values: parameter.grad.read() });
      parameter.zeroGrad();
    }
    return reads;
  }

  /** Records and submits one step; the read of its loss is under way when this returns. */
  #launch(batch: Batch): PendingStep {
    using _scope = this.#gpu.scope();
    return this.#update(this.#record(batch).value);
  }

  /** One step whose gradient is the mean of those of the parts of its batch. */
  async #together(): Promise<PendingStep> {
    const parts = cutBatch(this.#pairsOf(this.#step), this.#options.parts);
    const done: PartGradients[] = this.#team ? await this.#team.gradients(this, parts) : [];
    if (!this.#team) for (const part of parts) done.push(await this.gradients(part));
    const counts = parts.map(({ length }) => length);
    const { parameters, gradients, losses } = meanOfParts(done, counts);
    using _scope = this.#gpu.scope();
    let at = 0;
    for (const name of parameters) {
      const parameter = this.#model.parameters.get(name)!;
      const { size } = parameter.value;
      parameter.accumulate(GpuArray.from(this.#gpu, gradients.subarray(at, at + size), parameter.shape), addInto);
      at += size;
    }
    return this.#update(GpuArray.from(this.#gpu, losses, [1]));
  }

  /** AdamW with the gradients that the parameters have, after a loss. In the caller's scope. */
  #update(loss: GpuArray): PendingStep {
    const gpu = this.#gpu;
    const { lr, warmup, clip } = this.#options;
    const factor = rateFactor(this.#step, warmup, this.steps);
    const norm = this.#adam.stepClipped(factor, clip);
    this.#model.clampScale();
    const facts = GpuArray.empty(gpu, [3]);
    [loss, norm, this.#model.logScale.value].forEach(({ buffer, offset }, i) => {
      gpu.copy({ buffer, offset, bytes: 4 }, { buffer: facts.buffer, offset: 4 * i, bytes: 4 });
    });
    const values = facts.read();
    values.catch(() => {}); // it is looked at a step later, when another error may have come first
    return { step: ++this.#step, lr: factor * lr, values };
  }

  /** Looks at the loss of the step before. */
  async #settle({ onStep }: PretrainHooks): Promise<void> {
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = null;
    const { step, lr } = pending;
    const [loss, norm, logScale] = await pending.values;
    if (![loss, norm, logScale].every(Number.isFinite)) {
      throw new FusionclipError(
        'not_finite',
        `Step ${step} has a loss of ${loss} and a gradient of length ${norm}; lower --lr. The last checkpoint is kept.`,
      );
    }
    const { seconds, etaSeconds } = this.#pace.tick(this.steps - step);
    const left = this.steps - step;
    onStep?.({
      type: 'pairs',
      ...{ step, steps: this.steps, size: this.#model.vision.size },
      ...{ loss, norm, scale: exp(logScale), lr, seconds, etaSeconds },
      pairsPerSecond: left > 0 ? (this.#options.batch * left) / etaSeconds : 0,
    });
  }
}
