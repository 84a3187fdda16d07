/**
 * `npm run long:study [-- --slices 200,2000 --runtime deno]`: a CT study of 256 × 256 pixels and so many slices, among small phantoms, is checked, trained on,
 * predicted, and scored as an archive. Prints the most memory that any process of each command held, by the system's own count: it must not grow by
 * the decoded study (half a megabyte a slice as numbers of 32 bits and its map). Linux alone. Exit code 1 where a command fails, or
 * grows by more than a third of that.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type DicomElement, encodeDicom } from '../src/dicom/write.ts';

const PROGRAM = join(import.meta.dirname!, '..', 'bin', 'fusionclip.mjs');
const SIDE = 256;
const option = (name: string, otherwise: string) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const counts = option('--slices', '200,2000').split(',').map(Number);
const runtime = option('--runtime', 'deno');
const folder = mkdtempSync(join(tmpdir(), 'fusionclip-long-'));

/** A series of slices with a bright disc whose place changes from slice to slice. */
function writeSeries(place: string, patient: number, slices: number): void {
  mkdirSync(place, { recursive: true });
  for (let k = 0; k < slices; k++) {
    const pixels = Uint8Array.from({ length: 2 * SIDE * SIDE }, (_, i) => {
      const [x, y] = [(i >> 1) % SIDE, Math.floor((i >> 1) / SIDE)];
      const value = 1000 + (Math.hypot(x - 128 - (k % 40), y - 128 + patient) < 60 ? 90 : 20) + ((x * y + k) % 7);
      return i % 2 ? value >> 8 : value & 255;
    });
    const uid = `1.2.826.0.1.3680043.8.498.${patient}`;
    const elements: DicomElement[] = [
      [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.2'],
      [0x00080018, 'UI', `${uid}.3.${k}`],
      [0x00080060, 'CS', 'CT'],
      [0x00100020, 'LO', `P${patient}`],
      [0x0020000d, 'UI', `${uid}.1`],
      [0x0020000e, 'UI', `${uid}.2`],
      [0x00200032, 'DS', `0\\0\\${k}`],
      [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
      [0x00200052, 'UI', `${uid}.9`],
      [0x00280002, 'US', [1]],
      [0x00280004, 'CS', 'MONOCHROME2'],
      [0x00280010, 'US', [SIDE]],
      [0x00280011, 'US', [SIDE]],
      [0x00280030, 'DS', '1\\1'],
      [0x00280100, 'US', [16]],
      [0x00280101, 'US', [16]],
      [0x00280102, 'US', [15]],
      [0x00280103, 'US', [0]],
      [0x00281052, 'DS', '-1024'],
      [0x00281053, 'DS', '1'],
      [0x7fe00010, 'OW', pixels],
    ];
    writeFileSync(join(place, `${String(k).padStart(5, '0')}.dcm`), encodeDicom(elements));
  }
}

/** Most memory, in MB, of any process below one. */
function memoryBelow(pid: number): number {
  let most = 0;
  const waiting = [pid];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    try {
      const status = readFileSync(`/proc/${next}/status`, 'utf8');
      most = Math.max(most, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
      for (const task of readdirSync(`/proc/${next}/task`)) {
        const children = readFileSync(`/proc/${next}/task/${task}/children`, 'utf8');
        waiting.push(...children.split(' ').filter(Boolean).map(Number));
      }
    } catch {
      // It has ended meanwhile.
    }
  }
  return most;
}

/** Runs a command; the most memory that it held, in MB, and its seconds. */
async function measured(...args: string[]): Promise<{ code: number; megabytes: number; seconds: number; err: string }> {
  const start = performance.now();
  const runs = args[0] === 'phantom' || args[0] === 'data' || args[0] === 'plan' ? [] : ['--runtime', runtime];
  const child = spawn('node', [PROGRAM, ...args, ...runs], { stdio: ['ignore', 'ignore', 'pipe'] });
  let [megabytes, err] = [0, ''];
  child.stderr.on('data', (chunk) => {
    err = (err + chunk).slice(-400);
  });
  const timer = setInterval(() => {
    megabytes = Math.max(megabytes, memoryBelow(child.pid!));
  }, 100);
  const code = await new Promise<number>((resolve) => child.on('exit', (status) => resolve(status ?? 1)));
  clearInterval(timer);
  return { code, megabytes, seconds: (performance.now() - start) / 1000, err };
}

const found = new Map<string, number[]>();
let failed = false;
for (const slices of counts) {
  const set = join(folder, String(slices));
  const small = ['--valid', '2', '--test', '2', '--size', '48', '--depth', '8'];
  await measured('phantom', '--out', set, '--set', 'liver', '--volume', 'dicom', ...small);
  const data = join(set, 'Liver');
  const long = join(data, 'valid', 'good', 'long');
  writeSeries(long, 1, slices);
  const [run, plan] = [join(folder, `run${slices}`), join(folder, `plan${slices}`)];
  const window = ['--window', 'liver'];
  const training = ['--model', 'tiny-clip', '--method', 'clip-memory', '--shots', '2', '--size', '56', '--aug', 'none'];
  const commands: Record<string, string[]> = {
    'data check': ['data', 'check', data, ...window],
    train: ['train', '--data', data, ...window, ...training, '--out', run, '--map.files', 'none'],
    predict: ['predict', long, '--run', run, '--out', join(folder, `out${slices}`), '--stride', '10'],
    'plan archive': ['plan', 'archive', long, '--run', run, '--out', plan],
    work: ['work', plan],
  };
  for (const [name, args] of Object.entries(commands)) {
    const { code, megabytes, seconds, err } = await measured(...args);
    console.log(
      `${name.padEnd(14)} ${String(slices).padStart(5)} slices ${megabytes.toFixed(0).padStart(6)} MB ${seconds.toFixed(0).padStart(5)} s`,
    );
    found.set(name, [...(found.get(name) ?? []), megabytes]);
    if (code !== 0) console.log(`  exit code ${code}: ${err.trim()}`);
    failed ||= code !== 0;
  }
}
const decoded = ((counts[counts.length - 1] - counts[0]) * SIDE * SIDE * 8) / 2 ** 20;
for (const [name, megabytes] of found) {
  const grown = megabytes[megabytes.length - 1] - megabytes[0];
  console.log(`${name}: ${grown.toFixed(0)} MB more, of ${decoded.toFixed(0)} MB that are more when decoded`);
  failed ||= grown > decoded / 3;
}
rmSync(folder, { recursive: true });
process.exitCode = failed ? 1 : 0;
