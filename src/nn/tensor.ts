import { GpuArray } from '../gpu/array.ts';

/** A value on the GPU that may take part in differentiation. */
export class Tensor {
  readonly value: GpuArray;
  /** Whether a gradient has to flow to it. */
  readonly requiresGrad: boolean;

  constructor(value: GpuArray, requiresGrad = false) {
    this.value = value;
    this.requiresGrad = requiresGrad;
  }

  get shape(): readonly number[] {
    return this.value.shape;
  }

  /** Values on the host. */
  read(): Promise<Float32Array<ArrayBuffer>> {
    return this.value.read();
  }
}

/**
 * A tensor that is trained (or frozen). It lives outside scopes, and so does its gradient: `release()` frees both.
 * Backward passes add to `grad`; `zeroGrad` makes the next one start afresh.
 */
export class Parameter extends Tensor {
  readonly name: string;
  #grad: GpuArray | null = null;
  #fresh = true;

  constructor(name: string, value: GpuArray, trainable = true) {
    super(value.keep(), trainable);
    this.name = name;
  }

  /** Gradient of the last backward passes, or null when none reached it since `zeroGrad`. */
  get grad(): GpuArray | null {
    return this.#fresh ? null : this.#grad;
  }

  /** Called by the tape: adds to the gradient. `add` is the in-place addition of the kernels. */
  accumulate(grad: GpuArray, add: (target: GpuArray, source: GpuArray) => void): void {
    this.#grad ??= grad.gpu.lasting(() => GpuArray.empty(grad.gpu, this.shape, 'f32', `grad ${this.name}`));
    if (this.#fresh) grad.gpu.copy(grad, this.#grad);
    else add(this.#grad, grad);
    this.#fresh = false;
  }

  /** The next backward pass overwrites the gradient. */
  zeroGrad(): void {
    this.#fresh = true;
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.value.release();
    this.#grad?.release();
    this.#grad = null;
    this.#fresh = true;
  }
}
