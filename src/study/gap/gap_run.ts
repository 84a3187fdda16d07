import { FusionclipError } from '../../base/errors.ts';
import type { FileSystem } from '../../base/file_system.ts';
import { optionTexts } from '../../base/option.ts';
import { sha256 } from '../../base/sha256.ts';
import type { AnyBackbone } from '../../detect/backbone.ts';
import type { TrainResults } from '../../detect/results.ts';
import { FUSION_OPTIONS } from '../../fusion/index.ts';
import { INTENSITY_NAMES, intensityBaselines } from '../../metrics/intensity_baseline.ts';
import { chooseSettings } from '../../run/model_settings.ts';
import { TRAIN_OPTIONS } from '../../run/options.ts';
import type { PhantomCounts } from '../phantom_sets.ts';
import type { StudyRun } from '../study_run.ts';

/** What is measured, as a share. */
export type GapMetric = 'imageAuroc' | 'pixelAuroc' | 'aupro';

/** A value of each metric; null where a set has no masks. */
export type GapValues = Readonly<Record<GapMetric, number | null>>;

/** A finished run in `runs.json`: all that the tables need of it, so that runs of several machines can be put together. */
export interface GapRun {
  readonly set: string;
  readonly method: string;
  /** Support images of a class; null for what reads none. */
  readonly shots: number | null;
  readonly seed: number;
  /** Hash of what the results depend on: the model, all settings, the numbers of pictures. */
  readonly key: string;
  readonly adapter: string;
  readonly values: GapValues;
  /** What brightness alone reaches on these pictures, in the better direction, by name. */
  readonly brightness: Readonly<Record<string, GapValues>>;
}

/** What the tables need of a run. */
export function gapRun(run: StudyRun, results: TrainResults, key: string, adapter: string): GapRun {
  const { selected, trivial } = results;
  const brightness = intensityBaselines(trivial).flatMap(({ key: kind, image }) => {
    if (!image) return [];
    const map = kind === 'p995' ? (trivial?.map ?? null) : null;
    return [[INTENSITY_NAMES[kind], valuesOf(image.auroc, map)] as const];
  });
  return {
    ...{ set: run.set, method: run.method, shots: run.shots ?? null, seed: run.seed, key, adapter },
    values: valuesOf(selected.image.auroc, selected.pixel),
    brightness: Object.fromEntries(brightness),
  };
}

function valuesOf(imageAuroc: number, pixel: { readonly auroc: number; readonly aupro: number } | null): GapValues {
  return { imageAuroc, pixelAuroc: pixel?.auroc ?? null, aupro: pixel?.aupro ?? null };
}

/** Hash of a run's model, of all its settings, and of the numbers of pictures; not of where they lie. */
export async function gapRunKey(run: StudyRun, model: AnyBackbone, { valid, test }: PhantomCounts): Promise<string> {
  const { settings } = chooseSettings(model.defaults, { ...run.settings, seed: String(run.seed) });
  const texts = [optionTexts(FUSION_OPTIONS, settings.fusion), optionTexts(TRAIN_OPTIONS, settings.train)];
  const { hash, sha256: bytes } = model.identity;
  const of = JSON.stringify([run.set, run.method, run.seed, bytes ?? hash, texts, valid, test]);
  return (await sha256(new TextEncoder().encode(of))).slice(0, 16);
}

/** Writes `runs.json`, a line for each run. */
export async function writeGapRuns(fs: FileSystem, path: string, runs: readonly GapRun[]): Promise<void> {
  const lines = runs.map((run) => JSON.stringify(run)).join(',\n');
  await fs.writeFile(path, `{"runs":[\n${lines}\n]}\n`);
}

/** The finished runs that a `runs.json` has. @throws FusionclipError `usage` */
export async function readGapRuns(fs: FileSystem, path: string): Promise<GapRun[]> {
  if (!(await fs.stat(path))) {
    throw new FusionclipError('usage', `There is no file ${path}; --with takes the runs.json of a study.`);
  }
  const text = new TextDecoder().decode(await fs.readFile(path));
  const runs = runsOf(text);
  if (runs) return runs;
  throw new FusionclipError(
    'usage',
    `${path} is no runs.json of a study; give another file with --with, or remove this one where it lies in --out.`,
  );
}

function runsOf(text: string): GapRun[] | null {
  try {
    const { runs } = JSON.parse(text) as { runs?: unknown };
    return Array.isArray(runs) && runs.every(isGapRun) ? runs : null;
  } catch {
    return null;
  }
}

function isGapRun(value: unknown): value is GapRun {
  const run = value as GapRun | null;
  const values = (one: GapValues | undefined) => typeof one?.imageAuroc === 'number';
  return typeof run?.key === 'string' && values(run.values) && Object.values(run.brightness ?? {}).every(values);
}
