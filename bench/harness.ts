import { textColumns } from '../src/base/columns.ts';
import type { AdapterFacts } from '../src/gpu/adapter.ts';
import type { DeviceGpu } from '../src/gpu/gpu.ts';
import { CeilingProbes, type Ceilings } from '../src/lab/ceilings.ts';
import { measure } from '../src/lab/measure.ts';
import type { OperationCount } from './operations.ts';
import type { Bench, BenchCase } from './registry.ts';
import { measureSplit, type Split } from './split.ts';

/** One line of the result. */
export interface BenchResult {
  readonly bench: string;
  readonly case: string;
  readonly variant: string;
  readonly minMs: number;
  readonly medianMs: number;
  readonly gflops: number;
  readonly gbps: number;
  /** Measured among the samples of this case. */
  readonly ceilings: Ceilings;
  /** Time that the ceilings allow: the larger of arithmetic and memory. */
  readonly floorMs: number;
  /** floor / time: 1 is the best that can be. */
  readonly ofCeiling: number;
  /** Time of the first variant / time of this one. */
  readonly speedup: number;
  /** Kernels of the longest submit; null without timestamps. */
  readonly submitMs: number | null;
  /** For whole models; else null. */
  readonly split: Split | null;
}

/** Where and with what a bench ran. */
export interface BenchFacts {
  /** E.g. `deno 2.9.6`. */
  readonly runtime: string;
  /** Of this package. */
  readonly version: string;
  /** How the driver was found. */
  readonly driver: string;
  /** Processors. */
  readonly machine: string;
}

/** What is stored. */
export interface BenchReport extends BenchFacts {
  readonly date: string;
  readonly adapter: AdapterFacts;
  /** Whether times are kernel times (timestamps) or wall-clock times. */
  readonly clock: 'timestamps' | 'wall';
  /** Milliseconds that a submit may last. */
  readonly submitBudgetMs: number;
  readonly results: readonly BenchResult[];
  /** Of a training step of ViT-L/14; empty when it was not asked for. */
  readonly operations: readonly OperationCount[];
}

/** Runs benches one after the other and prints a table as it goes. */
export async function runBenches(
  gpu: DeviceGpu,
  benches: readonly Bench[],
  print: (line: string) => void,
): Promise<Pick<BenchReport, 'clock' | 'results' | 'submitBudgetMs'>> {
  using _all = gpu.scope();
  const probes = new CeilingProbes(gpu);
  const clock = gpu.profiler ? 'timestamps' : 'wall';
  print(`times: ${clock}`);
  const results: BenchResult[] = [];
  for (const { name, cases } of benches) {
    print(`\n${name}`);
    print(
      line(
        'case',
        'variant',
        'min ms',
        'median',
        'GFLOP/s',
        'GB/s',
        'of ceiling',
        'speed-up',
        'submit',
        'host ms',
        'wall ms',
      ),
    );
    using _scope = gpu.scope();
    for await (const one of cases(gpu)) {
      for (const result of await runCase(gpu, name, one, probes)) {
        results.push(result);
        print(format(result));
      }
    }
    gpu.trim();
  }
  const submitBudgetMs = 1000 * gpu.budget.seconds;
  if (results.length > 0 && gpu.profiler) print(`\n${longestSubmit(results, submitBudgetMs)}`);
  return { clock, submitBudgetMs, results };
}

/** The first variant of a kernel that has others is left out: the engine takes it for short work alone, in one piece. */
function longestSubmit(results: readonly BenchResult[], budget: number): string {
  const variantsOf = ({ bench, case: name }: BenchResult) =>
    results.filter((x) => x.bench === bench && x.case === name);
  const chosen = results.filter((one) => one.split || variantsOf(one).length === 1 || variantsOf(one)[0] !== one);
  const longest = chosen.reduce((x, y) => ((y.submitMs ?? 0) > (x.submitMs ?? 0) ? y : x));
  const verdict = (longest.submitMs ?? 0) <= budget ? 'within' : 'BEYOND';
  const what = `${longest.bench} ${longest.case} ${longest.variant}`;
  return `longest submit: ${longest.submitMs?.toFixed(0)} ms, ${verdict} the budget of ${budget} ms (${what})`;
}

async function runCase(gpu: DeviceGpu, bench: string, one: BenchCase, probes: CeilingProbes): Promise<BenchResult[]> {
  const { flops, bytes, variants } = one;
  const times = await measure(gpu, [...variants.map((v) => v.run), ...probes.works]);
  const ceilings = probes.ceilings(times.slice(variants.length));
  const floorMs = Math.max(flops / ceilings.gflops, bytes / ceilings.gbps) / 1e6;
  const splits: (Split | null)[] = [];
  for (const { run } of variants) splits.push(one.whole ? await measureSplit(gpu, run) : null);
  return variants.map((variant, i) => ({
    ...{ bench, case: one.name, variant: variant.name },
    ...{ minMs: times[i].min, medianMs: times[i].median },
    ...{ gflops: flops / times[i].min / 1e6, gbps: bytes / times[i].min / 1e6 },
    ...{ ceilings, floorMs, ofCeiling: floorMs / times[i].min, speedup: times[0].min / times[i].min },
    submitMs: times[i].submit,
    split: splits[i],
  }));
}

function format(r: BenchResult): string {
  const numbers = [r.minMs.toFixed(2), r.medianMs.toFixed(2), r.gflops.toFixed(1), r.gbps.toFixed(1)];
  const host = r.split ? [r.split.host.toFixed(1), r.split.wall.toFixed(1)] : [];
  const shares = [`${(100 * r.ofCeiling).toFixed(1)} %`, `× ${r.speedup.toFixed(2)}`];
  return line(r.case, r.variant, ...numbers, ...shares, r.submitMs?.toFixed(1) ?? '–', ...host);
}

function line(name: string, variant: string, ...columns: string[]): string {
  return textColumns([[`  ${name}`, variant, ...columns]], 'llr', [32, 14, 9]);
}
