import * as v from 'valibot';
import { parseJson } from '../base/json.ts';
import type { TrainResults } from './results.ts';

/** The shape of `results.json`: a file may come from anywhere. What runs of before lack is optional, and other keys are let through. */

const number = v.number();
/** JSON writes NaN, a measure of nothing, as null. */
const measure = v.nullable(number);
const reversed = v.optional(v.boolean());
const interval = v.looseObject({ low: measure, high: measure });

const ranked = { positives: number, negatives: number, auroc: measure, averagePrecision: measure, f1Max: measure };
const ranking = v.looseObject({ ...ranked, f1Threshold: measure, reversed });
const inside = v.nullable(v.looseObject({ ...ranked, reversed }));
const pixels = v.nullable(
  v.looseObject({ ...ranked, f1Threshold: measure, reversed, aupro: measure, auproExact: measure }),
);

const threshold = { value: number, f1: measure, from: v.picklist(['valid', 'support']) };

const patients = v.looseObject({
  normal: number,
  abnormal: number,
  auroc: measure,
  averagePrecision: measure,
  sensitivity: measure,
  specificity: measure,
});

const weights = v.looseObject({
  epoch: number,
  step: number,
  rate: v.optional(measure),
  images: v.looseObject({ normal: number, abnormal: number }),
  image: ranking,
  pixel: pixels,
  foreground: v.optional(inside),
  imageThreshold: v.nullable(
    v.looseObject({ ...threshold, accuracy: measure, sensitivity: measure, specificity: measure }),
  ),
  pixelThreshold: v.nullable(v.looseObject({ ...threshold, dice: measure, diceMean: measure })),
  sampling: v.optional(
    v.nullable(
      v.looseObject({
        drawn: v.picklist(['images', 'patients']),
        units: number,
        draws: number,
        imageAuroc: interval,
        exact: v.optional(v.boolean()),
        imageAveragePrecision: v.nullable(interval),
        patients: v.nullable(patients),
      }),
    ),
  ),
});

const unit = v.looseObject({
  normal: number,
  abnormal: number,
  auroc: measure,
  interval: v.nullable(interval),
  averagePrecision: measure,
  sensitivity: measure,
  specificity: measure,
  brightness: v.nullable(v.looseObject({ name: v.string(), reversed: v.boolean(), auroc: measure })),
});
const counted = {
  patient: v.string(),
  abnormal: v.boolean(),
  score: number,
  lesions: number,
  found: measure,
  falsePositives: measure,
  dice: measure,
};
const volumes = v.looseObject({
  rule: v.looseObject({ text: v.string() }),
  volumes: unit,
  patients: unit,
  voxels: v.nullable(
    v.looseObject({
      auroc: measure,
      averagePrecision: measure,
      aupro: measure,
      dice: measure,
      mean: v.looseObject({ averagePrecision: measure, aupro: measure, dice: measure }),
    }),
  ),
  froc: v.nullable(
    v.looseObject({
      lesions: number,
      at: v.array(v.looseObject({ falsePositives: number, sensitivity: measure })),
      mean: measure,
    }),
  ),
  byVolume: v.array(
    v.looseObject({
      ...counted,
      name: v.string(),
      lesionMillilitres: number,
      millilitres: measure,
      averagePrecision: measure,
      aupro: measure,
    }),
  ),
  byPatient: v.array(v.looseObject({ ...counted, volumes: number, predicted: v.nullable(v.boolean()) })),
});

const STORED_RESULTS = v.looseObject({
  method: v.optional(v.string()),
  data: v.string(),
  kind: v.picklist(['pixel', 'image']),
  shots: v.looseObject({ normal: number, abnormal: number }),
  selectedBy: v.picklist(['valid', 'last', 'test-oracle', 'none']),
  mapScale: v.optional(measure),
  warning: v.nullable(v.string()),
  selection: v.optional(v.nullable(v.looseObject({ epoch: number, step: number }))),
  selected: weights,
  last: weights,
  trivial: v.nullable(
    v.looseObject({
      mean: ranking,
      std: ranking,
      p995: ranking,
      map: pixels,
      mapForeground: v.optional(inside),
    }),
  ),
  findings: v.optional(v.array(v.string())),
  volumes: v.optional(v.nullable(volumes)),
});

/** The text of a `results.json`. @throws SyntaxError, or Error that goes on after the file's name */
export function parseResults(text: string): TrainResults {
  return parseJson(STORED_RESULTS, text) as unknown as TrainResults;
}
