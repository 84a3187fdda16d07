export {
  alphaThreshold,
  type Counted,
  casesNeeded,
  conformalPValues,
  countOfPatient,
  patientScores,
  requireCases,
  sensitivityThreshold,
  sharesOf,
} from './conformal.ts';
export {
  type Coverage,
  type Decision,
  type DecisionCase,
  type Decisions,
  decideAll,
  markedShare,
  pixelPValues,
  type Verdict,
  verdictOf,
} from './decide.ts';
export {
  type DecisionRule,
  type DecisionWishes,
  type LabelledCase,
  LEAST_LABELLED,
  makeDecisionRule,
  type NormalCase,
  type OperatingPoint,
  type Probabilities,
  type RuleOrigin,
} from './decision_rule.ts';
export { benjaminiHochberg } from './false_discovery.ts';
export { IMAGE_FACTS, type ImageFact, type ImageFacts, imageFacts } from './image_facts.ts';
export {
  crossFitted,
  expectedCalibrationError,
  fitProbability,
  type LabelledScores,
  type ProbabilityMap,
  probabilityOf,
  type ReliabilityBin,
  reliability,
  rescaled,
} from './probability.ts';
export { type Rate, rate } from './rate.ts';
export { type RealisedDecisions, type RealisedRates, realisedDecisions } from './realised.ts';
export { ruleLines } from './rule_text.ts';
export { compareBatch, LEAST_BATCH, type Moved, type ShiftCase, type ShiftOptions, type ShiftReport } from './shift.ts';
export {
  type Divisions,
  divisions,
  kolmogorovSmirnov,
  meanDiscrepancy,
  permutationPValue,
  totalVariation,
} from './two_sample.ts';
