/** What the page and its worker say about a piece of work. Everything here is data that can be cloned. */
import type { AdapterFacts } from '../gpu/adapter.ts';
import type { Ceilings } from './ceilings.ts';
import type { Size } from './kernel.ts';
import type { OutputError } from './output_error.ts';

/** A shader that was changed. */
export interface ShaderEdit {
  /** Null where the text is as it was. */
  readonly source: string | null;
  /** Values in place of those that the wrapper asks for. */
  readonly constants: Readonly<Record<string, number>>;
  /** Workgroups in place of those that the wrapper asks for. */
  readonly groups: readonly [number, number, number] | null;
}

/** How a buffer of one's own kernel begins: random in [-1, 1), zeros, or 0, 1, 2, … */
export type Fill = 'random' | 'zeros' | 'count';

/** A kernel that stands in no file. */
export interface OwnKernel {
  readonly source: string;
  /** By binding: how many values of four bytes. */
  readonly buffers: Readonly<Record<string, { readonly length: number; readonly fill: Fill }>>;
  readonly params: Readonly<Record<string, number>>;
  readonly groups: readonly [number, number, number];
}

/** What is to be run: a kernel of the library, perhaps edited, or one's own. */
export interface LabJob {
  /** Id of a kernel. */
  readonly kernel: string;
  readonly variant: string;
  /** A row of `ROW_VARIANTS`, or '' for what suits the adapter. */
  readonly rows: string;
  readonly sizes: Readonly<Record<string, number>>;
  /** By the name of the shader. */
  readonly edits: Readonly<Record<string, ShaderEdit>>;
  /** In place of all of the above. */
  readonly own: OwnKernel | null;
}

/** What can be chosen. */
export interface KernelFacts {
  readonly id: string;
  readonly word: string;
  readonly formula: string;
  readonly sizes: Readonly<Record<string, Size>>;
  /** Whether {@link LabJob.rows} says how many invocations share a row. */
  readonly overRows: boolean;
}

/** A shader of a job, and how it is dispatched. */
export interface ShaderFacts {
  readonly name: string;
  readonly source: string;
  /** All constants with the values of the first dispatch. */
  readonly constants: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, number>>;
  /** Operations of all its dispatches, as the wrapper tells them. */
  readonly flops: number;
  /** Of the first dispatch. */
  readonly groups: readonly [number, number, number];
  readonly dispatches: number;
}

/** A kernel at certain sizes. */
export interface JobFacts {
  readonly variants: readonly string[];
  /** The variant that suits the adapter. */
  readonly best: string;
  /** In the order of their first dispatch. */
  readonly shaders: readonly ShaderFacts[];
  readonly flops: number;
  readonly bytes: number;
}

/** What a compiler says of a place. */
export interface LabMessage {
  readonly shader: string;
  /** From 1 on; 0 where no place is known. */
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly kind: 'error' | 'warning' | 'info';
  readonly text: string;
}

/** Some values of a buffer that a kernel wrote. */
export interface BufferSample {
  readonly name: string;
  readonly size: number;
  readonly first: readonly number[];
  readonly least: number;
  readonly most: number;
  readonly notFinite: number;
}

/** What a kernel computed. */
export interface CheckResult {
  readonly messages: readonly LabMessage[];
  /** Null when it was not run, or nothing is known of what is right. */
  readonly errors: readonly OutputError[] | null;
  readonly samples: readonly BufferSample[];
  /** Why there is no error to show. */
  readonly without: 'messages' | 'own' | 'size' | 'endless' | null;
}

/** One line of the times. */
export interface TimedRow {
  readonly name: string;
  readonly minMs: number;
  readonly medianMs: number;
  readonly gflops: number;
  readonly gbps: number;
  /** Time that the ceilings allow / time. */
  readonly ofCeiling: number;
}

/** Times beside what the adapter can do, measured in the same seconds. */
export interface TimeResult {
  readonly rows: readonly TimedRow[];
  readonly ceilings: Ceilings;
}

/** What there is when the page begins. */
export interface LabStart {
  readonly adapter: AdapterFacts;
  readonly kernels: readonly KernelFacts[];
}
