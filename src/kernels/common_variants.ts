import type { AdapterClass } from '../gpu/adapter.ts';
import type { Tuning } from '../gpu/interface.ts';
import { ATTENTION_VARIANTS } from './attention_variants.ts';
import { MATMUL_VARIANTS } from './matmul_variants.ts';
import { ROW_VARIANTS } from './rows.ts';
import { bestVariant } from './variants.ts';

/**
 * The variants that suit a kind of adapter whatever runtime opened it: none that takes a feature which another runtime does not
 * offer, and none that was measured. Sums in another order have other last bits, so these keep them from runtime to runtime.
 */
export function commonVariants({ class: kind }: { readonly class: AdapterClass }): Tuning {
  const facts = { class: kind, features: [] };
  return {
    matmul: bestVariant(MATMUL_VARIANTS, facts),
    attention: bestVariant(ATTENTION_VARIANTS, facts),
    rows: bestVariant(ROW_VARIANTS, facts),
  };
}
