import { type GivenValues, givenTexts, type OptionTable } from '../base/option.ts';
import type { DecisionWishes } from '../decide/decision_rule.ts';
import type { ModelSource } from '../detect/backbone.ts';
import type { VolumeRow } from '../detect/predict_volumes.ts';
import type { VolumeResult as WrittenResult } from '../detect/volume_results.ts';
import { FUSION_OPTIONS } from '../fusion/options.ts';
import type { RunListener } from '../run/events.ts';
import { TRAIN_OPTIONS } from '../run/options.ts';
import type { Plane } from '../volume/plane.ts';

/** Settings of the method (docs/methods.md), numbers as numbers and lists as lists; null stands for `none` or `auto`. */
export type MethodSettings = GivenValues<typeof FUSION_OPTIONS>;

/** Settings of training and evaluation (docs/methods.md), as {@link MethodSettings}. */
export type TrainingSettings = GivenValues<typeof TRAIN_OPTIONS>;

/** What every call can be told. */
export interface CallOptions {
  /** Gets what happens, in place of the listener that `open` was given. */
  readonly onEvent?: RunListener;
  /** Stops the call; a training saves a checkpoint first. */
  readonly signal?: AbortSignal;
}

/** How a training is done: its settings, and where its results go. */
export interface TrainChoices extends CallOptions, MethodSettings, TrainingSettings {
  /** A CLIP model; by default `tiny-clip`, which comes with the package. Settings that are not given are those that suit the model. */
  readonly model?: ModelSource;
  /** The run folder; by default `runs/NAME`, after the data set. */
  readonly out?: string;
  /** Whether a run that lies there may be replaced. */
  readonly force?: boolean;
}

/** How trained weights are used: settings in place of those of the run, as far as training does not depend on them. */
export interface LoadChoices extends CallOptions, MethodSettings {
  /** Where the CLIP model lies now, if it was moved. */
  readonly model?: ModelSource;
}

/** What is written of a prediction. */
export interface OutputChoices extends CallOptions {
  /** Folder for `predictions.csv`, `predictions.json` and `maps/`; without it nothing is written. */
  readonly out?: string;
  /** Raw maps beside the heat maps, in place of the run's own `map.files`. */
  readonly maps?: 'npy' | 'png16' | 'none';
}

/** How images are predicted together. */
export interface BatchChoices extends OutputChoices {
  /** Share of normal images among those called abnormal, in place of deciding each image by itself; needs a calibration. */
  readonly falseDiscovery?: number;
}

/** How volumes are predicted. */
export interface VolumeChoices extends OutputChoices {
  /** How values become grey levels, in place of the run's own rule: as the setting `window`. */
  readonly window?: string;
  /** The plane of the slices, in place of that of the run: as the setting `plane`. */
  readonly plane?: Plane;
  /** Of NIfTI files with several volumes which one, from 0 on. */
  readonly volume?: number;
  /** What series may have against them, beside what the run accepts: words of the setting `accept`. */
  readonly accept?: readonly string[];
  /** Of so many slices one is scored; the maps between are mixed of their neighbours. */
  readonly stride?: number;
  /** What is written of each volume below `out`, `nifti` by default; all else is of DICOM series. */
  readonly write?: readonly WrittenResult[];
  /** Gets each volume when it is done, and its map by slices, [rows, columns] of its own grid; of one volume at a time it is held. */
  readonly onVolume?: (volume: VolumeRow, map: (slice: number) => Float32Array<ArrayBuffer>) => void | Promise<void>;
}

/** A prediction of volumes by a run. */
export interface PredictVolumesChoices extends LoadChoices, VolumeChoices {
  /** What to predict with; see {@link Trained}. */
  readonly run: Trained;
}

/** A calibration of a run. */
export interface CalibrateChoices extends CallOptions, Partial<DecisionWishes> {
  /** Where the CLIP model lies now, if it was moved. */
  readonly model?: ModelSource;
  /** A labelled data set that training has not seen, for probabilities and a sensitivity. */
  readonly labelled?: string;
  /** How patients are told, as the setting `group` has it. */
  readonly group?: string;
}

/** A prediction by a run. */
export interface PredictChoices extends LoadChoices, BatchChoices {
  /** What to predict with; see {@link Trained}. */
  readonly run: Trained;
}

/** An evaluation of a run. */
export interface EvaluateChoices extends LoadChoices, OutputChoices {
  /** A labelled data set; by default the one that was trained on. */
  readonly data?: string;
  /** Of volumes every how many slices one is scored; by default all are. */
  readonly stride?: number;
}

/** Trained weights: a run folder, a file of adapters (its path, or the file itself), or what a training returned. */
export type Trained = string | Blob | { readonly adapters: string };

const ALL = { ...TRAIN_OPTIONS, ...FUSION_OPTIONS } satisfies OptionTable;

/** Texts of the settings of a training. @throws FusionclipError `usage` */
export function trainingTexts(given: MethodSettings & TrainingSettings): Record<string, string> {
  return givenTexts(ALL, given as Readonly<Record<string, unknown>>);
}

/** Texts of settings of the method. @throws FusionclipError `usage` */
export function methodTexts(given: MethodSettings): Record<string, string> {
  return givenTexts(FUSION_OPTIONS, given as Readonly<Record<string, unknown>>);
}
