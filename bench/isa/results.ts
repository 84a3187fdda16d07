/** What `npm run isa` stores, the table it prints, and the limits that lint holds it to. */
import { textColumns } from '../../src/base/columns.ts';
import type { Compiler } from './compilers.ts';
import type { LoopFacts } from './machine_code.ts';

/** GPUs by RADV's names: one of each generation of AMD's instructions. */
export const FAMILIES = { navi21: 'RDNA 2', gfx1100: 'RDNA 3', vega10: 'GCN 5' } as const;
/** One of {@link FAMILIES}. */
export type Family = keyof typeof FAMILIES;

/** One kernel by one compiler on one GPU. */
export interface IsaResult {
  readonly kernel: string;
  readonly shader: string;
  /** Of the source with its constants. */
  readonly hash: string;
  readonly compiler: Compiler;
  readonly family: Family;
  readonly vgprs: number;
  /** Vector and scalar registers that did not fit. */
  readonly spills: number;
  /** Bytes of an invocation's own memory, where arrays that no register holds are kept. */
  readonly scratch: number;
  /** Bytes of workgroup memory. */
  readonly lds: number;
  /** Waves that fit into a SIMD; on RDNA those of 32 lanes. */
  readonly waves: number;
  readonly instructions: number;
  /** Null without a loop. */
  readonly loop: LoopFacts | null;
}

/** Limits of one shader; what is not listed must have no spills and no scratch all the same. */
interface Limit {
  readonly shader: RegExp;
  /** Least share of multiply-adds in the loop over k. */
  readonly share?: number;
  /** Least number of waves on RDNA. */
  readonly waves?: number;
}

/** The tiles of 64, with half as many sums an invocation, have half as much to hide loads behind; numbers that are decoded cost more. */
const LIMITS: readonly Limit[] = [
  { shader: /^matmul_workgroup(?! .*TILE 64)/, share: 0.86, waves: 8 },
  { shader: /^matmul_workgroup .*TILE 64/, share: 0.81, waves: 8 },
  // Of a head 64 wide; narrower ones take as many instructions for fewer multiply-adds.
  { shader: /^attention_workgroup$/, share: 0.72, waves: 8 },
  { shader: /^attention_backward_(q|kv)_workgroup$/, share: 0.66, waves: 8 },
];

/** What breaks a limit, a sentence each. */
export function brokenLimits(results: readonly IsaResult[]): string[] {
  return results.flatMap((one) => {
    const where = `${one.kernel} (${one.compiler}, ${one.family})`;
    const out: string[] = [];
    if (one.spills > 0) out.push(`${where}: ${one.spills} registers spilled`);
    if (one.scratch > 0) out.push(`${where}: ${one.scratch} bytes of scratch`);
    for (const { shader, share, waves } of LIMITS) {
      if (!shader.test(one.kernel)) continue;
      const found = one.loop?.share ?? 0;
      if (share !== undefined && found < share)
        out.push(`${where}: ${percent(found)} multiply-adds, at least ${percent(share)}`);
      if (waves !== undefined && one.family !== 'vega10' && one.waves < waves) {
        out.push(`${where}: ${one.waves} waves, at least ${waves}`);
      }
    }
    return out;
  });
}

/** A line for each kernel and GPU; where the compilers differ, the worse of both. */
export function table(results: readonly IsaResult[]): string {
  const head = ['kernel', 'GPU', 'VGPRs', 'spills', 'scratch', 'LDS', 'waves', 'multiply-adds', 'loads', 'from LDS'];
  return textColumns([head, ...lines(results)], 'llr');
}

/** The same as a table of Markdown, of the kernels that multiply most. */
export function markdown(results: readonly IsaResult[]): string {
  const head = ['kernel', 'GPU', 'VGPRs', 'spills', 'scratch', 'LDS', 'waves', 'multiply-adds', 'loads', 'from LDS'];
  const rows = [head, head.map(() => '---'), ...lines(results)];
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function lines(results: readonly IsaResult[]): string[][] {
  const groups = new Map<string, IsaResult[]>();
  for (const one of results) {
    const key = `${one.kernel} ${one.family}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((both) => {
    const most = (of: (one: IsaResult) => number) => Math.max(...both.map(of));
    const least = (of: (one: IsaResult) => number) => Math.min(...both.map(of));
    const [first] = both;
    const worst = both.reduce((x, y) => ((y.loop?.share ?? 0) < (x.loop?.share ?? 0) ? y : x));
    return [
      first.kernel,
      FAMILIES[first.family],
      ...[most((r) => r.vgprs), most((r) => r.spills), most((r) => r.scratch), most((r) => r.lds)].map(String),
      String(least((r) => r.waves)),
      worst.loop ? percent(worst.loop.share) : 'no loop',
      worst.loop ? widths(worst.loop.loads) : '',
      worst.loop ? widths(worst.loop.workgroupLoads) : '',
    ];
  });
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/** `8 × 128` bits. */
function widths(counts: Readonly<Record<number, number>>): string {
  return Object.entries(counts)
    .map(([bits, n]) => `${n} × ${bits}`)
    .join(', ');
}
