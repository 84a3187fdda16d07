/** @jsxImportSource preact */
import { patientOfId } from '../data/layout/patients.ts';
import { type Decision, type Decisions, decideAll } from '../decide/decide.ts';
import type { DecisionRule } from '../decide/decision_rule.ts';
import type { ReliabilityBin } from '../decide/probability.ts';
import { rate } from '../decide/rate.ts';
import { type RealisedDecisions, realisedDecisions, realisedLines } from '../decide/realised.ts';
import { number, ruleLines } from '../decide/rule_text.ts';
import { Chart, Curve, type Frame } from './chart.tsx';
import { Details } from './data_table.tsx';
import type { Prediction } from './prediction.ts';
import { Section } from './section.tsx';
import { fixed } from './verdict.ts';

/** What a calibration makes of the test images of its run. */
export interface ReportDecisions {
  readonly rule: DecisionRule;
  readonly realised: RealisedDecisions;
  /** The test images with what is decided on them. */
  readonly images: readonly (Prediction & Decision)[];
  /** Null where the rule has no patients. */
  readonly patients: Decisions['patients'];
}

/** Rows of images that are shown. */
const MOST_ROWS = 200;

/**
 * Decides on the test images of a run. They were scored in training, so they are not compared with the calibration set.
 * @param known which of them weights or rule were made of
 */
export function reportDecisions(
  rule: DecisionRule,
  predictions: readonly Prediction[],
  known: readonly boolean[] = [],
): ReportDecisions {
  const patientOf = patientOfId(rule.from.group);
  const cases = predictions.map(({ id, score }, i) => {
    return { score, patient: patientOf(id), facts: null, isKnown: known[i] ?? false };
  });
  const labels = predictions.map(({ label }) => label);
  const decided = decideAll(rule, cases);
  const images = predictions.map((one, i) => ({ ...one, ...decided.images[i] }));
  return { rule, realised: realisedDecisions(rule, cases, labels, decided), images, patients: decided.patients };
}

/** The rule, the errors that it turned out to make, and its probabilities against what came of them. */
export function DecisionSection({ rule, realised, images, patients }: ReportDecisions) {
  const { probabilities } = rule;
  return (
    <Section title="Calibrated decisions">
      <ul class="lines">
        {[...ruleLines(rule), ...realisedLines(realised)].map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      <div class="charts">
        <PValueChart normals={images.filter(({ label }) => label === 0).map(({ pValue }) => pValue)} />
        {probabilities && (
          <ReliabilityChart title="Probabilities of labelled cases left out" bins={probabilities.bins} />
        )}
        {realised.probability && (
          <ReliabilityChart title="Probabilities of the test images" bins={realised.probability.bins} />
        )}
      </div>
      <DecisionTable what="images" point={rule.point.threshold} all={images} />
      {patients && (
        <DecisionTable
          what="patients"
          point={rule.patientThreshold!}
          all={patients.map((one) => ({ ...one, id: one.patient }))}
        />
      )}
    </Section>
  );
}

/** How many normal test images lie at or below each p-value: where that is the p-value itself, every alpha is kept. */
function PValueChart({ normals }: { readonly normals: readonly number[] }) {
  const sorted = [...normals].sort((a, b) => a - b);
  const points = sorted.map((p, i): [number, number] => [p, (i + 1) / sorted.length]);
  if (sorted.length === 0) return null;
  const title = `p-values of ${sorted.length} normal test images`;
  return (
    <figure>
      <h3>False positives by alpha</h3>
      <Chart
        title={title}
        x={{ label: 'alpha', domain: UNIT }}
        y={{ label: 'share of normal images called abnormal', domain: UNIT }}
      >
        {(frame) => (
          <>
            <Curve frame={frame} points={DIAGONAL} kind="chance" />
            <Curve frame={frame} points={[[0, 0], ...points, [1, 1]]} />
          </>
        )}
      </Chart>
      <figcaption>
        Dashed: what is promised. Above it more normal images are called abnormal than alpha says.
      </figcaption>
      <Details
        title={`${title} as a table`}
        heads={['alpha', 'called', 'of', 'share', '95 % interval']}
        rows={[0.01, 0.05, 0.1, 0.2, 0.5].map((alpha) => {
          const { count, of, share, low, high } = rate(sorted.filter((p) => p <= alpha).length, sorted.length);
          return [String(alpha), String(count), String(of), fixed(share), `${fixed(low)} to ${fixed(high)}`];
        })}
      />
    </figure>
  );
}

interface TableProps {
  readonly what: 'images' | 'patients';
  /** Their threshold. */
  readonly point: number;
  readonly all: readonly (Decision & Pick<Prediction, 'id' | 'score'> & Partial<Pick<Prediction, 'label'>>)[];
}

/** Score, p-value, probability and decision of those that look most abnormal. */
function DecisionTable({ what, point, all }: TableProps) {
  const rows = [...all].sort((a, b) => b.score - a.score).slice(0, MOST_ROWS);
  const most = rows.length < all.length ? `, the highest ${rows.length} scores of ${all.length}` : '';
  return (
    <Details
      title={`Decisions on the test ${what}${most}, abnormal from a score of ${number(point)} on`}
      heads={[what === 'images' ? 'image' : 'patient', 'it is', 'score', 'p-value', 'probability', 'decision']}
      rows={rows.map(({ id, label, score, pValue, probability, verdict }) => [
        id,
        label === undefined ? '–' : label === 1 ? 'abnormal' : 'normal',
        number(score),
        fixed(pValue),
        fixed(probability),
        verdict,
      ])}
    />
  );
}

const UNIT = [0, 1] as const;
const DIAGONAL: readonly [number, number][] = [
  [0, 0],
  [1, 1],
];

/** Probabilities against shares of abnormal images, with intervals; on the dashed line they agree. */
function ReliabilityChart({ title, bins }: { readonly title: string; readonly bins: readonly ReliabilityBin[] }) {
  const filled = bins.filter(({ observed }) => observed.of > 0);
  const cases = filled.reduce((sum, { observed }) => sum + observed.of, 0);
  return (
    <figure>
      <h3>{title}</h3>
      <Chart
        title={`Reliability diagram of ${cases} cases`}
        x={{ label: 'probability of abnormal', domain: UNIT }}
        y={{ label: 'share that is abnormal', domain: UNIT }}
      >
        {(frame) => (
          <>
            <Curve frame={frame} points={DIAGONAL} kind="chance" />
            {filled.map((bin) => (
              <Dot key={bin.low} frame={frame} bin={bin} />
            ))}
          </>
        )}
      </Chart>
      <figcaption>
        Dashed: probabilities that hold. Dots: cases in tenths of the probability, with 95 % intervals; larger ones have
        more cases.
      </figcaption>
      <Details
        title={`${title} as a table`}
        heads={['probability', 'mean', 'abnormal', 'of', 'share', '95 % interval']}
        rows={filled.map(({ low, high, predicted, observed }) => [
          `${fixed(low)} to ${fixed(high)}`,
          fixed(predicted),
          String(observed.count),
          String(observed.of),
          fixed(observed.share),
          `${fixed(observed.low)} to ${fixed(observed.high)}`,
        ])}
      />
    </figure>
  );
}

function Dot({ frame: { x, y }, bin }: { readonly frame: Frame; readonly bin: ReliabilityBin }) {
  const { predicted, observed } = bin;
  return (
    <g class="curve">
      <line class="spread" x1={x(predicted)} x2={x(predicted)} y1={y(observed.low)} y2={y(observed.high)} />
      <circle cx={x(predicted)} cy={y(observed.share)} r={2 + Math.min(5, Math.sqrt(observed.of) / 2)} />
    </g>
  );
}
