import type { ScoreMap } from '../data/heat_map.ts';
import { imagesToScore, predictTrained } from '../detect/predict.ts';
import { predictVolumes, type VolumePredictions, volumePaths } from '../detect/predict_volumes.ts';
import type { FileRow } from '../detect/predictions.ts';
import type { RunContext } from '../detect/run_context.ts';
import type { Thresholds } from '../detect/set_metrics.ts';
import { TrainedDetector, type TrainedSource } from '../detect/trained.ts';
import type { RunConfig } from '../run/run_config.ts';
import type { Given, GivenFiles } from './given.ts';
import { called, wordedListener } from './library_words.ts';
import type { BatchChoices, CallOptions, VolumeChoices } from './settings.ts';

/** The scores of one image. */
export interface Prediction extends Omit<FileRow, 'map'> {
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
   * @throws FusionclipError `io`, `bad_image`; what was written before stays
   */
  async predict(images: Given, choices: BatchChoices = {}): Promise<Prediction[]> {
    return called(async () => {
      const { out = null, maps, falseDiscovery, ...call } = choices;
      const context = this.#contextOf(call);
      const paths = await imagesToScore(context, this.#files.place(images));
      const drawn: ScoreMap[] = [];
      const predictions = await predictTrained(context, this.#trained, {
        ...{ adapters: this.#adapters, paths, out, maps, falseDiscovery },
        onRow: (_, scored) => {
          const data = scored!.map;
          const side = Math.sqrt(data.length);
          drawn.push({ width: side, height: side, data });
        },
      });
      return predictions.images.map(({ map: picture, ...row }, i) => ({ ...row, map: drawn[i], picture }));
    });
  }

  /**
   * Scores DICOM series and NIfTI volumes.
   * @param studies files, folders, and addresses of DICOMweb servers (`dicomweb:URL`)
   * @throws FusionclipError `bad_data` for a series that is no volume, or where there is none; `bad_image`, `io`, `usage`
   */
  async predictVolumes(studies: Given, choices: VolumeChoices = {}): Promise<VolumePredictions> {
    return called(async () => {
      const { out = null, maps, stride, write, window, plane, volume, accept, onVolume, ...call } = choices;
      const context = this.#contextOf(call);
      const paths = await volumePaths(context, this.#files.place(studies));
      const { rule, volumes, patients } = await predictVolumes(context, this.#trained, {
        ...{ adapters: this.#adapters, paths, out, maps, stride, write, window, plane, volume, accept },
        onVolume: (row, grid) => onVolume?.(row, (slice) => grid.slice(slice)),
      });
      return { rule, volumes, patients };
    });
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.#trained.release();
  }

  #contextOf({ onEvent, ...call }: CallOptions): RunContext {
    return { ...this.#context, ...call, ...(onEvent && { onEvent: wordedListener(onEvent) }) };
  }
}
