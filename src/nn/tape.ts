import type { GpuArray } from '../gpu/array.ts';
import { atOnce } from '../gpu/interface.ts';
import type { GpuBuffer } from '../gpu/memory.ts';
import { add, addInto } from '../kernels/elementwise.ts';
import { Parameter, Tensor } from './tensor.ts';

/**
 * A differentiable operation as data. `need[i]` says whether input i needs a gradient: the forward saves only what the
 * backward will read for those, and the backward returns null for the others. So a frozen weight costs nothing, and
 * then its input is not saved either.
 */
export interface Operation<A> {
  readonly name: string;
  /** The result of the inputs, and what the backward pass will read. */
  forward(inputs: readonly GpuArray[], attributes: A, need: readonly boolean[]): Forward;
  /**
   * `saved` is what the forward returned; the result has one entry per input. `sums[i]` is the gradient that input i has from
   * elsewhere, where it may be added to in place: an operation that does so returns it, for the others the tape adds.
   */
  backward(
    grad: GpuArray,
    saved: readonly GpuArray[],
    attributes: A,
    need: readonly boolean[],
    sums: readonly (GpuArray | null)[],
  ): (GpuArray | null)[];
}

/** Result of a forward; an operation that returns nothing in `saved` needs only its attributes for the backward. */
export interface Forward {
  readonly output: GpuArray;
  readonly saved: readonly GpuArray[];
}

interface Node {
  readonly operation: Operation<unknown>;
  readonly attributes: unknown;
  readonly inputs: readonly Tensor[];
  readonly need: readonly boolean[];
  readonly saved: readonly GpuArray[];
  readonly output: Tensor;
}

/** Set only while a body runs, which cannot wait: what is recorded never depends on what runs beside it. */
let active: Tape | null = null;

function withActive<T>(tape: Tape | null, body: () => T): T {
  const outer = active;
  active = tape;
  try {
    return atOnce('tape', body());
  } finally {
    active = outer;
  }
}

/** Whether operations are being recorded, that is, whether intermediate values must survive. */
export function isRecording(): boolean {
  return active !== null;
}

/**
 * Runs an operation and records it when a tape is active and some input needs a gradient.
 * All differentiable functions of the library are one call of this.
 */
export function apply<A>(operation: Operation<A>, inputs: readonly Tensor[], attributes: A): Tensor {
  const need = inputs.map((t) => active !== null && t.requiresGrad);
  const { output, saved } = operation.forward(
    inputs.map((t) => t.value),
    attributes,
    need,
  );
  const differentiable = need.includes(true);
  const tensor = new Tensor(output, differentiable);
  if (differentiable) {
    active?.push({ operation: operation as Operation<unknown>, attributes, inputs, need, saved, output: tensor });
  }
  return tensor;
}

/** A linear record of operations, replayed backwards once. */
export class Tape {
  #nodes: Node[] = [];

  /**
   * Records what `body` does, without waiting. Tapes nest (activation checkpoints); the innermost records. When `body`
   * throws, the tape is as it was before.
   */
  record<T>(body: () => T): T {
    const before = this.#nodes.length;
    try {
      return withActive(this, body);
    } catch (error) {
      this.#nodes.length = before;
      throw error;
    }
  }

  /** Runs `body` unrecorded. */
  static pause<T>(body: () => T): T {
    return withActive(null, body);
  }

  /** @internal Called by `apply`: adds an operation to the record. */
  push(node: Node): void {
    this.#nodes.push(node);
  }

  /** Number of recorded operations. */
  get length(): number {
    return this.#nodes.length;
  }

  /**
   * Propagates `seed` (same shape as `output`) and adds to the gradient of every parameter reached. Intermediate
   * gradients are released as soon as they are used. Returns the gradients of `wanted`, owned by the current scope.
   * The tape is empty afterwards, even when an operation throws; then the gradients of parameters are those of a part, and
   * `zeroGrad` is due.
   * @throws Error when nothing on the tape made `output`, as when it was played back before
   */
  backward(output: Tensor, seed: GpuArray, wanted: readonly Tensor[] = []): (GpuArray | null)[] {
    const nodes = this.#nodes.reverse();
    this.#nodes = [];
    const known = wanted.includes(output) || nodes.some((node) => node.output === output);
    if (output.requiresGrad && !known) {
      throw new Error('backward: nothing on this tape made the output; record it, and play a tape back once');
    }
    return Tape.pause(() => propagate(nodes, output, seed, wanted));
  }
}

function propagate(nodes: readonly Node[], output: Tensor, seed: GpuArray, wanted: readonly Tensor[]) {
  const gradients = new GradientMap();
  gradients.add(output, seed, true);
  for (const node of nodes) {
    const grad = gradients.get(node.output);
    if (!grad) continue;
    const sums = node.inputs.map((input) => gradients.own(input));
    const results = node.operation.backward(grad, node.saved, node.attributes, node.need, sums);
    node.inputs.forEach((input, i) => {
      const result = results[i];
      if (!node.need[i] || !result || result === sums[i]) return;
      if (input instanceof Parameter) {
        gradients.retain(result);
        input.accumulate(result, addInto);
        gradients.drop(result);
      } else gradients.add(input, result);
    });
    if (!wanted.includes(node.output)) gradients.forget(node.output);
  }
  return wanted.map((t) => gradients.get(t));
}

/**
 * Gradients under way. One buffer can stand for several tensors (an addition passes its gradient on as it is, a reshape
 * returns a view), so owners are counted per buffer: it is added to in place only by a single owner, and released with
 * its last one.
 */
class GradientMap {
  readonly #arrays = new Map<Tensor, GpuArray>();
  readonly #owners = new Map<GpuBuffer, number>();

  get(tensor: Tensor): GpuArray | null {
    return this.#arrays.get(tensor) ?? null;
  }

  /** The gradient of a tensor if no other one stands for it: what is added to it is added to nothing else. */
  own(tensor: Tensor): GpuArray | null {
    const grad = this.#arrays.get(tensor);
    return grad && this.#owners.get(grad.buffer) === 1 ? grad : null;
  }

  /** `borrowed`: the caller keeps the buffer, so it is never written or released here. */
  add(tensor: Tensor, grad: GpuArray, borrowed = false): void {
    if (borrowed) this.retain(grad);
    const present = this.#arrays.get(tensor);
    if (!present) {
      this.retain(grad);
      this.#arrays.set(tensor, grad);
      return;
    }
    this.retain(grad);
    if (present === this.own(tensor)) addInto(present, grad);
    else {
      const sum = add(present, grad);
      this.retain(sum);
      this.#arrays.set(tensor, sum);
      this.drop(present);
    }
    this.drop(grad);
  }

  forget(tensor: Tensor): void {
    const grad = this.#arrays.get(tensor);
    if (!grad) return;
    this.#arrays.delete(tensor);
    this.drop(grad);
  }

  retain(grad: GpuArray): void {
    this.#owners.set(grad.buffer, (this.#owners.get(grad.buffer) ?? 0) + 1);
  }

  drop(grad: GpuArray): void {
    const left = (this.#owners.get(grad.buffer) ?? 0) - 1;
    if (left > 0) this.#owners.set(grad.buffer, left);
    else {
      this.#owners.delete(grad.buffer);
      grad.release();
    }
  }
}

/**
 * Activation checkpoint: runs `body(inputs)` without keeping its intermediate values and runs it again in the backward.
 * `body` must be a pure function of its inputs and of parameters. Saves memory for time.
 */
export function checkpoint(body: (inputs: readonly Tensor[]) => Tensor, inputs: readonly Tensor[]): Tensor {
  const tracked = active !== null;
  if (!tracked) return body(inputs);
  // Parameters used inside are reached through the inner tape, so the node must exist even if no input needs a gradient.
  const marked = inputs.some((t) => t.requiresGrad) ? inputs : [new Tensor(inputs[0].value, true), ...inputs.slice(1)];
  return apply(checkpointOperation, marked, { body });
}

const checkpointOperation: Operation<{ body: (inputs: readonly Tensor[]) => Tensor }> = {
  name: 'checkpoint',
  /** The result of the inputs, and what the backward pass will read. */
  forward(inputs, { body }) {
    const { gpu } = inputs[0];
    using scope = gpu.scope();
    const output = Tape.pause(() => body(inputs.map((v) => new Tensor(v)))).value;
    scope.pass(output.buffer);
    return { output, saved: inputs };
  },
  backward(grad, saved, { body }, need) {
    const { gpu } = grad;
    using scope = gpu.scope();
    const leaves = saved.map((v, i) => new Tensor(v, need[i]));
    const tape = new Tape();
    const output = tape.record(() => body(leaves));
    const results = tape.backward(output, grad, leaves);
    for (const r of results) if (r) scope.pass(r.buffer);
    return results;
  },
};
