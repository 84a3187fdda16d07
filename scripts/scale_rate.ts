/**
 * `npm run scale:rate -- [--model M] [--images N] [--size PIXELS] [--on deno,node,chrome] [--price P]`: trains a run for a step, has
 * `fusionclip work` score N phantoms with it in each runtime, and prints seconds an image and what 10⁶ and 10⁸ images take at that rate,
 * in days and money of one machine (P for an hour of it). The first shard, in which kernels are compiled, is left out.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { disk } from '../src/host/disk.ts';
import { nodePath } from '../src/launch/runtimes.ts';
import { readPart } from '../src/shards/parts.ts';
import { Plan } from '../src/shards/plan.ts';

const BIN = fileURLToPath(new URL('../bin/fusionclip.mjs', import.meta.url));
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'tiny-clip' },
    images: { type: 'string', default: '256' },
    size: { type: 'string', default: 'auto' },
    on: { type: 'string', default: 'deno,node,chrome' },
    price: { type: 'string', default: '0.1' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'fusionclip-rate-'));
const at = (name: string) => join(folder, name);

function fusionclip(...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(nodePath(), [BIN, ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`fusionclip ${args.join(' ')}: ${status}\n${stdout}${stderr}`);
}

/** Scores the archive in a runtime; how long an image takes, and where. */
async function rate(runtime: string): Promise<{ adapter: string; seconds: number; images: number }> {
  const cut = ['--least', '16', '--most', '16', '--out', at(runtime)];
  fusionclip('plan', 'archive', at('data/Brain/test'), '--run', at('run'), ...cut);
  fusionclip('work', at(runtime), '--runtime', runtime);
  const plan = await Plan.open(disk, at(runtime));
  let [adapter, seconds, images] = ['', 0, 0];
  for await (const shard of plan.shards()) {
    const { record } = (await readPart(disk, plan, shard))!;
    adapter = record.adapter;
    if (shard.number === 0) continue;
    seconds += record.seconds;
    images += record.rows;
  }
  return { adapter, seconds: seconds / images, images };
}

const number = (value: number) => value.toLocaleString('en', { maximumSignificantDigits: 3 });
try {
  const test = ['--train', '0', '--valid', '4', '--test', values.images];
  fusionclip('phantom', '--set', 'brain', '--out', at('data'), ...test, '--seed', '5');
  const quick = ['--shots', '2', '--aug', 'none', '--epochs', '1', '--map.files', 'none', '--size', values.size];
  fusionclip('train', '--data', at('data/Brain'), '--model', values.model, ...quick, '--out', at('run'));
  for (const runtime of values.on.split(',')) {
    const { adapter, seconds, images } = await rate(runtime);
    const cost = [1e6, 1e8].map((rows) => {
      const hours = (rows * seconds) / 3600;
      return `${rows.toExponential(0)} images: ${number(hours / 24)} days, ${number(hours * Number(values.price))} at ${values.price} an hour`;
    });
    const daily = number(Math.round(86_400 / seconds));
    console.log(
      `${runtime}, ${adapter}: ${number(seconds)} s an image (${images}), ${daily} a day\n  ${cost.join('\n  ')}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
