import * as v from 'valibot';
import type { DecisionRule } from './decision_rule.ts';

/** The shape of a rule that is read from a file, which may come from anywhere. */

const number = v.number();
const count = v.pipe(number, v.safeInteger(), v.minValue(0));
/** JSON writes NaN, a share of nothing, as null. */
const measure = v.pipe(
  v.nullable(number),
  v.transform((value) => value ?? Number.NaN),
);
const share = v.pipe(number, v.minValue(0), v.maxValue(1));
const rate = v.object({ count, of: count, share: measure, low: number, high: number });
const scores = v.pipe(v.array(number), v.minLength(1));

/** A {@link DecisionRule} as JSON. */
export const STORED_RULE = v.object({
  from: v.object({
    hash: v.string(),
    weights: v.string(),
    group: v.nullable(v.string()),
    images: v.optional(v.array(v.string()), []),
    normals: count,
    patients: v.nullable(count),
    labelled: v.nullable(v.object({ normal: count, abnormal: count })),
  }),
  alpha: share,
  point: v.object({
    by: v.picklist(['alpha', 'sensitivity']),
    level: share,
    threshold: number,
    tolerance: number,
    falsePositives: rate,
    sensitivity: v.nullable(rate),
  }),
  scores,
  // Rules of before patients counted as one case each have none.
  imagesOfPatient: v.optional(v.nullable(v.array(v.pipe(count, v.minValue(1)))), null),
  patientScores: v.nullable(scores),
  peaks: scores,
  patientThreshold: v.nullable(number),
  pixelThreshold: number,
  probabilities: v.nullable(
    v.object({
      map: v.variant('kind', [
        v.object({ kind: v.literal('platt'), slope: number, offset: number }),
        v.object({ kind: v.literal('isotonic'), scores, values: scores }),
      ]),
      prevalence: share,
      bins: v.array(v.object({ low: number, high: number, predicted: measure, observed: rate })),
      errorBefore: measure,
      errorAfter: measure,
    }),
  ),
  reference: v.array(
    v.object({
      score: number,
      facts: v.array(number),
      features: v.array(number),
      scanner: v.optional(v.nullable(v.string()), null),
    }),
  ),
}) satisfies v.GenericSchema<unknown, DecisionRule>;
