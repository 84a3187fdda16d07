/** @jsxImportSource preact */
import { methodTitle } from '../fusion/presets.ts';
import { BaselineChart } from './baseline_chart.tsx';
import { PrecisionRecallChart, RocChart } from './curve_charts.tsx';
import type { BandedCurve, ImageCurves } from './curves.ts';
import { DataFacts } from './data_facts.tsx';
import { DecisionSection, type ReportDecisions } from './decisions.tsx';
import { Facts } from './facts.tsx';
import { Gallery, GalleryLegend, Name } from './gallery.tsx';
import { colourRange, type GalleryItem } from './gallery_item.ts';
import { LossCharts } from './loss_charts.tsx';
import type { LossSeries } from './loss_series.ts';
import { MetricsTable } from './metrics_table.tsx';
import type { RunRecord } from './read_run.ts';
import { ScoreChart } from './score_chart.tsx';
import { Section } from './section.tsx';
import { fixed, type Verdict } from './verdict.ts';
import { VolumeSection } from './volume_section.tsx';

/** A support image, with its picture where it is still there. */
export interface SupportPicture {
  readonly id: string;
  readonly label: 0 | 1;
  readonly url: string | null;
}

/** All that a report shows. */
export interface ReportData {
  readonly run: RunRecord;
  readonly curves: ImageCurves | null;
  readonly series: LossSeries | null;
  readonly verdict: Verdict;
  /** Null without a calibration. */
  readonly decisions: ReportDecisions | null;
  readonly worst: readonly GalleryItem[];
  readonly best: readonly GalleryItem[];
  /** Null where the list of the support images is gone. */
  readonly support: readonly SupportPicture[] | null;
}

/** The body of a report. */
export function Page(data: ReportData) {
  const { run, curves, series, verdict, decisions, support } = data;
  const { results, header } = run;
  const { shots, selected } = results;
  return (
    <main>
      <header>
        <p class="kind">fusionclip report</p>
        <h1>{verdict.headline}</h1>
        <p>
          {methodTitle(header.fusion.method)} on {results.data} · {shots.normal} + {shots.abnormal} support images ·{' '}
          {selected.images.normal + selected.images.abnormal} test images
          {run.data?.patients?.used && ` of ${run.data.patients.test} patients`} · seed {header.train.seed}
        </p>
      </header>
      <Section title="Verdict">
        <Tiles run={run} curves={curves} />
        {verdict.warnings.length > 0 && (
          <div class="warnings">
            <h3>Beware</h3>
            <ul>
              {verdict.warnings.map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          </div>
        )}
        <div class="verdict">
          <div>
            {verdict.sentences.map((text) => (
              <p key={text}>{text}</p>
            ))}
          </div>
          {curves && <BaselineChart curves={curves} results={results} />}
        </div>
      </Section>
      <Section title="Normal or abnormal">
        <div class="charts">
          {curves && <RocChart curves={curves} results={results} />}
          {curves && <PrecisionRecallChart curves={curves} results={results} />}
          <ScoreChart predictions={run.predictions} threshold={selected.imageThreshold?.value ?? null} />
        </div>
        <MetricsTable results={results} />
      </Section>
      {results.volumes && <VolumeSection volumes={results.volumes} />}
      {decisions && <DecisionSection {...decisions} />}
      <Maps {...data} />
      <Section title="Training">
        <div class="charts">
          <LossCharts series={series} />
        </div>
        <h3>Support images</h3>
        <Support support={support} />
      </Section>
      {run.data && (
        <Section title="The data">
          <DataFacts data={run.data} />
        </Section>
      )}
      <Section title="How this came about">
        <Facts run={run} />
      </Section>
      <footer>
        <p>
          No medical device. This file runs no script and asks no network; all numbers in it stand once more as JSON in
          the element <code>template#data</code>.
        </p>
      </footer>
    </main>
  );
}

function Tiles({ run: { results }, curves }: Pick<ReportData, 'run' | 'curves'>) {
  const { image, pixel, imageThreshold, pixelThreshold } = results.selected;
  const between = (curve: BandedCurve | undefined) =>
    curve ? `${fixed(curve.interval.low)} to ${fixed(curve.interval.high)}` : '';
  const tiles: [string, number | undefined, string][] = [
    ['Image AUROC', image.auroc, between(curves?.roc)],
    // The bound of the AUROC is none of the AP.
    [
      'Image AP',
      image.averagePrecision,
      curves?.exact ? 'no interval: no draw differs' : between(curves?.precisionRecall),
    ],
    ['Accuracy', imageThreshold?.accuracy, 'at the threshold'],
    ['Pixel AUROC', pixel?.auroc, 'all pixels'],
    ['AUPRO', pixel?.aupro, 'false alarms ≤ 0.3'],
    ['Dice', pixelThreshold?.dice, 'at the threshold'],
  ];
  return (
    <dl class="tiles">
      {tiles
        .filter(([, value]) => value !== undefined)
        .map(([name, value, note]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{fixed(value)}</dd>
            <dd class="note">{note}</dd>
          </div>
        ))}
    </dl>
  );
}

function Maps({ run, worst, best }: ReportData) {
  const { results, predictions } = run;
  const masks = results.kind === 'pixel';
  const threshold = results.selected.imageThreshold?.value ?? null;
  const level = results.selected.pixelThreshold?.value ?? null;
  const all = [...worst, ...best];
  if (all.length === 0) return null;
  const few = all.length < predictions.length;
  return (
    <Section title={masks ? 'Where the lesions are' : 'Anomaly maps'}>
      {all.every(({ layer }) => layer === null) ? (
        <p class="note">The run has no maps (map.files none), or they are gone.</p>
      ) : (
        <GalleryLegend range={colourRange(run)} level={level} masks={masks} />
      )}
      <p class="note">
        {masks
          ? 'The image, its anomaly map over the image in grey, and the true lesion with the line of the threshold.'
          : 'The image, and its anomaly map over the image in grey.'}{' '}
        {results.mapScale == null
          ? 'Colours span 0 to the largest value of the whole set.'
          : 'Colours span 0 to the largest value on the images that thresholds were chosen on, in every picture of the run.'}
        {few && ` ${all.length} of ${predictions.length} test images are shown; the run folder has all maps.`}
      </p>
      <h3>{few ? `The ${worst.length} worst` : 'All test images'}, worst first</h3>
      <Gallery items={worst} name="worst" masks={masks} threshold={threshold} />
      {best.length > 0 && (
        <>
          <h3>The {best.length} best</h3>
          <Gallery items={best} name="best" masks={masks} threshold={threshold} />
        </>
      )}
    </Section>
  );
}

function Support({ support }: Pick<ReportData, 'support'>) {
  if (!support) return <p class="note">The run folder has no list of them (shots.json).</p>;
  return (
    <ul class="support">
      {support.map(({ id, label, url }) => (
        <li key={id}>
          {url ? <img src={url} alt={id} /> : <p class="gone">not there</p>}
          <span class={label === 1 ? 'tag abnormal' : 'tag normal'}>{label === 1 ? 'abnormal' : 'normal'}</span>
          <Name id={id} />
        </li>
      ))}
    </ul>
  );
}
