/** @jsxImportSource preact */

import { experimentName } from '../../study/comparison/compared.ts';
import type { ComparedSet, Comparison, ComparisonBaseline, ComparisonRow } from '../../study/comparison/comparison.ts';
import { findings, rangeText } from '../../study/comparison/text.ts';
import { METRIC_NAMES } from '../../study/index.ts';
import type { Entry } from '../../study/reproduction/entries.ts';
import type { Metric } from '../../study/reproduction/paper_items.ts';
import { spreadText } from '../../study/reproduction/text.ts';
import { DataTable } from '../data_table.tsx';
import { ShotsChart } from '../reproduction/series_chart.tsx';
import { Section } from '../section.tsx';
import { DifferenceChart } from './difference_chart.tsx';

const METRICS = Object.keys(METRIC_NAMES) as Metric[];

/** The body of a comparison's report. */
export function ComparisonPage({ comparison }: { readonly comparison: Comparison }) {
  const { sets, rows, warnings, failed, partial } = comparison;
  const runs = rows.flatMap((row) => row.runs).length;
  const told = findings(comparison);
  return (
    <main>
      <header>
        <p class="kind">fusionclip comparison</p>
        <h1>{titleOf(comparison)}</h1>
        <p>
          {sets.map(({ name }) => name).join(', ')} · {runs} runs · {rows.length} experiments · seeds{' '}
          {[...new Set(rows.flatMap(({ seeds }) => seeds))].sort((a, b) => a - b).join(', ')}
        </p>
      </header>
      {(warnings.length > 0 || failed.length > 0 || partial) && (
        <Section title="Read this first">
          <div class="warnings">
            <ul>
              {partial && <li>Partial. {partial}</li>}
              {warnings.map((text) => (
                <li key={text}>{text}</li>
              ))}
              {failed.map(({ run, reason }) => (
                <li key={run}>
                  Failed: {run}: {reason}
                </li>
              ))}
            </ul>
          </div>
        </Section>
      )}
      {sets.map((set, i) => (
        <OnSet key={set.name} comparison={comparison} set={set} finding={sets.length > 1 ? told[i] : undefined} />
      ))}
      <Section title="How to read it">
        <ul class="prose">
          <li>
            Numbers are percent: the mean over seeds ± the sample standard deviation. A seed draws the support images
            and the initial weights.
          </li>
          <li>
            Intervals say what other test images (other patients, where they are known) would change, with these seeds
            and trainings. A difference is that of two experiments on the same drawn images; those that differ in more
            than one thing are not set against each other. With many differences some look clear by chance.
          </li>
          <li>Pixel metrics have no interval: the run folders keep scores of images, not of pixels.</li>
          <li>What does not clearly surpass the lines of grey values, which need no model, has shown nothing.</li>
        </ul>
        <DataTable
          title="The runs"
          heads={['experiment', 'seed', 'folder']}
          rows={rows.flatMap((row) => row.runs.map((run, i) => [experimentName(row), String(row.seeds[i]), run]))}
        />
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

/** What was found, or what was compared where there are several sets. */
export function titleOf(comparison: Comparison): string {
  const { sets, rows } = comparison;
  const [finding] = findings(comparison);
  if (sets.length === 1 && finding) return finding;
  return `${rows.length} experiments on ${sets.length} data set${sets.length === 1 ? '' : 's'}`;
}

function OnSet({
  comparison,
  set,
  finding,
}: {
  readonly comparison: Comparison;
  readonly set: ComparedSet;
  readonly finding: string | undefined;
}) {
  const { name, normal, abnormal, drawn, units } = set;
  const rows = comparison.rows.filter((row) => row.set === name);
  const baselines = comparison.baselines.filter((one) => one.set === name);
  const shown = METRICS.filter((metric) => rows.some(({ values }) => values[metric]));
  const manyShots = new Set(rows.map(({ shots }) => shots)).size > 1;
  return (
    <Section title={name}>
      {finding && <p>{finding}</p>}
      <p class="note">
        {normal} normal and {abnormal} abnormal test images
        {drawn === 'patients' && ` of ${units} patients`}
      </p>
      {/* Two tables, so that each fits a telephone. */}
      <Results title="Images: normal or abnormal" metrics={['imageAuroc']} rows={rows} baselines={baselines} />
      {shown.length > 1 && (
        <Results title="Their pixels: lesion or not" metrics={shown.slice(1)} rows={rows} baselines={baselines} />
      )}
      <div class="charts">
        {manyShots && shown.map((metric) => <ShotsChart key={metric} entries={entriesOf(rows, metric)} />)}
        <DifferenceChart
          differences={comparison.differences.filter((one) => one.set === name)}
          draws={comparison.draws}
          drawn={drawn}
        />
      </div>
    </Section>
  );
}

/** Some metrics of all experiments, above what brightness alone reaches; of images with seeds and interval. */
function Results({
  title,
  metrics,
  rows,
  baselines,
}: {
  readonly title: string;
  readonly metrics: readonly Metric[];
  readonly rows: readonly ComparisonRow[];
  readonly baselines: readonly ComparisonBaseline[];
}) {
  const isImage = metrics.includes('imageAuroc');
  const oracle = (row: ComparisonRow) => (row.selectedBy.includes('test-oracle') ? ' (test-oracle)' : '');
  return (
    <DataTable
      title={`${title}, in percent`}
      heads={['experiment', ...metrics.map((metric) => METRIC_NAMES[metric]), ...(isImage ? ['95 %', 'seeds'] : [])]}
      rows={[
        ...rows.map((row) => [
          experimentName(row) + oracle(row),
          ...metrics.map((metric) => (row.values[metric] ? spreadText(row.values[metric]) : '')),
          ...(isImage ? [row.interval ? rangeText(row.interval) : '', String(row.seeds.length)] : []),
        ]),
        ...baselines
          .filter(({ values }) => metrics.some((metric) => values[metric] !== undefined))
          .map(({ name, values }) => [
            <span class="row control" key="head">
              {name}
            </span>,
            ...metrics.map((metric) => values[metric]?.toFixed(2) ?? ''),
            ...(isImage ? ['', ''] : []),
          ]),
      ]}
    />
  );
}

/** Rows as the chart of a reproduction takes them; nothing is published of them. */
function entriesOf(rows: readonly ComparisonRow[], metric: Metric): Entry[] {
  return rows.map(({ set, name, shots, values, selectedBy }) => ({
    ...{ item: 'By support images', metric, set, row: name, shots },
    ...{ paper: null, ours: values[metric], difference: null, selectedBy, missing: [] },
  }));
}
