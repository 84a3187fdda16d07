import { csvParseRows } from 'd3-dsv';
import { decodeImage } from '../data/decode.ts';
import type { FileSystem } from '../data/file_system.ts';
import type { Image } from '../data/image.ts';
import { openDataset, readMask } from '../data/layout/open.ts';
import { FusionclipError } from '../gpu/errors.ts';
import { mapNames, type RunHeader, type StepEvent, type TrainResults } from '../train/index.ts';
import { RunFolder } from '../train/run_folder.ts';

/** One test image as `predictions.csv` has it. */
export interface Prediction {
  readonly id: string;
  readonly label: 0 | 1;
  readonly score: number;
  /** Whether the run calls it abnormal; null without a threshold. */
  readonly abnormal: boolean | null;
}

/** A comparison of weights during training. */
export interface SelectionPoint {
  readonly step: number;
  readonly epoch: number;
  readonly image: number;
  readonly pixel: number | null;
  readonly best: boolean;
}

/** What a report is made from. */
export interface RunRecord {
  readonly path: string;
  readonly header: RunHeader;
  readonly results: TrainResults;
  readonly environment: Readonly<Record<string, unknown>>;
  readonly shots: { readonly seed: number; readonly normal: readonly string[]; readonly abnormal: readonly string[] };
  readonly steps: readonly Pick<StepEvent, 'step' | 'epoch' | 'loss' | 'parts'>[];
  readonly selection: readonly SelectionPoint[];
  readonly predictions: readonly Prediction[];
  readonly pictures: RunPictures;
}

/** Pictures of a run; null where a file is not there any more, or cannot be read. */
export interface RunPictures {
  /** An image of the data set by its id. */
  image(id: string): Promise<Image | null>;
  /** The lesion, one channel, 255 on it; null for images without one. */
  mask(id: string): Promise<Image | null>;
  /** The heat map over the image. */
  map(id: string): Promise<Image | null>;
}

/**
 * Reads a finished run folder.
 * @throws FusionclipError `io` when it is no run folder or is not finished, `bad_data` for a damaged file in it
 */
export async function readRun(fs: FileSystem, path: string): Promise<RunRecord> {
  const { folder, header, finished } = await RunFolder.open(fs, path);
  if (!finished) {
    const how = `finish it with fusionclip train --resume --out ${path}`;
    throw new FusionclipError('io', `The run in ${path} is not finished, so there is nothing to report; ${how}.`);
  }
  const json = async <T>(name: string): Promise<T> => {
    try {
      const value = await folder.readJson(name);
      if (typeof value === 'object' && value !== null) return value as T;
    } catch (cause) {
      if (cause instanceof FusionclipError) throw cause;
    }
    throw damaged(folder.file(name));
  };
  const lines = await readLines(fs, folder.file('metrics.jsonl'));
  const predictions = await readPredictions(fs, folder.file('predictions.csv'));
  return {
    path,
    header,
    results: await json<TrainResults>('results.json'),
    environment: await json('env.json'),
    shots: await json('shots.json'),
    steps: lines.filter(({ type }) => type === 'step') as unknown as RunRecord['steps'],
    selection: lines.filter(({ type }) => type === 'eval') as unknown as RunRecord['selection'],
    predictions,
    pictures: await openPictures(fs, folder, header, predictions),
  };
}

async function readLines(fs: FileSystem, file: string): Promise<{ type: string }[]> {
  const text = new TextDecoder().decode(await fs.readFile(file));
  try {
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  } catch {
    throw damaged(file);
  }
}

async function readPredictions(fs: FileSystem, file: string): Promise<Prediction[]> {
  const [head = [], ...rows] = csvParseRows(new TextDecoder().decode(await fs.readFile(file)));
  const column = (name: string) => {
    const at = head.indexOf(name);
    if (at < 0) throw damaged(file);
    return at;
  };
  const [id, label, score, abnormal] = ['id', 'label', 'score', 'abnormal'].map(column);
  return rows.map((row) => {
    const value = Number(row[score]);
    if (row.length !== head.length || row[score] === '' || !Number.isFinite(value)) throw damaged(file);
    return {
      id: row[id],
      label: row[label] === '1' ? 1 : 0,
      score: value,
      abnormal: row[abnormal] === '' ? null : row[abnormal] === '1',
    };
  });
}

async function openPictures(
  fs: FileSystem,
  folder: RunFolder,
  { data }: RunHeader,
  predictions: readonly Prediction[],
): Promise<RunPictures> {
  const names = new Map(mapNames(predictions.map(({ id }) => id)).map((name, i) => [predictions[i].id, name]));
  // The data set may have been moved since; the report then does without its images.
  const samples = await orNull(async () => {
    const { splits } = await openDataset(fs, data.path);
    return new Map([...splits.valid, ...splits.test].map((sample) => [sample.id, sample]));
  });
  const read = (path: string | null | undefined) =>
    path ? orNull(async () => decodeImage(await fs.readFile(path), path)) : Promise.resolve(null);
  return {
    image: (id) => read(samples?.get(id)?.path),
    mask: async (id) => {
      const path = samples?.get(id)?.maskPath;
      return path ? orNull(() => readMask(fs, path)) : null;
    },
    map: (id) => read(folder.file('maps', `${names.get(id)}.png`)),
  };
}

/** The value, or null when it cannot be had. */
async function orNull<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FusionclipError) return null;
    throw error;
  }
}

function damaged(file: string): FusionclipError {
  return new FusionclipError('bad_data', `${file} is damaged or not of this program; train again.`);
}
