import { type AdapterClass, describeAdapter } from '../../src/gpu/adapter.ts';
import { Gpu } from '../../src/gpu/gpu.ts';
import type { Host } from '../../src/host/host.ts';
import { baselineCases } from './cases/baselines.ts';
import { clipCases } from './cases/clip.ts';
import { fullCases } from './cases/full.ts';
import { fusionCases } from './cases/fusion.ts';
import type { GoldenCase, ReadGolden } from './cases/golden.ts';
import { metricsCases } from './cases/metrics.ts';
import { posembedCases } from './cases/posembed.ts';
import { preprocessCases } from './cases/preprocess.ts';
import { ruleCases } from './cases/rule.ts';
import { tokenizerCases } from './cases/tokenizer.ts';

/** Topics of a golden folder, in the order of their cost. */
const TOPICS: Readonly<Record<string, (read: ReadGolden, gpu: Gpu) => AsyncGenerator<GoldenCase>>> = {
  rule: ruleCases,
  tokenizer: tokenizerCases,
  preprocess: preprocessCases,
  posembed: posembedCases,
  metrics: metricsCases,
  clip: clipCases,
  fusion: fusionCases,
  baselines: baselineCases,
  full: fullCases,
};

/**
 * `golden DIR [--full] [--only topic,…] [--class hardware]`: holds the program to a folder of golden results of any seed. Prints
 * a line a case, its largest error over its tolerance and its time, and `N passed, N failed` at the end. `--class hardware` chooses kernels as
 * on a GPU, whatever the adapter is.
 */
export async function golden(host: Host, args: readonly string[]): Promise<number> {
  const optionOf = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  const only = optionOf('--only')?.split(',') ?? Object.keys(TOPICS);
  const directory = args.find((a, i) => !a.startsWith('--') && !['--only', '--class'].includes(args[i - 1]));
  if (!directory) {
    host.stderr(
      'usage: npm run golden -- DIR [--runtime deno|node|chrome] [--full] [--only topic,…] [--class hardware]\n',
    );
    return 2;
  }
  const gpu = await Gpu.create(await host.gpu(), { class: optionOf('--class') as AdapterClass | undefined });
  host.stdout(`${host.runtime} ${host.version}: ${describeAdapter(gpu.facts)}\n`);
  const read: ReadGolden = (file) => host.readFile(`${directory}/${file}`);
  let passed = 0;
  let failed = 0;
  for (const [topic, cases] of Object.entries(TOPICS)) {
    if (!only.includes(topic) || (topic === 'full' && !args.includes('--full') && !args.includes('--only'))) continue;
    try {
      let since = performance.now();
      for await (const { name, ratio } of cases(read, gpu)) {
        if (ratio <= 1) passed++;
        else failed++;
        const now = performance.now();
        const verdict = `${ratio <= 1 ? 'pass' : 'FAIL'}  ${ratio.toFixed(3).padStart(9)}`;
        host.stdout(`${verdict}  ${topic}: ${name}  ${Math.round(now - since)} ms\n`);
        since = now;
      }
    } catch (error) {
      failed++;
      host.stdout(`FAIL  ${topic}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    }
  }
  await gpu.destroy();
  host.stdout(`${passed} passed, ${failed} failed\n`);
  return failed ? 1 : 0;
}
