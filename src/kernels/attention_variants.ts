import type { Gpu } from '../gpu/gpu.ts';
import type { Shader } from '../gpu/shader.ts';
import {
  attention_backward_kv,
  attention_backward_kv_registers,
  attention_backward_kv_workgroup,
  attention_backward_q,
  attention_backward_q_registers,
  attention_backward_q_workgroup,
  attention_registers,
  attention_subgroups,
  attention_workgroup,
  attention as reference,
} from './shaders.gen.ts';
import { elementGrid, MOST_GROUPS, ranges } from './shapes.ts';
import { bestVariant, runnable, type Variant, type VariantFacts } from './variants.ts';

/** Sizes that a launch depends on. */
export interface Sequences {
  /** Heads of all batches. */
  readonly sequences: number;
  readonly batch: number;
  /** Tokens of one. */
  readonly length: number;
  /** Of a head. */
  readonly width: number;
}

/** One launch: with the parameters that every part has, and which part it is. */
interface Launch {
  readonly params: Readonly<Record<string, number>>;
  readonly constants?: Readonly<Record<string, number>>;
  readonly groups: [number, number, number?];
  readonly flops: number;
}

/** The launches of a kernel: as many as a submit's budget asks for, with the same bits. */
type Launches = (
  gpu: Gpu,
  size: Sequences,
  params: Readonly<Record<string, number>>,
  flops: number,
) => Iterable<Launch>;

/** One way to carry out attention, and its gradient. */
export interface AttentionRow extends Variant {
  readonly forward: {
    readonly shader: Shader<'qkv' | 'out' | 'log_sum_exp', string, string>;
    readonly launches: Launches;
  };
  readonly backward: {
    readonly byQuery: Shader<'grad' | 'qkv' | 'out' | 'log_sum_exp' | 'd_qkv' | 'delta', string, string>;
    readonly byKey: Shader<'grad' | 'qkv' | 'log_sum_exp' | 'd_qkv' | 'delta', string, string>;
    readonly launches: Launches;
  };
}

/** One invocation per four columns of every row, heads along y. */
function* byColumns(
  gpu: Gpu,
  { sequences, length, width }: Sequences,
  params: Launch['params'],
  flops: number,
): Iterable<Launch> {
  const pieces = Math.max(gpu.budget.pieces(flops), Math.ceil(sequences / MOST_GROUPS));
  const x = Math.ceil((length * width) / 4 / reference.constants.WORKGROUP);
  for (const { start, count } of ranges(sequences, pieces)) {
    yield { params: { ...params, first: start }, groups: [x, count], flops: (flops * count) / sequences };
  }
}

/** `rows` queries or keys for each owner, so many owners in a workgroup. */
const byRows = (rows: number, ownersEach: number): Launches =>
  function* (gpu, { sequences, length }, params, flops) {
    const owners = sequences * Math.ceil(length / rows);
    for (const { start, count } of ranges(owners, gpu.budget.pieces(flops), ownersEach)) {
      const groups = elementGrid(count, ownersEach);
      yield { params: { ...params, first: start, owners: start + count }, groups, flops: (flops * count) / owners };
    }
  };

/**
 * A workgroup for each tile of queries or keys, and for each 64 columns of a head. As many whole sequences of a head as fit share
 * a tile, of which a short one alone would leave most unused.
 */
function* byTiles(gpu: Gpu, size: Sequences, params: Launch['params'], flops: number): Iterable<Launch> {
  const { TILE } = attention_workgroup.constants;
  const { sequences, batch, length, width } = size;
  const together = Math.min(batch, Math.max(1, Math.floor(TILE / length)));
  const bundles = (sequences / batch) * Math.ceil(batch / together);
  const constants = { QUADS: width / 4 };
  const all = { ...params, together, rows: batch * length };
  const bundled = { ...size, sequences: bundles, length: together * length };
  for (const { groups, ...launch } of byRows(TILE, 1)(gpu, bundled, all, flops)) {
    yield { ...launch, constants, groups: [groups[0], groups[1], Math.ceil(width / 64)] };
  }
}

/** An invocation of the `registers` variant owns eight rows. */
const ownEight = byRows(8, attention_registers.constants.WORKGROUP);
const registersBackward = {
  ...{ byQuery: attention_backward_q_registers, byKey: attention_backward_kv_registers, launches: ownEight },
};

/**
 * The variants of attention, the first one first. Real GPUs want many small invocations that
 * share what they load, software adapters few large ones. A
 * variant of the forward alone names the gradient of another one.
 */
export const ATTENTION_VARIANTS = {
  reference: {
    best: [],
    forward: { shader: reference, launches: byColumns },
    backward: { byQuery: attention_backward_q, byKey: attention_backward_kv, launches: byColumns },
  },
  registers: {
    best: ['lavapipe', 'swiftshader', 'software'],
    forward: { shader: attention_registers, launches: ownEight },
    backward: registersBackward,
  },
  workgroup: {
    best: ['hardware'],
    forward: { shader: attention_workgroup, launches: byTiles },
    backward: {
      ...{ byQuery: attention_backward_q_workgroup, byKey: attention_backward_kv_workgroup, launches: byTiles },
    },
  },
  subgroups: {
    ...{ needs: 'subgroups', best: ['swiftshader'] },
    forward: { shader: attention_subgroups, launches: byRows(attention_subgroups.constants.ROWS, 1) },
    backward: registersBackward,
  },
} as const satisfies Readonly<Record<string, AttentionRow>>;

/** Name of a row of {@link ATTENTION_VARIANTS}. */
export type AttentionVariant = keyof typeof ATTENTION_VARIANTS;

/** The variants that an adapter can run and `fusionclip tune` chooses from: all but the first one; on software adapters those for them. */
export function attentionVariants(facts: VariantFacts): AttentionVariant[] {
  const forThem = (name: AttentionVariant) => attentionRow(name).best.some((kind) => kind !== 'hardware');
  return runnable(ATTENTION_VARIANTS, facts)
    .slice(1)
    .filter((name) => facts.class === 'hardware' || forThem(name));
}

/** Whether a text names one of {@link ATTENTION_VARIANTS}. */
export function isAttentionVariant(name: unknown): name is AttentionVariant {
  return typeof name === 'string' && Object.hasOwn(ATTENTION_VARIANTS, name);
}

/** The variant that was chosen for an adapter, if it can run it, else the best one of its kind. */
export function chosenAttention(facts: VariantFacts, tuned?: unknown): AttentionVariant {
  const able = runnable(ATTENTION_VARIANTS, facts).slice(1);
  return able.find((name) => name === tuned) ?? bestVariant(ATTENTION_VARIANTS, facts);
}

/** A row of the table. */
export function attentionRow(variant: AttentionVariant): AttentionRow {
  return ATTENTION_VARIANTS[variant];
}
