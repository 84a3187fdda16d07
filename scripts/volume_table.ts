/**
 * `npm run volumes [-- --runtimes deno,node,chrome --sets brain,liver --formats dicom,nifti --keep DIR]`: phantom volumes of brain and liver, as DICOM series and as NIfTI, all with
 * oblique affines, are made, trained on with the smallest model and evaluated in each runtime. Prints how well scores of patients and of
 * volumes tell those with lesions, beside brightness alone and the same model with random weights. Files of the two formats have other
 * names, so that other slices are drawn from them; what was trained on one format is evaluated on the other as well. Ends with exit
 * code 1 where a run fails, where runtimes differ by more than a hundredth, or where formats differ under the same weights.
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
  // Of CT: a NIfTI file does not say that it is one.
  const window = name.startsWith('liver') ? 'liver' : 'auto';
  const settings = [...TRAINING, '--window', window];
  fusionclip('train', '--data', data, '--model', model, ...settings, '--out', out, '--runtime', runtime);
  const results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
  return results.volumes;
}

function row(...cells: string[]): void {
  const widths = [7, 7, 15, 20, 17, 17];
  console.log(cells.map((cell, i) => cell.padEnd(widths[i])).join(''));
}

const shown = (value: number | undefined) => (value === undefined ? '-' : value.toFixed(3));

row('set', 'format', 'runtime', 'patients (ill)', 'patients AUROC', 'volumes AUROC', 'brightness alone');
const dataOf = (set: string, format: string) => join(folder, format, set === 'brain' ? 'Brain' : 'Liver');

/** Scores of patients, ascending, of a run's weights on a data set. */
function scoresOn(run: string, data: string): number[] {
  const out = `${run}-on-${data.split('/').at(-2)}`;
  fusionclip('eval', '--run', run, '--data', data, '--out', out, '--map.files', 'none', '--runtime', runtimes[0]);
  const { volumes } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
  return volumes.byPatient.map(({ score }: { score: number }) => score).sort((a: number, b: number) => a - b);
}

const formats = list('--formats', 'dicom,nifti');
for (const set of list('--sets', 'brain,liver')) {
  for (const format of formats) {
    const found: number[] = [];
    fusionclip('phantom', '--out', join(folder, format), '--set', set, '--volume', format, ...PHANTOMS);
    const data = dataOf(set, format);
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
    if (Math.max(...found) - Math.min(...found) > 0.01) failures.push(`${set} ${format}: runtimes differ`);
  }
  if (formats.length < 2) continue;
  const run = join(folder, 'runs', `${set}-${formats[0]}-${runtimes[0]}-false`);
  const [first, second] = formats.map((format) => scoresOn(run, dataOf(set, format)));
  const apart = Math.max(...first.map((score, i) => Math.abs(score - second[i])));
  console.log(
    `${set}: scores of ${first.length} patients under the same weights, ${formats.join(' and ')}: ${apart} apart at most`,
  );
  if (!(apart <= 1e-6)) failures.push(`${set}: formats differ`);
}
if (!process.argv.includes('--keep')) rmSync(folder, { recursive: true });
for (const failure of failures) console.log(failure);
process.exit(failures.length === 0 ? 0 : 1);
