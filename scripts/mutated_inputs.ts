/**
 * `deno run -A --no-check scripts/mutated_inputs.ts [COUNT] [FIRST]`: reads COUNT (a million) mutated DICOM and NIfTI files of
 * every codec and prints how many were read and refused, the slowest, and the memory. Exit code 1 where one crashed, took
 * more than 2 s of the processor, or memory grew. Clocks go on where other programs have the processor, so what looks slow is read again.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { mutationBases } from '../test/dicom/mutation_bases.ts';
import { fateOf, mutated } from '../test/dicom/mutations.ts';

const count = Number(process.argv[2] ?? 1e6);
const first = Number(process.argv[3] ?? 0);
const frames = JSON.parse(readFileSync(new URL('../test/dicom/codec_frames.json', import.meta.url), 'utf8'));
const bases = mutationBases(frames);
const fates = new Map<string, { read: number; refused: number; crashed: number; slowest: number }>();
const crashes: string[] = [];
let most = 0;
const MOST = 2000;
const megabytes = () => Math.round(process.memoryUsage().rss / 2 ** 20);
for (let seed = first; seed < first + count; seed++) {
  const { name, kind, bytes } = bases[seed % bases.length];
  const fate = fates.get(name) ?? { read: 0, refused: 0, crashed: 0, slowest: 0 };
  fates.set(name, fate);
  const input = mutated(bytes, seed);
  const milliseconds = async () => {
    const start = process.cpuUsage();
    await fateOf(input, kind).catch(() => {});
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
  const start = performance.now();
  try {
    fate[await fateOf(input, kind)]++;
  } catch (error) {
    fate.crashed++;
    if (crashes.length < 20) crashes.push(`${name}, seed ${seed}: ${error}`);
  }
  const taken = performance.now() - start;
  if (taken > fate.slowest) fate.slowest = taken > MOST / 10 ? Math.max(fate.slowest, await milliseconds()) : taken;
  if (seed % 1000 === 0) most = Math.max(most, megabytes());
}
for (const [name, { read, refused, crashed, slowest }] of fates) {
  console.log(
    `${name.padEnd(14)} ${read} read, ${refused} refused, ${crashed} crashed, slowest ${slowest.toFixed(0)} ms`,
  );
}
const slowest = Math.max(...[...fates.values()].map((fate) => fate.slowest));
console.log(`${count} inputs, ${crashes.length} crashes, slowest ${slowest.toFixed(0)} ms, ${most} MB at most`);
for (const crash of crashes) console.log(crash);
process.exitCode = crashes.length > 0 || slowest > MOST || most > 2000 ? 1 : 0;
