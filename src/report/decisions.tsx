/** @jsxImportSource preact */
import { patientOfId } from '../data/layout/patients.ts';
import { decideAll } from '../decide/decide.ts';
import type { DecisionRule } from '../decide/decision_rule.ts';
import type { ReliabilityBin } from '../decide/probability.ts';
import { type RealisedDecisions, realisedDecisions, realisedLines } from '../decide/realised.ts';
import { ruleLines } from '../decide/rule_text.ts';
import { Chart, Curve, type Frame } from './chart.tsx';
import { Details } from './data_table.tsx';
import type { Prediction } from './prediction.ts';
import { Section } from './section.tsx';
import { fixed } from './verdict.ts';

/** What a calibration makes of the test images of its run. */
export interface ReportDecisions {
  readonly rule: DecisionRule;
  readonly realised: RealisedDecisions;
}

/** Decides on the test images of a run. They were scored in training, so they are not compared with the calibration set. */
export function reportDecisions(rule: DecisionRule, predictions: readonly Prediction[]): ReportDecisions {
  const patientOf = patientOfId(rule.from.group);
  const cases = predictions.map(({ id, score }) => ({ score, patient: patientOf(id), facts: null }));
  const labels = predictions.map(({ label }) => label);
  return { rule, realised: realisedDecisions(rule, cases, labels, decideAll(rule, cases)) };
}

/** The rule, the errors that it turned out to make, and its probabilities against what came of them. */
export function DecisionSection({ rule, realised }: ReportDecisions) {
  const { probabilities } = rule;
  return (
    <Section title="Calibrated decisions">
      <ul class="lines">
        {[...ruleLines(rule), ...realisedLines(realised)].map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      <div class="charts">
        {probabilities && (
          <ReliabilityChart title="Probabilities of labelled cases left out" bins={probabilities.bins} />
        )}
        {realised.probability && (
          <ReliabilityChart title="Probabilities of the test images" bins={realised.probability.bins} />
        )}
      </div>
    </Section>
  );
}

const UNIT = [0, 1] as const;

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
            <Curve
              frame={frame}
              points={[
                [0, 0],
                [1, 1],
              ]}
              kind="chance"
            />
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
