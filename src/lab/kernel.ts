import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { numbers } from './inputs.ts';

/** What a piece of work leaves, by name. */
export type Outputs = Readonly<Record<string, GpuArray>>;

/** A kernel at certain sizes: its work in all variants, and what is right. A case of a bench as well. */
export interface KernelCase {
  /** Sizes, e.g. `290×1024×1024 NT`. */
  readonly name: string;
  /** Floating-point operations and bytes that any implementation must do or move: the floor. */
  readonly flops: number;
  readonly bytes: number;
  /** The first one is the first variant, which the others are compared with. `run` records the work once. */
  readonly variants: readonly { readonly name: string; readonly run: () => Outputs }[];
  /** The variant that suits the adapter; without it the last one. */
  readonly best?: string;
  /** What the outputs should be in float64, by the same names. */
  readonly reference: () => Readonly<Record<string, ArrayLike<number>>>;
  /** Multiplications or the like that {@link reference} takes: whether somebody can wait for it. */
  readonly referenceWork: number;
}

/** A size that can be chosen: whole numbers; 0 to 1 is a switch. */
export interface Size {
  /** Small, so that the reference is quick, and such that no tile divides it. */
  readonly value: number;
  readonly least: number;
  readonly most: number;
}

/** How far an output may be from its reference: absolute + relative · |reference|. */
export interface Tolerance {
  readonly absolute?: number;
  readonly relative?: number;
}

/** One operation of `src/kernels` as benches, tests and the page `lab.html` see it. */
export interface Kernel<S extends string = string> {
  readonly id: string;
  /** The word of its files. */
  readonly word: string;
  /** One line: what it computes. */
  readonly formula: string;
  readonly sizes: Readonly<Record<S, Size>>;
  readonly tolerance: Tolerance;
  /** Whether `gpu.tuning.rows` chooses how many invocations share a row. */
  readonly overRows?: boolean;
  /** Uploads inputs, which belong to the current scope. @throws Error when the sizes do not go together */
  readonly at: (gpu: Gpu, sizes: Readonly<Record<S, number>>) => KernelCase;
}

/** A kernel, whose sizes are then those that `at` gets. */
export function kernel<S extends string>(description: Kernel<S>): Kernel<S> {
  return description;
}

/** A {@link Size}. */
export function size(value: number, most = 16_384, least = 1): Size {
  return { value, least, most };
}

/** A {@link Size} that is 0 or 1. */
export function flag(value: 0 | 1): Size {
  return { value, least: 0, most: 1 };
}

/** An input on both sides. */
export interface Input {
  readonly array: GpuArray;
  readonly host: Float32Array<ArrayBuffer>;
}

/** Reproducible numbers, on the GPU too. @param change what is done to each number, which is in [-1, 1) */
export function input(gpu: Gpu, seed: number, shape: readonly number[], change?: (x: number) => number): Input {
  const raw = numbers(shape, seed);
  const host = change ? raw.map(change) : raw;
  return { array: GpuArray.from(gpu, host, shape), host };
}

/** One way without a name of its own. */
export function only(run: () => Outputs): KernelCase['variants'] {
  return [{ name: 'only', run }];
}

/** The variant for any shape, and the one that reads several values at a time. */
export function anyAndWide(any: () => Outputs, wide: () => Outputs): KernelCase['variants'] {
  return [
    { name: 'any width', run: any },
    { name: 'wide', run: wide },
  ];
}
