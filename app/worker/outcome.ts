import { csvCells } from '../../src/base/csv.ts';
import { FusionclipError } from '../../src/base/errors.ts';
import { baseName, joinPath } from '../../src/base/paths.ts';
import { overlayHeatMap, type ScoreMap } from '../../src/data/heat_map.ts';
import type { Image } from '../../src/data/index.ts';
import { encodePng } from '../../src/data/png.ts';
import { encodeNpy } from '../../src/data/raw_map.ts';
import { openAdapters } from '../../src/detect/adapters_file.ts';
import { unframedMap } from '../../src/detect/pictures.ts';
import type { TrainResults } from '../../src/detect/results.ts';
import type { SetMetrics } from '../../src/detect/set_metrics.ts';
import { bankSentence } from '../../src/detect/support_bank.ts';
import type { IntensityMetrics } from '../../src/metrics/intensity_baseline.ts';
import { rankScores } from '../../src/metrics/ranking.ts';
import { rocCurve } from '../../src/metrics/roc.ts';
import { imageCurves } from '../../src/report/curves.ts';
import { openPictures, type RunPictures, type RunSources } from '../../src/report/pictures.ts';
import type { Prediction } from '../../src/report/prediction.ts';
import { type Verdict, verdictOf } from '../../src/report/verdict.ts';
import type { RunConfig } from '../../src/run/run_config.ts';
import type { ExportedFile } from '../protocol/calls.ts';
import type { AdaptersFacts, Outcome, ScoredRow } from '../protocol/results.ts';
import type { SessionFile } from '../protocol/sessions.ts';
import type { Losses, Progress } from '../protocol/training.ts';
import type { Picture, Slice, Stack } from '../protocol/viewing.ts';
import { calibratedOf } from './calibrated.ts';
import { fitted } from './dataset_facts.ts';
import type { PageFiles } from './files.ts';
import { SMALL } from './previews.ts';
import { adaptersOf, runOf } from './sessions.ts';
import { sliceOfPicture, sliceOfVolume, stackOf } from './slices.ts';
import { unlabelledPictures } from './unlabelled.ts';

/** Pixels of the longer side of a picture that is shown. */
const SHOWN = 512;

/** A row of `predictions.csv`. */
interface Row extends ScoredRow {
  readonly range: readonly [number, number];
}

/** What is on screen: the results of one session, read from its folder. */
export class ShownResults {
  readonly outcome: Outcome;
  readonly #header: RunConfig;
  readonly #pictures: RunPictures & RunSources;

  private constructor(outcome: Outcome, header: RunConfig, pictures: RunPictures & RunSources) {
    this.outcome = outcome;
    this.#header = header;
    this.#pictures = pictures;
  }

  /**
   * Reads the results of a finished session.
   * @param data where its data set lies now, or null
   * @throws FusionclipError `io` where files are missing or damaged, `bad_model`
   */
  static async open(files: PageFiles, session: SessionFile, data: string | null): Promise<ShownResults> {
    try {
      return await ShownResults.#read(files, session, data);
    } catch (error) {
      if (error instanceof FusionclipError && error.code !== 'io') throw error;
      const what = 'What this session keeps of its results is not whole, or of another version of this page';
      throw new FusionclipError('io', `${what}; delete it, or do its work again.`, { cause: error });
    }
  }

  static async #read(files: PageFiles, session: SessionFile, data: string | null): Promise<ShownResults> {
    const run = runOf(session.id);
    const { header: stored, thresholds, bank, mapScale, rule } = await openAdapters(files, adaptersOf(session));
    const header = { ...stored, data: { ...stored.data, path: data ?? `not there/${stored.data.name}` } };
    const all = parseRows(await files.readFile(joinPath(run, 'predictions.csv')));
    // An image that cannot be read has a row without scores.
    const rows = all.filter(({ score }) => Number.isFinite(score));
    if (rows.length === 0) throw new Error('there is no row with a score');
    const results = session.kind === 'predict' ? null : await readResults(files, joinPath(run, 'results.json'), header);
    const predictions = rows.map((row) => ({ ...row, label: row.label ?? (0 as const), abnormal: null }));
    const labels = rows.map(({ label }) => label ?? 0);
    const scores = rows.map(({ score }) => score);
    const outcome: Outcome = {
      session: session.id,
      kind: session.kind,
      metrics: results?.metrics ?? null,
      trivial: results?.trivial ?? null,
      thresholds,
      calibrated: await calibratedOf(files, run, session.kind, rule),
      rows: rows.map(({ range: _, ...row }) => row),
      roc: results ? rocCurve(rankScores(labels, scores)) : [],
      range: [0, mapScale ?? Math.max(...rows.map(({ range }) => range[1]))],
      facts: {
        method: header.fusion.method,
        model: header.model.name,
        data: header.data.name,
        tested: results?.data ?? '',
        shots: String(bank.images.length),
        seed: String(header.train.seed),
      },
      adapters: await adaptersFacts(files, adaptersOf(session)),
      verdict: results && (await verdict(files, run, header, results, predictions)),
      notes: session.notes ?? [],
    };
    const pictures =
      session.kind === 'predict'
        ? await unlabelledPictures(
            files,
            session.id,
            all.map(({ id }) => id),
            header,
          )
        : await openPictures(files, run, header, predictions);
    return new ShownResults(outcome, header, pictures);
  }

  /** One image with its map, as the page shows it. */
  async picture(index: number): Promise<Picture> {
    const { id } = this.outcome.rows[index];
    const [found, map, mask] = [
      await this.#pictures.image(id),
      await this.#pictures.map(id),
      await this.#pictures.mask(id),
    ];
    if (!map) throw gone(id);
    const { width, height } = found ?? map;
    const full = found ?? { width, height, channels: 3 as const, data: new Uint8Array(3 * width * height) };
    const image = fitted(full, SHOWN);
    return {
      image,
      small: fitted(image, SMALL),
      map: unframedMap(map, full, this.#header.fusion.norm),
      lesion: mask && lesionOf(mask),
      there: found !== null,
    };
  }

  /** Where an image stands. */
  stackOf(index: number): Stack {
    return stackOf(this.#ids(), index, this.#pictures.slices);
  }

  /** A slice of the stack that an image is in; null where its file is not there. */
  async slice(index: number, k: number): Promise<Slice | null> {
    const { id } = this.outcome.rows[index];
    const place = this.#pictures.slices.get(id);
    if (place) return sliceOfVolume(place, k);
    const source = await this.#pictures.source(id);
    return source && sliceOfPicture(source, id, this.#header.grey);
  }

  #ids(): string[] {
    return this.outcome.rows.map(({ id }) => id);
  }

  /** The map over the whole image as a PNG, or the bare map as a NumPy file. */
  async takeMap(index: number, what: 'png' | 'npy'): Promise<ExportedFile> {
    const { rows, range } = this.outcome;
    const { id } = rows[index];
    const name = `${baseName(id).replace(/\.[^.]*$/, '')}.${what}`;
    if (what === 'npy') {
      const map = await this.#pictures.map(id);
      if (!map) throw gone(id);
      return { name, blob: new Blob([encodeNpy(map.data, [map.height, map.width])]) };
    }
    const [image, map] = [await this.#pictures.image(id), await this.#pictures.map(id)];
    if (!map) throw gone(id);
    if (!image) {
      throw new FusionclipError(
        'io',
        `The image ${id} is not kept, so its map has nothing to lie on; give the images again.`,
      );
    }
    const picture = overlayHeatMap(image, unframedMap(map, image, this.#header.fusion.norm), { range });
    return { name, blob: new Blob([encodePng(picture) as Uint8Array<ArrayBuffer>], { type: 'image/png' }) };
  }
}

/** What a file of trained weights says of itself. @throws FusionclipError `io`, `bad_model` */
export async function adaptersFacts(files: PageFiles, path: string): Promise<AdaptersFacts> {
  const { header, bank } = await openAdapters(files, path);
  const { data, model, train, object } = header;
  return {
    name: `${data.name}-${train.shots}shot-seed${train.seed}.safetensors`,
    bytes: (await files.stat(path))?.bytes ?? 0,
    hold: bankSentence(bank, 'The file'),
    object,
    model: model.name,
    trainedOn: `${data.name} with ${model.name}, ${bank.images.length} ${bank.images.length === 1 ? 'shot' : 'shots'} a class, seed ${train.seed}`,
  };
}

/** Losses and place of a training, as far as its checkpoints know. */
export async function readLosses(
  files: PageFiles,
  run: string,
): Promise<{ losses: Losses; progress: Progress | null }> {
  const path = joinPath(run, 'metrics.jsonl');
  const text = (await files.stat(path)) ? new TextDecoder().decode(await files.readFile(path)) : '';
  const steps: (Progress & { loss: number })[] = [];
  for (const line of text.split('\n')) {
    try {
      const event = JSON.parse(line) as { type: string } & Progress & { loss: number };
      const { type, epoch, epochs, step, steps: all, loss } = event;
      if (type === 'step' && [epoch, epochs, step, all, loss].every(Number.isFinite)) steps.push(event);
    } catch {
      // The last line may be cut short; the library leaves it out as well.
    }
  }
  const losses = { steps: steps.map(({ step }) => step), values: steps.map(({ loss }) => loss) };
  return { losses, progress: steps.at(-1) ?? null };
}

/** `results.json` of a training or of an evaluation. */
interface StoredResults {
  readonly data: string;
  readonly metrics: SetMetrics;
  readonly trivial: IntensityMetrics | null;
  /** As a report takes them. */
  readonly results: TrainResults;
}

async function readResults(files: PageFiles, path: string, { train }: RunConfig): Promise<StoredResults> {
  const json = JSON.parse(new TextDecoder().decode(await files.readFile(path)));
  // A training has the chosen weights and the last ones, an evaluation its one result.
  const metrics = json.selected ?? json;
  const shots = json.shots ?? { normal: train.shots, abnormal: train.shots };
  return { data: json.data, metrics, trivial: json.trivial, results: { ...json, selected: metrics, shots } };
}

/** What the report says first. */
async function verdict(
  files: PageFiles,
  run: string,
  header: RunConfig,
  { results }: StoredResults,
  predictions: readonly Prediction[],
): Promise<Verdict> {
  const path = joinPath(run, 'data.json');
  const data = (await files.stat(path)) ? JSON.parse(new TextDecoder().decode(await files.readFile(path))) : null;
  const curves = imageCurves(predictions, header.train.seed);
  return verdictOf({ results, header, data }, curves);
}

function parseRows(bytes: Uint8Array): Row[] {
  const [head, ...rows] = csvCells(new TextDecoder().decode(bytes));
  const [id, label, score, low, high] = ['id', 'label', 'score', 'mapLow', 'mapHigh'].map((name) => head.indexOf(name));
  const [p, probability, decision] = ['pValue', 'probability', 'decision'].map((name) => head.indexOf(name));
  const known = (text: string | undefined) => (text ? Number(text) : null);
  return rows.map((row) => ({
    id: row[id],
    label: row[label] === '' ? null : row[label] === '1' ? 1 : 0,
    score: row[score] === '' ? Number.NaN : Number(row[score]),
    pValue: known(row[p]),
    probability: known(row[probability]),
    decision: row[decision] || null,
    range: [Number(row[low]), Number(row[high])] as const,
  }));
}

/** A mask as a map for its outline, no larger than what is shown. */
function lesionOf(mask: Image): ScoreMap {
  const { width, height, channels, data } = fitted(mask, SHOWN);
  return { width, height, data: Float32Array.from({ length: width * height }, (_, i) => data[i * channels] / 255) };
}

function gone(id: string): FusionclipError {
  return new FusionclipError('io', `The map of ${id} is not among what was kept; score the images again.`);
}
