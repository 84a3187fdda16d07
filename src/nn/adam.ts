import { GpuArray } from '../gpu/array.ts';
import { type AdamState, adamStep, packSchedule } from '../kernels/adam.ts';
import { clipNorm } from '../kernels/clip_norm.ts';
import type { Parameter } from './tensor.ts';

/** Settings of {@link Adam}; the defaults are torch's. */
export interface AdamOptions {
  readonly lr: number;
  readonly betas?: readonly [number, number];
  readonly eps?: number;
  /** Decoupled weight decay (AdamW); 0 is plain Adam. */
  readonly weightDecay?: number;
}

/** Parameters that share settings. */
export interface ParameterGroup extends AdamOptions {
  readonly parameters: readonly Parameter[];
}

interface Group {
  readonly settings: Required<AdamOptions>;
  readonly parameters: readonly Parameter[];
  readonly schedule: GpuArray;
}

/**
 * Adam and AdamW as torch computes them: θ ← θ − lr·wd·θ; m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²;
 * θ ← θ − lr · (m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε).
 * All that changes from step to step lies in one small buffer a group, so a recorded step can be replayed.
 */
export class Adam {
  readonly #groups: Group[];
  readonly #states = new Map<Parameter, AdamState>();
  #steps = 0;

  constructor(groups: readonly ParameterGroup[]) {
    this.#groups = groups
      .filter(({ parameters }) => parameters.length > 0)
      .map(({ parameters, lr, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 }) => {
        const { gpu } = parameters[0].value;
        for (const p of parameters) {
          const exp_avg = GpuArray.zeros(gpu, p.shape).keep();
          const exp_avg_sq = GpuArray.zeros(gpu, p.shape).keep();
          this.#states.set(p, { exp_avg, exp_avg_sq });
        }
        return {
          settings: { lr, betas, eps, weightDecay },
          parameters,
          schedule: GpuArray.empty(gpu, [8]).keep(),
        };
      });
  }

  /** Number of steps taken. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Updates every parameter that has a gradient and forgets the gradients.
   * @param lrScale factor on every learning rate (warm-up and decay)
   * @param clip factor on every gradient (gradient clipping)
   */
  step(lrScale = 1, clip = 1): void {
    this.begin(lrScale, clip);
    this.update();
  }

  /**
   * {@link step} with all gradients scaled by one factor so that their common norm is at most `most`, without a wait.
   * @returns the norm before that, [1], owned by the current scope
   */
  stepClipped(lrScale: number, most: number): GpuArray {
    this.begin(lrScale, 1);
    const grads = this.#groups.flatMap(({ parameters }) => parameters.flatMap(({ grad }) => grad ?? []));
    const norm = clipNorm(
      grads,
      most,
      this.#groups.map(({ schedule }) => schedule),
    );
    this.update();
    return norm;
  }

  /** The first half of {@link step}: counts it and writes the numbers of its schedule, which differ from step to step. */
  begin(lrScale = 1, clip = 1): void {
    this.#steps++;
    for (const { settings, schedule } of this.#groups) {
      schedule.write(packSchedule({ ...settings, lr: settings.lr * lrScale, step: this.#steps, clip }));
    }
  }

  /** The second half of {@link step}: the same commands every time, so that they can be recorded (`RepeatedStep`). */
  update(): void {
    for (const { parameters, schedule } of this.#groups) {
      for (const p of parameters) {
        if (p.grad) adamStep(p.value, p.grad, this.#states.get(p)!, schedule);
        p.zeroGrad();
      }
    }
  }

  /** Moments by name, `exp_avg.NAME` and `exp_avg_sq.NAME`, for a checkpoint. */
  state(): Map<string, GpuArray> {
    const out = new Map<string, GpuArray>();
    for (const [p, { exp_avg, exp_avg_sq }] of this.#states) {
      out.set(`exp_avg.${p.name}`, exp_avg);
      out.set(`exp_avg_sq.${p.name}`, exp_avg_sq);
    }
    return out;
  }

  /** Continues as if `steps` steps had been taken; the moments are written into the arrays of {@link state}. */
  resumeAt(steps: number): void {
    this.#steps = steps;
  }

  /** Frees the memory of the GPU. */
  release(): void {
    for (const { exp_avg, exp_avg_sq } of this.#states.values()) {
      exp_avg.release();
      exp_avg_sq.release();
    }
    for (const { schedule } of this.#groups) schedule.release();
    this.#states.clear();
  }
}
