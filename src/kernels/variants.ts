import type { AdapterClass, AdapterFacts } from '../gpu/adapter.ts';

/**
 * One row of the table of an operation's variants: another way to the same result, with the same buffers and parameters. The first
 * row of a table is the short, obviously right one, which the others are compared with in tests and benches.
 */
export interface Variant {
  /** Feature of the device that it cannot do without. */
  readonly needs?: string;
  /** The only kinds of adapters that are offered it, where the others would not gain and might not compile it. */
  readonly only?: readonly AdapterClass[];
  /** Kinds of adapters that it is best for; where several fit, the last row wins. */
  readonly best: readonly AdapterClass[];
}

/** A table of variants by name. */
export type VariantTable<N extends string> = Readonly<Record<N, Variant>>;

/** What a choice depends on. */
export type VariantFacts = Pick<AdapterFacts, 'class' | 'features'>;

/** The variants that an adapter can run, in the order of the table. */
export function runnable<N extends string>(table: VariantTable<N>, facts: VariantFacts): N[] {
  return (Object.keys(table) as N[]).filter((name) => {
    const { needs, only } = table[name];
    return (needs === undefined || facts.features.includes(needs)) && (only?.includes(facts.class) ?? true);
  });
}

/** The best variant of an adapter; the first one where no row names its kind. */
export function bestVariant<N extends string>(table: VariantTable<N>, facts: VariantFacts): N {
  const names = runnable(table, facts);
  return names.findLast((name) => table[name].best.includes(facts.class)) ?? names[0];
}
