/**
 * `deno run -A --no-check scripts/mutated_inputs.ts [COUNT] [FIRST]`: reads COUNT (a million) mutated DICOM and NIfTI files of
 * every codec and prints how many were read and refused, the slowest, and the memory. Exit code 1 where one crashed, took
 * more than 2 s of the processor, or more memory than {@link TIMES} its bytes and what it says that its pixels are. Memory is what arrays
 * took, none taken off; that of WebAssembly is in the program's alone. Clocks go on where other programs have the processor, so what looks slow is read again.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { DicomFile } from '../src/dicom/dicom_file.ts';
import { parseHeader } from '../src/nifti/header.ts';
import { mutationBases } from '../test/dicom/mutation_bases.ts';
import { fateOf, mutated } from '../test/dicom/mutations.ts';
import { countAllocations } from './allocations.ts';

const count = Number(process.argv[2] ?? 1e6);
const first = Number(process.argv[3] ?? 0);
const frames = JSON.parse(readFileSync(new URL('../test/dicom/codec_frames.json', import.meta.url), 'utf8'));
const bases = mutationBases(frames);
interface Fates {
  read: number;
  refused: number;
  crashed: number;
  slowest: number;
  /** The most that arrays took, as a part of what they may, and by which input. */
  memory: { part: number; seed: number };
}
const fates = new Map<string, Fates>();
/** How much more memory a file may take than its bytes and its pixels; tables and headers of codecs may take {@link ROOM} beside that. */
const TIMES = 4;
const ROOM = 2 ** 17;
/** Bytes of the pixels that are read, as the file says. */
function statedBytes(bytes: Uint8Array<ArrayBuffer>, kind: 'dicom' | 'nifti'): number {
  try {
    if (kind === 'nifti') {
      const { shape } = parseHeader(bytes);
      return 16 * shape[0] * shape[1];
    }
    const { rows, columns, samples, bitsAllocated, frames } = DicomFile.read(bytes, 'a.dcm').format;
    return Math.ceil(bitsAllocated / 8) * samples * rows * columns * Math.min(3, frames);
  } catch {
    return 0;
  }
}
// Codecs are loaded, and make their tables, once.
for (const { kind, bytes } of bases) await fateOf(bytes, kind);
const taken = countAllocations();
const crashes: string[] = [];
let most = 0;
const MOST = 2000;
const megabytes = () => Math.round(process.memoryUsage().rss / 2 ** 20);
for (let seed = first; seed < first + count; seed++) {
  const { name, kind, bytes } = bases[seed % bases.length];
  const fate = fates.get(name) ?? { read: 0, refused: 0, crashed: 0, slowest: 0, memory: { part: 0, seed: 0 } };
  fates.set(name, fate);
  const input = mutated(bytes, seed);
  const milliseconds = async () => {
    const start = process.cpuUsage();
    await fateOf(input, kind).catch(() => {});
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
  const start = performance.now();
  const before = taken();
  try {
    fate[await fateOf(input, kind)]++;
  } catch (error) {
    fate.crashed++;
    if (crashes.length < 20) crashes.push(`${name}, seed ${seed}: ${error}`);
  }
  const took = performance.now() - start;
  const memory = taken() - before;
  const limit = TIMES * input.length + ROOM;
  if (memory > fate.memory.part * limit) {
    const part = memory / (limit + TIMES * statedBytes(input, kind));
    if (part > fate.memory.part) fate.memory = { part, seed };
  }
  if (took > fate.slowest) fate.slowest = took > MOST / 10 ? Math.max(fate.slowest, await milliseconds()) : took;
  if (seed % 1000 === 0) most = Math.max(most, megabytes());
}
for (const [name, { read, refused, crashed, slowest, memory }] of fates) {
  const most = `${memory.part.toFixed(2)} of the memory that it may take (seed ${memory.seed})`;
  console.log(
    `${name.padEnd(14)} ${read} read, ${refused} refused, ${crashed} crashed, slowest ${slowest.toFixed(0)} ms, ${most}`,
  );
}
const fullest = Math.max(...[...fates.values()].map(({ memory }) => memory.part));
const slowest = Math.max(...[...fates.values()].map((fate) => fate.slowest));
console.log(`${count} inputs, ${crashes.length} crashes, slowest ${slowest.toFixed(0)} ms, ${most} MB at most`);
for (const crash of crashes) console.log(crash);
process.exitCode = crashes.length > 0 || slowest > MOST || most > 2000 || fullest > 1 ? 1 : 0;
