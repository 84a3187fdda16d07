import * as v from 'valibot';
import { csvCells } from '../base/csv.ts';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { parseJson } from '../base/json.ts';
import type { PatientFacts } from '../data/layout/inventory.ts';
import type { LeftOut } from '../data/layout/left_out.ts';
import type { DecisionRule } from '../decide/decision_rule.ts';
import { openAdapters } from '../detect/adapters_file.ts';
import { knownImages } from '../detect/known_images.ts';
import type { TrainResults } from '../detect/results.ts';
import { parseResults } from '../detect/stored_results.ts';
import type { StepEvent } from '../run/events.ts';
import type { RunConfig } from '../run/run_config.ts';
import { REMOVE, readRunFile, resultsAgain } from '../run/run_file.ts';
import { ADAPTERS, RunFolder } from '../run/run_folder.ts';
import { STORED_ENVIRONMENT, STORED_SHOTS } from '../run/stored.ts';
import { openPictures, type RunPictures } from './pictures.ts';
import type { Prediction } from './prediction.ts';

/** One step of training, as `metrics.jsonl` has it. */
export interface LoggedStep extends Pick<StepEvent, 'step' | 'epoch' | 'loss' | 'parts' | 'seconds'> {
  /** Learning rate, where several were tried. */
  readonly rate?: number;
}

/** A comparison of weights during training. */
export interface SelectionPoint {
  readonly step: number;
  readonly epoch: number;
  readonly rate?: number;
  /** AUROCs; null where undefined. */
  readonly image: number | null;
  readonly pixel: number | null;
  readonly best: boolean;
}

/** `shots.json`: the support images. */
export interface RunShots {
  readonly seed: number;
  readonly normal: readonly string[];
  readonly abnormal: readonly string[];
}

/** `env.json`: where the run ran. */
export interface RunEnvironment {
  readonly adapter?: string;
  readonly runtime?: string;
  readonly version?: string;
  readonly started?: string;
  /** The step that was gone on from. */
  readonly fromStep?: number;
  /** Of the last session, where a run was resumed. */
  readonly seconds?: number;
  readonly earlier?: readonly RunEnvironment[];
}

/** `data.json`: what the data set holds. */
export interface RunData {
  /** The inventory as text. */
  readonly lines: readonly string[];
  readonly leaks: { readonly warnings: readonly string[] };
  /** Absent in runs of before. */
  readonly sha256?: { readonly valid: string; readonly test: string };
  /** Absent in runs of before there were patients. */
  readonly patients?: PatientFacts | null;
  readonly leftOut?: readonly Pick<LeftOut, 'what' | 'count' | 'examples'>[];
}

/** What a report is made from. */
export interface RunRecord {
  readonly path: string;
  readonly header: RunConfig;
  readonly results: TrainResults;
  /** Null where the file is gone. */
  readonly environment: RunEnvironment | null;
  /** Null where the file is gone. */
  readonly data: RunData | null;
  /** Null where the file is gone. */
  readonly shots: RunShots | null;
  /** Empty where the log is gone. */
  readonly steps: readonly LoggedStep[];
  readonly selection: readonly SelectionPoint[];
  readonly predictions: readonly Prediction[];
  readonly pictures: RunPictures;
  /** The calibration that lies in the adapters; null without. */
  readonly rule?: DecisionRule | null;
  /** Of each test image, whether weights or calibration were made of it. */
  readonly known?: readonly boolean[];
}

/**
 * Reads a finished run folder. Without `env.json`, `shots.json`, `metrics.jsonl`, maps or the data set the rest is read
 * all the same.
 * @throws FusionclipError `io` when it is no run folder or is not finished, `bad_data` for a damaged file in it
 */
export async function readRun(fs: FileSystem, path: string): Promise<RunRecord> {
  const { folder, header, finished } = await RunFolder.open(fs, path);
  if (!finished) {
    const how = `finish it with fusionclip train --resume --out ${path}`;
    throw new FusionclipError('io', `The run in ${path} is not finished, so there is nothing to report; ${how}.`);
  }
  const read = <T>(name: string, parse: (text: string) => T, help: string = REMOVE.record) =>
    readRunFile(fs, folder.file(name), parse, help);
  const again = (name: string) => resultsAgain(path, name);
  const results = await read('results.json', parseResults, again('results.json'));
  const environment = await read('env.json', (text): RunEnvironment => parseJson(STORED_ENVIRONMENT, text));
  const data = await read('data.json', (text): RunData => parseJson(DATA, text));
  const shots = await read('shots.json', (text): RunShots => parseJson(STORED_SHOTS, text));
  const lines = await read('metrics.jsonl', parseLines);
  const ofAll = (text: string) => parsePredictions(text, results!.selected.images);
  const predictions = await read('predictions.csv', ofAll, again('predictions.csv'));
  if (!results || !predictions) {
    const text = `There is no ${folder.file('predictions.csv')}, so there is nothing to report; ${again('predictions.csv')}.`;
    throw new FusionclipError('io', text);
  }
  const adapters = folder.file(ADAPTERS);
  const file = (await fs.stat(adapters)) ? await openAdapters(fs, adapters) : null;
  const knownAs = file && knownImages(file);
  const known = file?.seen?.test.map((key) => knownAs!(key) !== null);
  return {
    path,
    rule: file?.rule ?? null,
    known,
    header,
    results,
    environment,
    data,
    shots,
    steps: (lines ?? []).filter(({ type }) => type === 'step') as unknown as LoggedStep[],
    selection: (lines ?? []).filter(({ type }) => type === 'eval') as unknown as SelectionPoint[],
    predictions,
    pictures: await openPictures(fs, path, header, predictions),
  };
}

const DATA = v.object({
  lines: v.array(v.string()),
  leaks: v.object({ warnings: v.array(v.string()) }),
  sha256: v.optional(v.object({ valid: v.string(), test: v.string() })),
  patients: v.optional(
    v.nullable(
      v.object({ rule: v.string(), used: v.boolean(), valid: v.number(), test: v.number(), unknown: v.number() }),
    ),
  ),
  leftOut: v.optional(v.array(v.object({ what: v.string(), count: v.number(), examples: v.array(v.string()) }))),
});
const at = { step: v.number(), epoch: v.number(), rate: v.optional(v.nullable(v.number())) };
const loss = v.nullable(v.number()); // JSON writes one that is none as null
const area = v.optional(v.nullable(v.number()));
const LINE = v.union([
  v.looseObject({
    ...at,
    type: v.literal('step'),
    loss,
    parts: v.record(v.string(), loss),
    seconds: v.number(),
  }),
  v.looseObject({ ...at, type: v.literal('eval'), image: area, pixel: area, best: v.boolean() }),
]);

function parseLines(text: string): { type: string }[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, i) => {
      try {
        return parseJson(LINE, line);
      } catch (cause) {
        throw new Error(`has a line ${i + 1} that is none of a log`, { cause });
      }
    });
}

/** @param images how many the results are of */
function parsePredictions(text: string, images: { readonly normal: number; readonly abnormal: number }): Prediction[] {
  const [head = [], ...rows] = csvCells(text);
  const columns = ['id', 'label', 'score', 'abnormal', 'mapLow', 'mapHigh'].map((name) => head.indexOf(name));
  if (columns.includes(-1)) throw new Error('lacks a column');
  const [id, label, score, abnormal, low, high] = columns;
  const number = (cell: string): number => {
    const value = Number(cell);
    if (cell === '' || !Number.isFinite(value)) throw new Error(`has "${cell}" where a number belongs`);
    return value;
  };
  const all = images.normal + images.abnormal;
  if (rows.length !== all) throw new Error(`has ${rows.length} rows, and the results are of ${all} images`);
  return rows.map((row) => {
    if (row.length !== head.length) throw new Error('has a row that is cut off');
    if (row[label] !== '0' && row[label] !== '1') throw new Error(`has "${row[label]}" for a label`);
    return {
      id: row[id],
      label: row[label] === '1' ? 1 : 0,
      score: number(row[score]),
      abnormal: row[abnormal] === '' ? null : row[abnormal] === '1',
      range: [number(row[low]), number(row[high])],
    };
  });
}
