/** @jsxImportSource preact */

import { thresholdText } from '../detect/set_metrics.ts';
import { Band, Chart, Curve } from './chart.tsx';
import type { BandedCurve, ImageCurves } from './curves.ts';
import { Details } from './data_table.tsx';
import type { RunRecord } from './read_run.ts';
import { fixed } from './verdict.ts';

const UNIT = [0, 1] as const;

interface CurveProps {
  readonly curves: ImageCurves;
  readonly results: RunRecord['results'];
}

/** The ROC curve with its band, chance, and what the threshold does. */
export function RocChart({ curves: { roc, draws, drawn }, results: { selected } }: CurveProps) {
  const point = selected.imageThreshold;
  return (
    <figure>
      <h3>ROC curve</h3>
      <Chart
        title={`ROC curve of the test images, area ${fixed(roc.value)}`}
        x={{ label: '1 − specificity (false alarms)', domain: UNIT }}
        y={{ label: 'sensitivity (found)', domain: UNIT }}
      >
        {(frame) => (
          <>
            <Band frame={frame} band={roc.band} />
            <Curve
              frame={frame}
              points={[
                [0, 0],
                [1, 1],
              ]}
              kind="chance"
            />
            <Curve frame={frame} points={roc.points} />
            {point && (
              <circle class="point" cx={frame.x(1 - point.specificity)} cy={frame.y(point.sensitivity)} r="4.5">
                <title>{`threshold ${thresholdText(point.value)}`}</title>
              </circle>
            )}
          </>
        )}
      </Chart>
      <figcaption>
        Band: 95 % of {draws} bootstrap draws of {drawn}. Dashed: chance.{point && ' Dot: the chosen threshold.'}
      </figcaption>
      <CurveTable title="ROC curve as a table" heads={['1 − specificity', 'sensitivity']} curve={roc} />
    </figure>
  );
}

/** The precision–recall curve with its band and the share of abnormal images. */
export function PrecisionRecallChart({ curves: { precisionRecall }, results: { selected } }: CurveProps) {
  const { normal, abnormal } = selected.images;
  const share = abnormal / (normal + abnormal);
  return (
    <figure>
      <h3>Precision and recall</h3>
      <Chart
        title={`Precision–recall curve of the test images, average precision ${fixed(precisionRecall.value)}`}
        x={{ label: 'recall (found)', domain: UNIT }}
        y={{ label: 'precision', domain: UNIT }}
      >
        {(frame) => (
          <>
            <Band frame={frame} band={precisionRecall.band} />
            <Curve
              frame={frame}
              points={[
                [0, share],
                [1, share],
              ]}
              kind="chance"
            />
            <Curve frame={frame} points={precisionRecall.points} steps />
          </>
        )}
      </Chart>
      <figcaption>The same band. Dashed: chance, which is the share of abnormal images ({fixed(share)}).</figcaption>
      <CurveTable title="Precision and recall as a table" heads={['recall', 'precision']} curve={precisionRecall} />
    </figure>
  );
}

/** Every fifth place of the band. */
function CurveTable({ title, heads, curve }: { title: string; heads: readonly string[]; curve: BandedCurve }) {
  const rows = curve.band.filter((_, i) => i % 5 === 0);
  return (
    <Details
      title={title}
      heads={[...heads, 'lower', 'upper']}
      rows={rows.map(({ x, y, low, high }) => [x.toFixed(2), fixed(y), fixed(low), fixed(high)])}
    />
  );
}
