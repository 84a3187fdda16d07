import type { ScoreMap } from '../data/heat_map.ts';
import { imagesToScore, predictTrained, TrainedDetector, type TrainedSource } from '../detect/inference.ts';
import type { PredictionRow } from '../detect/output.ts';
import type { RunContext } from '../detect/run_context.ts';
import type { Thresholds } from '../detect/set_metrics.ts';
import type { RunConfig } from '../run/run_config.ts';
import type { Given, GivenFiles } from './given.ts';
import type { OutputChoices } from './settings.ts';

/** The scores of one image. */
export interface Prediction extends PredictionRow {
  /** How abnormal each pixel is, at the size that the model sees. */
  readonly map: ScoreMap;
  /** Path of the map as a picture over the image; null when nothing was written. */
  readonly picture: string | null;
}

/** Trained weights and their model on the GPU. */
export class LoadedRun {
  /** Settings, data set and model. */
  readonly header: RunConfig;
  /** From these scores on an image, or a pixel, is abnormal; null where none could be chosen. */
  readonly thresholds: Thresholds;
  readonly #context: RunContext;
  readonly #files: GivenFiles;
  readonly #trained: TrainedDetector;
  readonly #adapters: string;

  private constructor(context: RunContext, files: GivenFiles, trained: TrainedDetector, adapters: string) {
    this.header = trained.file.header;
    this.thresholds = trained.file.thresholds;
    this.#context = context;
    this.#files = files;
    this.#trained = trained;
    this.#adapters = adapters;
  }

  /** @internal `Fusionclip.load` calls it */
  static async open(context: RunContext, files: GivenFiles, source: TrainedSource): Promise<LoadedRun> {
    return new LoadedRun(context, files, await TrainedDetector.open(context, source), source.adapters);
  }

  /**
   * Scores images, in their order.
   * @throws FusionclipError `io`, `bad_image`; nothing is written then
   */
  async predict(images: Given, choices: OutputChoices = {}): Promise<Prediction[]> {
    const { out = null, maps, ...call } = choices;
    const context = { ...this.#context, ...call };
    const paths = await imagesToScore(context, this.#files.place(images));
    const request = { adapters: this.#adapters, paths, out, maps };
    const { rows, scored, pictures } = await predictTrained(context, this.#trained, request);
    const { size } = scored;
    return rows.map((row, i) => ({
      ...row,
      map: { width: size, height: size, data: scored.images[i].map },
      picture: pictures[i] ?? null,
    }));
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.#trained.release();
  }
}
