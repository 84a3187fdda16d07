import { serverOf } from '../base/address.ts';
import type { FileSystem } from '../base/file_system.ts';
import { baseName, joinPath } from '../base/paths.ts';
import type { DecisionRule } from '../decide/decision_rule.ts';
import type { ModelSource } from '../detect/backbone.ts';
import { calibrateRun } from '../detect/calibrate_run.ts';
import { type EvaluateResults, evaluateRun } from '../detect/evaluate_run.ts';
import type { VolumePredictions } from '../detect/predict_volumes.ts';
import type { TrainResults } from '../detect/results.ts';
import type { RunContext } from '../detect/run_context.ts';
import type { DeviceGpu } from '../gpu/gpu.ts';
import type { Gpu } from '../gpu/interface.ts';
import { type ReportOptions, writeReport } from '../report/report.tsx';
import type { Environment } from '../run/environment.ts';
import type { RunListener } from '../run/events.ts';
import { onDevice } from '../run/on_device.ts';
import { EMBEDDED_MODEL } from '../study/embedded.ts';
import { resumeRun, type TrainOutcome, trainRun } from '../train/train_run.ts';
import { type Given, type GivenFiles, placeFolder } from './given.ts';
import { called, wordedListener } from './library_words.ts';
import { LoadedRun, type Prediction } from './loaded_run.ts';
import {
  type CalibrateChoices,
  type CallOptions,
  type EvaluateChoices,
  type LoadChoices,
  methodTexts,
  type PredictChoices,
  type PredictVolumesChoices,
  type TrainChoices,
  type Trained,
  trainingTexts,
} from './settings.ts';

/** What `open` can be told. */
export interface OpenOptions {
  /** Gets what happens in every call: progress, losses, notes. */
  readonly onEvent?: RunListener;
  /** Times every kernel: `fc.gpu.profiler` then has a report. */
  readonly profile?: boolean;
  /** Node and Deno: the Vulkan driver, `auto`, `hardware`, `lavapipe` or `swiftshader`; default `auto`. */
  readonly driver?: string;
  /** The folder of the models that come with the package, a path or an address; by default beside this file. */
  readonly models?: string;
}

/** What an opened runtime consists of. */
export interface Parts {
  readonly files: GivenFiles;
  readonly gpu: DeviceGpu;
  /** Opens a device in place of a lost one. */
  readonly openGpu: () => Promise<DeviceGpu>;
  readonly environment: Environment;
  readonly onEvent?: RunListener;
}

/** A finished training. */
export interface TrainedRun {
  /** The run folder; `docs/run_folder.md` says what lies in it. */
  readonly out: string;
  /** Path of the trained weights. */
  readonly adapters: string;
  /** Path of the report, one HTML file. */
  readonly report: string;
  readonly results: TrainResults;
}

/**
 * The whole method in a runtime: what `open()` gives. The same calls do the same in Node, in Deno and in a page, where files are
 * in the memory of the page (`fc.files`). Close it after use.
 */
export class Fusionclip {
  /** The disk, or the files of a page; addresses of the web can be read as well. */
  readonly files: FileSystem;
  readonly environment: Environment;
  readonly #given: GivenFiles;
  readonly #onEvent?: RunListener;
  readonly #openGpu: () => Promise<DeviceGpu>;
  #gpu: DeviceGpu;

  /** @internal `open()` makes it */
  constructor({ files, gpu, openGpu, environment, onEvent }: Parts) {
    this.files = files;
    this.#given = files;
    this.#gpu = gpu;
    this.#openGpu = openGpu;
    this.environment = environment;
    this.#onEvent = onEvent;
  }

  /** The device, for kernels of your own; another one after it was lost and a call has gone on on the next. */
  get gpu(): DeviceGpu {
    return this.#gpu;
  }

  /**
   * Trains on a few images of a data set, chooses weights, evaluates them on the test split, and writes a run folder with its
   * report.
   * @param data folder of the data set (docs/data.md), or its files
   * @throws FusionclipError of every code: `usage` for a setting that there is not, `bad_data`, `bad_model`, `io`, …
   */
  async train(data: Given, choices: TrainChoices = {}): Promise<TrainedRun> {
    return called(async () => {
      const { model = EMBEDDED_MODEL, out: given, force = false, onEvent, signal, ...settings } = choices;
      const texts = trainingTexts(settings);
      const folder = placeFolder(this.#given, data);
      const out = given ?? joinPath('runs', serverOf(folder) ?? baseName(folder));
      const context = this.#context({ onEvent, signal });
      return this.#finished(out, await trainRun(context, { data: folder, model, out, settings: texts, force }));
    });
  }

  /**
   * Goes on with a training that was interrupted; its settings stay, and the result has the same bits.
   * @param out the run folder
   * @param places where data and model lie now, if they were moved
   */
  async resume(
    out: string,
    places: CallOptions & { readonly data?: Given; readonly model?: ModelSource } = {},
  ): Promise<TrainedRun> {
    return called(async () => {
      const { data, model, ...call } = places;
      const folder = data === undefined ? undefined : placeFolder(this.#given, data);
      return this.#finished(out, await resumeRun(this.#context(call), out, { data: folder, model }));
    });
  }

  /**
   * Opens trained weights and the model they belong to, for several predictions on this device: once it is lost, load again.
   * Release it after use.
   * @throws FusionclipError `io`, `bad_model`, and `usage` for settings that cannot change
   */
  async load(run: Trained, choices: LoadChoices = {}): Promise<LoadedRun> {
    return called(async () => {
      const { model, onEvent, signal, ...settings } = choices;
      const source = { adapters: this.#adapters(run), model, settings: methodTexts(settings) };
      return LoadedRun.open(this.#context({ onEvent, signal }), this.#given, source);
    });
  }

  /**
   * Scores images, with a map of each.
   * @param images files, and folders that are searched for images at any depth
   * @throws FusionclipError `io`, `bad_image`, `bad_model`; what was written before stays
   */
  async predict(images: Given, choices: PredictChoices): Promise<Prediction[]> {
    return called(async () => {
      const { run, out, maps, falseDiscovery, model, onEvent, signal, ...settings } = choices;
      const source = { adapters: this.#adapters(run), model, settings: methodTexts(settings) };
      return onDevice(this.#context({ onEvent, signal }), async (context) => {
        const loaded = await LoadedRun.open(context, this.#given, source);
        try {
          return await loaded.predict(images, { out, maps, falseDiscovery });
        } finally {
          loaded.release();
        }
      });
    });
  }

  /**
   * Scores DICOM series and NIfTI volumes: slices, volumes and patients, and where the maps are highest (docs/clinical.md).
   * @param studies files, folders, and addresses of DICOMweb servers (`dicomweb:URL`)
   * @throws FusionclipError `bad_data` for a series that is no volume, or where there is none; else as {@link predict}
   */
  async predictVolumes(studies: Given, choices: PredictVolumesChoices): Promise<VolumePredictions> {
    return called(async () => {
      const { run, out, maps, stride, write, window, plane, volume, accept, onVolume, ...more } = choices;
      const { model, onEvent, signal, ...settings } = more;
      const source = { adapters: this.#adapters(run), model, settings: methodTexts(settings) };
      return onDevice(this.#context({ onEvent, signal }), async (context) => {
        const loaded = await LoadedRun.open(context, this.#given, source);
        try {
          const how = { out, maps, stride, write, window, plane, volume, accept, onVolume };
          return await loaded.predictVolumes(studies, how);
        } finally {
          loaded.release();
        }
      });
    });
  }

  /**
   * Makes scores to decisions: p-values, an operating point and probabilities, by images that training has not seen. The rule is
   * stored in the adapters, and predictions and evaluations go by it.
   * @param normals normal images: files, and folders that are searched at any depth
   * @throws FusionclipError `bad_data` for too few images, with the number needed, and for images of the support set
   */
  async calibrate(run: Trained, normals: Given, choices: CalibrateChoices = {}): Promise<DecisionRule> {
    return called(async () => {
      const { labelled = null, alpha = 0.05, sensitivity = null, probability = 'platt', ...more } = choices;
      const { group, model, onEvent, signal } = more;
      return calibrateRun(this.#context({ onEvent, signal }), {
        ...{ adapters: this.#adapters(run), model, normals: this.#given.place(normals), labelled },
        ...{ alpha, sensitivity, probability, rules: group === undefined ? {} : { group } },
      });
    });
  }

  /**
   * Evaluates trained weights on the test split of a data set, with the thresholds that were chosen in training.
   * @throws FusionclipError `io`, `bad_data`, `bad_image`, `bad_model`
   */
  async evaluate(run: Trained, choices: EvaluateChoices = {}): Promise<EvaluateResults> {
    return called(async () => {
      const { model, data, out = null, maps, stride, onEvent, signal, ...settings } = choices;
      const source = { adapters: this.#adapters(run), model, settings: methodTexts(settings) };
      return evaluateRun(this.#context({ onEvent, signal }), { ...source, data, out, maps, stride });
    });
  }

  /**
   * Writes the report of a finished run anew: one HTML file without scripts.
   * @param run the run folder
   * @returns its path, by default `report.html` in the run folder
   */
  async report(run: string, { out, ...options }: ReportOptions & { readonly out?: string } = {}): Promise<string> {
    return called(() => writeReport(this.files, run, out, options));
  }

  /**
   * Frees the GPU and given files. What was loaded cannot be used any more. Resolves when the GPU has come to the end of what it was
   * given; a process ends after that.
   */
  close(): Promise<void> {
    this.#given.forget();
    return this.#gpu.destroy();
  }

  /** As {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** As {@link close}, for `using`. */
  [Symbol.dispose](): void {
    void this.close();
  }

  #adapters(run: Trained): string {
    if (typeof run === 'string') return run;
    return run instanceof Blob ? this.#given.place(run)[0] : run.adapters;
  }

  async #finished(out: string, { results, adapters }: TrainOutcome): Promise<TrainedRun> {
    return { out, adapters, results, report: await writeReport(this.files, out) };
  }

  #context({ onEvent = this.#onEvent, signal }: CallOptions): RunContext {
    const renewGpu = (lost: Gpu) => this.#renewed(lost);
    const told = onEvent && { onEvent: wordedListener(onEvent) };
    return { fs: this.#given, gpu: this.#gpu, renewGpu, environment: this.environment, signal, ...told };
  }

  async #renewed(lost: Gpu): Promise<Gpu> {
    // Another call may have opened the next one.
    if (lost !== this.#gpu) return this.#gpu;
    void this.#gpu.destroy();
    this.#gpu = await this.#openGpu();
    return this.#gpu;
  }
}
