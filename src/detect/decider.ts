import { FusionclipError } from '../base/errors.ts';
import type { Image } from '../data/image.ts';
import { patientOfId } from '../data/layout/patients.ts';
import {
  type Decision,
  type DecisionCase,
  type Decisions,
  decideAll,
  markedShare,
  type Verdict,
} from '../decide/decide.ts';
import type { DecisionRule } from '../decide/decision_rule.ts';
import { imageFacts } from '../decide/image_facts.ts';
import type { ScoredImage } from './scoring.ts';

/** What a calibration says of an image; all null without one. */
export interface RowDecision {
  readonly decision: Verdict | null;
  /** Conformal p-value. */
  readonly pValue: number | null;
  /** The same, adjusted for the number of images where a false-discovery rate was asked for. */
  readonly adjusted: number | null;
  /** Of abnormal; null without labelled cases. */
  readonly probability: number | null;
  /** Share of the pixels that are marked: none in all but a share alpha of normal images. */
  readonly markedShare: number | null;
  /** Whether the calibration holds for the batch; null where that cannot be told, or is not known yet. */
  readonly covered: boolean | null;
}

/** Without a calibration. */
export const UNDECIDED: RowDecision = {
  ...{ decision: null, pValue: null, adjusted: null, probability: null },
  ...{ markedShare: null, covered: null },
};

/** How a rule is used. */
export interface DeciderOptions {
  /** Asked for false discoveries: then nothing is decided before all images are scored. */
  readonly falseDiscovery?: number | null;
  /** A threshold that was given in place of the rule's. */
  readonly threshold?: number | null;
  /** Whether weights or rule were made of an image, by its key. */
  readonly isKnown?: (key: string | undefined) => boolean;
  /** Whom an image is of, and which scanner made it, where that is known otherwise than by its name. */
  readonly sourceOf?: SourceOf;
}

/** What is known of where an image comes from; null where nothing is. */
export type SourceOf = (id: string) => ImageSource | null;

/** Where an image comes from. */
export interface ImageSource {
  readonly patient: string | null;
  /** Maker and model; null where its file does not say. */
  readonly scanner: string | null;
}

/** Decides on images one after the other, and on all of them together at the end. */
export class Decider {
  readonly rule: DecisionRule;
  readonly #falseDiscovery: number | null;
  readonly #patientOf: (id: string) => string | null;
  readonly #sourceOf: SourceOf;
  readonly #isKnown: (key: string | undefined) => boolean;
  readonly #cases: DecisionCase[];
  readonly #marked: number[] = [];

  /** @param cases of images that were seen before the device was lost; what is seen is added to them */
  constructor(
    rule: DecisionRule,
    { falseDiscovery = null, threshold = null, sourceOf = () => null, isKnown = () => false }: DeciderOptions,
    cases: DecisionCase[] = [],
  ) {
    this.rule = threshold === null ? rule : withThreshold(rule, threshold);
    this.#falseDiscovery = falseDiscovery;
    this.#patientOf = patientOfId(rule.from.group);
    this.#sourceOf = sourceOf;
    this.#isKnown = isKnown;
    this.#cases = cases;
  }

  /** The images that were seen. */
  get cases(): readonly DecisionCase[] {
    return this.#cases;
  }

  /** Takes an image, and says what is known of it by itself. @param patient whom it is of, where that is known */
  see({ id, score, map, features, key }: ScoredImage, image: Image | null, of?: string | null): RowDecision {
    const source = this.#sourceOf(id);
    const patient = of ?? source?.patient ?? this.#patientOf(id);
    const facts = image && imageFacts(image, features, source?.scanner);
    const one: DecisionCase = { score, patient, facts, isKnown: this.#isKnown(key) };
    this.#cases.push(one);
    this.#marked[this.#cases.length - 1] = markedShare(this.rule, map);
    const { images } = decideAll(this.rule, [one]);
    const row = this.#row(images[0], this.#cases.length - 1, null);
    return this.#falseDiscovery === null ? row : { ...row, decision: null };
  }

  /** Decides on all images together; rows are in the order in which they were seen. */
  finish(): { readonly rows: readonly (RowDecision & { readonly called: boolean })[]; readonly decisions: Decisions } {
    const decisions = decideAll(this.rule, this.#cases, this.#falseDiscovery);
    const { state } = decisions.coverage;
    const covered = state === 'unchecked' ? null : state === 'covered';
    const rows = decisions.images.map((one, i) => ({ ...this.#row(one, i, covered), called: one.called }));
    return { rows, decisions };
  }

  #row({ verdict, pValue, adjusted, probability }: Decision, at: number, covered: boolean | null): RowDecision {
    const markedShare = this.#marked[at] ?? null;
    const ofNew = this.#cases[at].isKnown ? false : covered;
    return { decision: verdict, pValue, adjusted, probability, markedShare, covered: ofNew };
  }
}

/** A rule with another threshold: a patient is abnormal from the same score on as an image, which is the largest of them. */
function withThreshold(rule: DecisionRule, threshold: number): DecisionRule {
  const point = { ...rule.point, by: 'given', threshold } as const;
  return { ...rule, point, patientThreshold: rule.patientThreshold === null ? null : threshold };
}

/** What `predictions.json` says of decisions. */
export interface BatchDecisions {
  /** SHA-256 of what the rule came from. */
  readonly hash: string;
  readonly alpha: number;
  readonly point: DecisionRule['point'];
  readonly falseDiscovery: number | null;
  readonly coverage: Decisions['coverage'];
  readonly shift: Decisions['shift'];
  readonly patients: Decisions['patients'];
}

/** The refusal of false-discovery control without p-values. */
export function needsCalibration(adapters: string): FusionclipError {
  return new FusionclipError(
    'usage',
    `--fdr takes p-values, and ${adapters} has no calibration for these settings; make one: fusionclip calibrate RUN --normals DIR.`,
  );
}
