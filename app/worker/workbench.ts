import { FusionclipError } from '../../src/base/errors.ts';
import { decodeImage } from '../../src/data/decode.ts';
import { rangeOf } from '../../src/data/heat_map.ts';
import { FULL, type RangeRule } from '../../src/data/range/rule.ts';
import { openAdapters } from '../../src/detect/adapters_file.ts';
import { evaluateTrained } from '../../src/detect/evaluate_run.ts';
import type { RunContext } from '../../src/detect/run_context.ts';
import type { ScoredSet } from '../../src/detect/scoring.ts';
import type { SetMetrics } from '../../src/detect/set_metrics.ts';
import { bankSentence } from '../../src/detect/support_bank.ts';
import { Gpu } from '../../src/gpu/index.ts';
import { BlobFiles } from '../../src/host/blob_files.ts';
import type { IntensityMetrics } from '../../src/metrics/intensity_baseline.ts';
import { rankScores } from '../../src/metrics/ranking.ts';
import { rocCurve } from '../../src/metrics/roc.ts';
import type { RunEvent } from '../../src/run/events.ts';
import { resumeRun, type TrainOutcome, trainRun } from '../../src/train/index.ts';
import type { Calls, DatasetFacts, GivenImages, Outcome, Picture, TrainingWish } from '../protocol.ts';
import { datasetFacts, familyPreviews, fitted, makePhantoms, placeImages, SMALL } from './datasets.ts';
import { modelChoices, openModel } from './models.ts';

const RUN = 'run';
const LOADED = 'loaded';

/** Pixels of the longer side of a picture that is shown. */
const SHOWN = 512;

/** What the page can have done: one data set, one training, one set of scores at a time. */
export class Workbench implements Calls {
  readonly #files = new BlobFiles();
  readonly #onEvent: (event: RunEvent) => void;
  #gpu: Gpu | null = null;
  /** Path of the data set. */
  #data: string | null = null;
  /** What the run that may be resumed was asked for. */
  #wish: TrainingWish | null = null;
  #control = new AbortController();
  /** What the maps are of. */
  #scored: ScoredSet | null = null;
  #paths = new Map<string, string>();
  /** How the run reads values. */
  #grey: RangeRule = FULL;

  constructor(onEvent: (event: RunEvent) => void) {
    this.#onEvent = onEvent;
  }

  async open() {
    const { facts } = await this.#openGpu();
    return { machine: facts, models: modelChoices() };
  }

  async families() {
    return familyPreviews();
  }

  async makePhantoms(family: string, seed: number): Promise<DatasetFacts> {
    return this.#adopt(await makePhantoms(this.#files, family, seed, this.#stage('phantoms')));
  }

  async takeImages(images: GivenImages): Promise<DatasetFacts> {
    return this.#adopt(await placeImages(this.#files, images));
  }

  async train(wish: TrainingWish): Promise<Outcome> {
    const data = this.#dataset();
    this.#wish = wish;
    return this.#working(async (context) => {
      await this.#files.remove(RUN);
      const model = await openModel(this.#files, wish.model);
      const settings = {
        shots: String(wish.shots),
        ...(wish.epochs !== null && { epochs: String(wish.epochs) }),
        seed: String(wish.seed),
        'prompt.object': wish.object,
      };
      return this.#trained(await trainRun(context, { data, model, out: RUN, settings, maps: 'none' }));
    });
  }

  async resume(): Promise<Outcome> {
    const wish = this.#wish!;
    return this.#working(async (context) => {
      // It may have stopped before there was anything to go on with.
      if (!(await this.#files.stat(`${RUN}/config.json`))) return this.train(wish);
      const model = await openModel(this.#files, wish.model);
      return this.#trained(await resumeRun(context, RUN, { model, maps: 'none' }));
    });
  }

  async pause(): Promise<void> {
    this.#control.abort(new FusionclipError('interrupted', 'Paused.'));
  }

  async useAdapters(file: Blob, name: string): Promise<Outcome> {
    const data = this.#dataset();
    const adapters = `${LOADED}/${name}`;
    return this.#working(async (context) => {
      await this.#files.remove(LOADED);
      this.#files.put(adapters, file);
      const { header } = await openAdapters(this.#files, adapters);
      const model = await openModel(this.#files, header.model.name);
      const { results, scored } = await evaluateTrained(context, { adapters, data, model });
      return this.#outcome(adapters, scored, results, results.trivial);
    });
  }

  async picture(index: number): Promise<Picture> {
    const { size, images } = this.#scored!;
    const { id, map, mask } = images[index];
    const path = this.#paths.get(id)!;
    const image = fitted(decodeImage(await this.#files.readFile(path), path, this.#grey), SHOWN);
    const asMap = (data: Float32Array) => ({ width: size, height: size, data: data.slice() });
    return { image, small: fitted(image, SMALL), map: asMap(map), lesion: mask && asMap(Float32Array.from(mask)) };
  }

  /** A device that works: a new one after the last was lost. */
  async #openGpu(): Promise<Gpu> {
    if (this.#gpu) return this.#gpu;
    const gpu = await Gpu.create((navigator.gpu as GPU | undefined) ?? null);
    this.#gpu = gpu;
    void gpu.device.lost.then(() => {
      if (this.#gpu === gpu) this.#gpu = null;
    });
    return gpu;
  }

  #dataset(): string {
    if (this.#data === null) throw new FusionclipError('usage', 'There are no images yet; choose some first.');
    return this.#data;
  }

  #stage(what: string): (done: number, total: number) => void {
    return (done, total) => this.#onEvent({ type: 'stage', what, done, total });
  }

  async #adopt(path: string): Promise<DatasetFacts> {
    this.#data = null;
    const facts = await datasetFacts(this.#files, path, this.#stage('images'));
    this.#data = path;
    return facts;
  }

  /** Runs one piece of work with a fresh signal. */
  async #working<T>(body: (context: RunContext) => Promise<T>): Promise<T> {
    this.#control = new AbortController();
    const gpu = await this.#openGpu();
    return body({
      fs: this.#files,
      gpu,
      renewGpu: (lost) => {
        if (this.#gpu === lost) this.#gpu = null;
        return this.#openGpu();
      },
      environment: { runtime: 'page', version: navigator.userAgent },
      onEvent: this.#onEvent,
      signal: this.#control.signal,
    });
  }

  async #trained({ results, scored, adapters }: TrainOutcome): Promise<Outcome> {
    return this.#outcome(adapters, scored, results.selected, results.trivial);
  }

  async #outcome(
    adapters: string,
    scored: ScoredSet,
    metrics: SetMetrics,
    trivial: IntensityMetrics | null,
  ): Promise<Outcome> {
    const { header, bank, mapScale } = await openAdapters(this.#files, adapters);
    const data = this.#dataset();
    this.#scored = scored;
    this.#grey = header.grey;
    this.#paths = new Map(scored.images.map(({ id }) => [id, `${data}/${id}`]));
    const { images } = scored;
    return {
      metrics,
      trivial,
      rows: images.map(({ id, label, score }) => ({ id, label, score })),
      roc: rocCurve(
        rankScores(
          images.map(({ label }) => label ?? 0),
          images.map(({ score }) => score),
        ),
      ),
      range: [0, mapScale ?? rangeOf(...images.map(({ map }) => map))[1]],
      facts: {
        method: header.fusion.method,
        model: header.model.name,
        data: header.data.name,
        shots: String(bank.images.length),
        seed: String(header.train.seed),
      },
      adapters: this.#files.blob(adapters),
      adaptersHold: bankSentence(bank, 'The file'),
      adaptersName: `${header.data.name}-${header.train.shots}shot-seed${header.train.seed}.safetensors`,
    };
  }
}
