import { OWN, RIVALS, ZERO_SHOT } from './gap_rows.ts';
import { ALL_SETS, type GapDifference, type GapRow } from './summary.ts';

/** A bound, and what was reached. */
export interface GapGoal {
  readonly what: string;
  readonly reached: string;
  /** Null where its runs are not there, or one seed alone is. */
  readonly met: boolean | null;
}

/** Above this, a model has the families in its domain. */
const OUT_OF_DOMAIN = 0.75;
/** What few images have to bring. */
const GAIN = 0.12;
/** What the method may be below its rivals. */
const MARGIN = 0.01;
/** Support images of a class that the goals are said for. */
const GOAL_SHOTS = 4;

/** The goals of the study, as far as its rows tell. */
export function goalsOf(rows: readonly GapRow[], differences: readonly GapDifference[]): GapGoal[] {
  const row = (method: string) =>
    rows.find((one) => one.set === ALL_SETS && one.shots === GOAL_SHOTS && one.method === method);
  const against = (second: string) =>
    differences.find((one) => one.set === ALL_SETS && one.shots === GOAL_SHOTS && one.second === second);
  const number = (value: number) => (Number.isFinite(value) ? value.toFixed(3) : '?');
  const told = ({ mean, low, high }: { readonly mean: number; readonly low: number; readonly high: number }) =>
    `${number(mean)} (${number(low)} to ${number(high)})`;
  const zero = row(ZERO_SHOT);
  const gain = against(ZERO_SHOT);
  const rivals = RIVALS.flatMap((name) => row(name) ?? []).sort((a, b) => b.imageAuroc.mean - a.imageAuroc.mean);
  const [rival] = rivals;
  const beside = rival && against(rival.method);
  // Which of them is the better is known when both were run.
  const missing = RIVALS.filter((name) => !row(name));
  return [
    {
      what: `zero-shot image AUROC, mean over the families, below ${OUT_OF_DOMAIN}`,
      reached: zero ? told(zero.imageAuroc) : 'not run',
      met: zero ? zero.imageAuroc.mean < OUT_OF_DOMAIN : null,
    },
    {
      what: `${GOAL_SHOTS}-shot ${OWN} at least ${GAIN} above zero-shot, the interval above 0`,
      reached: gain ? told(gain.bySeed) : 'not run',
      met: gain && gain.bySeed.count > 1 ? gain.bySeed.mean >= GAIN && gain.bySeed.low > 0 : null,
    },
    {
      what: `${GOAL_SHOTS}-shot ${OWN} less the better of ${RIVALS.join(' and ')}, the interval above -${MARGIN}`,
      reached: beside
        ? `${told(beside.bySeed)} against ${rival.method}${missing.map((name) => `; ${name} was not run`).join('')}`
        : 'not run',
      met: beside && missing.length === 0 && beside.bySeed.count > 1 ? beside.bySeed.low > -MARGIN : null,
    },
  ];
}
