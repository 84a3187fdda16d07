/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact';
import { formatDuration } from '../run/progress.ts';
import { optionTextsOf } from '../train/index.ts';
import { Band, Chart, Curve } from './chart.tsx';
import type { BandedCurve, ImageCurves } from './curves.ts';
import { type Exhibit, Gallery } from './gallery.tsx';
import { LossCharts } from './loss_charts.tsx';
import { MetricsTable } from './metrics_table.tsx';
import type { RunRecord } from './read_run.ts';
import { ScoreChart } from './score_chart.tsx';
import { fixed, type Verdict } from './verdict.ts';

/** All that a report shows. */
export interface ReportData {
  readonly run: RunRecord;
  readonly curves: ImageCurves | null;
  readonly verdict: Verdict;
  readonly gallery: readonly Exhibit[];
  /** Support images with a picture where there is one. */
  readonly support: readonly { readonly id: string; readonly label: 0 | 1; readonly url: string | null }[];
}

/** The body of a report. */
export function Page({ run, curves, verdict, gallery, support }: ReportData) {
  const { results, header } = run;
  const threshold = results.selected.imageThreshold?.value ?? null;
  return (
    <main>
      <header>
        <p>
          fusionclip {results.fusionclip} · {results.data}, {header.object} · {header.model.name}
        </p>
        <h1>{verdict.headline}</h1>
      </header>
      <section class="verdict">
        {verdict.warnings.map((text) => (
          <p key={text} class="warning">
            {text}
          </p>
        ))}
        {verdict.sentences.map((text) => (
          <p key={text}>{text}</p>
        ))}
        <Tiles run={run} curves={curves} />
      </section>
      <Section title="Images">
        <div class="charts">
          {curves && <Roc curve={curves.roc} />}
          {curves && <PrecisionRecall curve={curves.precisionRecall} />}
          <figure>
            <ScoreChart predictions={run.predictions} threshold={threshold} />
            <figcaption>
              <span class="key normal" />
              normal
              <span class="key abnormal" />
              abnormal{threshold === null ? '' : `; dashed: the threshold ${threshold.toPrecision(4)}`}
            </figcaption>
          </figure>
        </div>
        <MetricsTable results={results} />
      </Section>
      <Section title={`Maps: the ${gallery.length} of ${run.predictions.length} test images with the worst scores`}>
        {gallery.length === 0 || gallery.every(({ map }) => map === null) ? (
          <p class="note">The run wrote no maps (map.files none), or they are gone.</p>
        ) : (
          <p class="note">
            Image, anomaly map, lesion. Colours span the extremes of the set; the line is the true lesion; a red edge
            marks a wrong verdict.
          </p>
        )}
        <Gallery all={gallery} />
      </Section>
      <Section title="Training">
        <LossCharts run={run} />
        <h3>Support images</h3>
        <ul class="support">
          {support.map(({ id, label, url }) => (
            <li key={id}>
              {url && <img src={url} alt={id} />}
              <span class={label === 1 ? 'tag abnormal' : 'tag normal'}>{label === 1 ? 'abnormal' : 'normal'}</span>{' '}
              {id}
            </li>
          ))}
        </ul>
      </Section>
      <Section title="How this came about">
        <Facts run={run} />
        <details>
          <summary>All settings</summary>
          <dl class="facts">
            {Object.entries(optionTextsOf(header)).map(([name, value]) => (
              <>
                <dt key={name}>{name}</dt>
                <dd>{value}</dd>
              </>
            ))}
          </dl>
        </details>
      </Section>
    </main>
  );
}

function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Tiles({ run: { results }, curves }: Pick<ReportData, 'run' | 'curves'>) {
  const { image, pixel, pixelThreshold } = results.selected;
  const between = (curve: BandedCurve | undefined) =>
    curve ? `${fixed(curve.interval.low)} to ${fixed(curve.interval.high)}` : '';
  const tiles: [string, number | undefined, string][] = [
    ['Image AUROC', image.auroc, between(curves?.roc)],
    ['Image AP', image.averagePrecision, between(curves?.precisionRecall)],
    ['Pixel AUROC', pixel?.auroc, ''],
    ['AUPRO', pixel?.aupro, 'FPR up to 0.3'],
    ['Dice', pixelThreshold?.dice, 'at the chosen threshold'],
  ];
  return (
    <dl class="tiles">
      {tiles
        .filter(([, value]) => value !== undefined)
        .map(([name, value, note]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{fixed(value)}</dd>
            <small>{note}</small>
          </div>
        ))}
    </dl>
  );
}

const UNIT = [0, 1] as const;

function Roc({ curve }: { curve: BandedCurve }) {
  return (
    <figure>
      <Chart
        title={`ROC curve, area ${fixed(curve.value)}`}
        x={{ label: '1 − specificity', domain: UNIT }}
        y={{ label: 'sensitivity', domain: UNIT }}
      >
        {(frame) => (
          <>
            <Band frame={frame} band={curve.band} />
            <Curve
              frame={frame}
              points={[
                [0, 0],
                [1, 1],
              ]}
              kind="chance"
            />
            <Curve frame={frame} points={curve.points} />
          </>
        )}
      </Chart>
      <figcaption>ROC with the 95 % band of 500 bootstrap draws; dashed: chance</figcaption>
    </figure>
  );
}

function PrecisionRecall({ curve }: { curve: BandedCurve }) {
  return (
    <figure>
      <Chart
        title={`Precision–recall curve, average precision ${fixed(curve.value)}`}
        x={{ label: 'recall', domain: UNIT }}
        y={{ label: 'precision', domain: UNIT }}
      >
        {(frame) => (
          <>
            <Band frame={frame} band={curve.band} />
            <Curve frame={frame} points={curve.points} />
          </>
        )}
      </Chart>
      <figcaption>Precision–recall with the same band</figcaption>
    </figure>
  );
}

function Facts({ run: { header, environment, results, shots } }: { run: RunRecord }) {
  const { config, hash, name } = header.model;
  const { width, layers, patch } = config.vision;
  const seconds = environment.seconds;
  const facts: [string, string][] = [
    ['Adapter', String(environment.adapter ?? 'unknown')],
    ['Runtime', `${environment.runtime} ${environment.version}, fusionclip ${results.fusionclip}`],
    ['Model', `${name} (${layers} layers of width ${width}, patch ${patch}; ${hash})`],
    ['Data', `${header.data.path} (${results.kind === 'pixel' ? 'with lesion masks' : 'labels only'})`],
    ['Seed', `${shots.seed}: support images, initial weights and order`],
    ['Chosen', `epoch ${results.selected.epoch} of ${header.train.epochs}, by ${results.selectedBy}`],
    ['Started', String(environment.started ?? 'unknown')],
    ['Duration', typeof seconds === 'number' ? formatDuration(seconds) : 'unknown'],
  ];
  return (
    <dl class="facts">
      {facts.map(([term, text]) => (
        <>
          <dt key={term}>{term}</dt>
          <dd>{text}</dd>
        </>
      ))}
    </dl>
  );
}
