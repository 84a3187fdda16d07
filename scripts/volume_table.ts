/**
 * `npm run volumes [-- --runtimes deno,node,chrome --sets brain,liver --formats dicom,nifti --keep DIR]`: phantom volumes of brain and liver, as DICOM series and as NIfTI, all with
 * oblique affines, are made, trained on with the smallest model and evaluated in each runtime. Prints how well scores of patients and of
 * volumes tell those with lesions, beside brightness alone and the same model with random weights. Ends with exit code 1 where a run fails, or
 * where runtimes or formats differ by more than a hundredth.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const PROGRAM = join(import.meta.dirname!, '..', 'bin', 'fusionclip.mjs');
/** Small enough for two cores: a run takes some seconds. */
const PHANTOMS = ['--valid', '4', '--test', '8', '--size', '48', '--depth', '8', '--seed', '3'];
const TRAINING = ['--shots', '4', '--aug', 'none', '--size', '56', '--epochs', '2', '--map.files', 'none', '--force'];

interface Unit {
  readonly normal: number;
  readonly abnormal: number;
  readonly auroc: number;
  readonly brightness: { readonly auroc: number } | null;
}

const option = (name: string) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};
const list = (name: string, all: string) => (option(name) ?? all).split(',');
const runtimes = list('--runtimes', 'deno,node,chrome');
const folder = option('--keep') ?? mkdtempSync(join(tmpdir(), 'fusionclip-volumes-'));
const failures: string[] = [];

function fusionclip(...args: string[]): void {
  const { status, stderr } = spawnSync('node', [PROGRAM, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args[0]}: ${stderr.trim().split('\n').at(-1)}`);
}

/** Patients and volumes of a run in one runtime. */
function evaluated(data: string, model: string, runtime: string, name: string): { patients: Unit; volumes: Unit } {
  const out = join(folder, 'runs', name);
  fusionclip('train', '--data', data, '--model', model, ...TRAINING, '--out', out, '--runtime', runtime);
  const results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
  return results.volumes;
}

function row(...cells: string[]): void {
  const widths = [7, 7, 15, 20, 17, 17];
  console.log(cells.map((cell, i) => cell.padEnd(widths[i])).join(''));
}

const shown = (value: number | undefined) => (value === undefined ? '-' : value.toFixed(3));

row('set', 'format', 'runtime', 'patients (ill)', 'patients AUROC', 'volumes AUROC', 'brightness alone');
for (const set of list('--sets', 'brain,liver')) {
  const found: number[] = [];
  for (const format of list('--formats', 'dicom,nifti')) {
    const out = join(folder, format);
    fusionclip('phantom', '--out', out, '--set', set, '--volume', format, ...PHANTOMS);
    const data = join(out, set === 'brain' ? 'Brain' : 'Liver');
    const asked = [...runtimes.map((runtime) => [runtime, 'tiny-clip']), [runtimes[0], 'random:tiny-clip:1']];
    for (const [runtime, model] of asked) {
      const random = model !== 'tiny-clip';
      try {
        const { patients, volumes } = evaluated(data, model, runtime, `${set}-${format}-${runtime}-${random}`);
        const people = `${patients.normal + patients.abnormal} (${patients.abnormal})`;
        const bright = shown(patients.brightness?.auroc);
        row(
          set,
          format,
          random ? 'random weights' : runtime,
          people,
          shown(patients.auroc),
          shown(volumes.auroc),
          bright,
        );
        if (!random) found.push(volumes.auroc);
      } catch (error) {
        failures.push(`${set} ${format} ${runtime}: ${(error as Error).message}`);
      }
    }
  }
  if (Math.max(...found) - Math.min(...found) > 0.01) failures.push(`${set}: runtimes or formats differ`);
}
if (!process.argv.includes('--keep')) rmSync(folder, { recursive: true });
for (const failure of failures) console.log(failure);
process.exit(failures.length === 0 ? 0 : 1);
