import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ruleStream } from '../../src/base/rule.ts';
import { fusionclip, QUICK } from '../cli/program.ts';

/** What damage is done to, and who counts what comes of it. */
export interface DamageParts {
  readonly data: string;
  readonly model: string;
  readonly folder: string;
  readonly moments: number;
  readonly seed: number;
  readonly count: (kind: string, runtime: string, where: string, problem: string | null) => void;
}

/** A finished run that looks like one that was killed before its results. */
async function unfinishedRun({ data, model, folder }: DamageParts, name: string): Promise<string> {
  const out = join(folder, name);
  const { code, stderr } = await fusionclip(['train', '--data', data, '--model', model, '--out', out, ...QUICK]);
  if (code !== 0) throw new Error(stderr);
  rmSync(join(out, 'results.json'));
  return out;
}

/** Any bit of a checkpoint: whoever goes on from it is told. */
export async function flippedBits(parts: DamageParts): Promise<void> {
  const out = await unfinishedRun(parts, 'flipped');
  const random = ruleStream('torture.flip', parts.seed);
  const files = ['latest', 'best'].map((name) => join(out, `checkpoint/${name}.safetensors`));
  for (let i = 0; i < parts.moments; i++) {
    const file = files[i % 2];
    const whole = readFileSync(file);
    const bit = Math.floor((random(i) / 2 ** 32) * 8 * whole.length);
    const bytes = Uint8Array.from(whole);
    bytes[bit >> 3] ^= 1 << (bit & 7);
    writeFileSync(file, bytes);
    const { code, stderr } = await fusionclip(['train', '--resume', '--out', out]);
    const told = code === 6 && stderr.includes(file) && !existsSync(join(out, 'results.json'));
    parts.count('bit flipped', 'deno', `bit ${bit} of ${file}`, told ? null : `it ended with ${code}: ${stderr}`);
    writeFileSync(file, whole);
  }
}

/** A log that ends anywhere: the training goes on, and its report is made. */
export async function tornLogs(parts: DamageParts): Promise<void> {
  const out = await unfinishedRun(parts, 'torn');
  const copy = join(parts.folder, 'torn-copy');
  const random = ruleStream('torture.torn', parts.seed);
  for (let i = 0; i < parts.moments; i++) {
    cpSync(out, copy, { recursive: true });
    const log = join(copy, 'metrics.jsonl');
    const at = Math.floor((random(i) / 2 ** 32) * readFileSync(log).length);
    truncateSync(log, at);
    const { code, stderr } = await fusionclip(['train', '--resume', '--out', copy]);
    const right = code === 0 && /was cut short: \d+ of its lines are missing/.test(stderr);
    const report = existsSync(join(copy, 'report.html'));
    parts.count('log torn', 'deno', `byte ${at}`, right && report ? null : `it ended with ${code}: ${stderr}`);
    rmSync(copy, { recursive: true, force: true });
  }
}
