/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact';
import { signed } from '../../study/comparison/text.ts';
import { METRIC_NAMES, type Reproduction, STUDY_ROWS } from '../../study/index.ts';
import type { Entry } from '../../study/reproduction/entries.ts';
import type { Metric } from '../../study/reproduction/paper_items.ts';
import { pivotOf } from '../../study/reproduction/pivot.ts';
import type { PaperItemFacts } from '../../study/reproduction/reproduce.ts';
import { CONTROL_ROW, OWN_ROW } from '../../study/reproduction/rows.ts';
import { spreadText } from '../../study/reproduction/text.ts';
import { DataTable } from '../data_table.tsx';

/** One metric of a table: ours with its spread, and below it the paper's number and the difference. */
export function ResultTable({
  results,
  item,
  metric,
}: {
  readonly results: Reproduction;
  readonly item: PaperItemFacts;
  readonly metric: Metric;
}) {
  const { sets, rows } = pivotOf(results, item.name, metric);
  const means = rows.some(({ mean }) => mean);
  const [shots] = item.shots;
  const oracle = rows.some((row) => row.oracle);
  const title =
    `${item.name}, ${METRIC_NAMES[metric]} in percent, ${shots} + ${shots} support images` +
    (rows.some(({ entries }) => entries.some((entry) => entry?.paper)) ? '; small: the paper, and ours − paper' : '') +
    (oracle ? '; test-oracle: epochs chosen on the test sets, an upper bound and no result' : '');
  const reasons = new Set(
    rows.flatMap(({ name, entries }) =>
      entries.flatMap((entry) => (entry?.missing ?? []).map((reason) => `${name}: ${reason}`)),
    ),
  );
  return (
    <>
      <DataTable
        title={title}
        heads={['method', ...sets, ...(means ? ['mean'] : [])]}
        rows={rows.map(({ name, entries, mean, oracle: chosen }) => [
          <span class={classOf(name)} key="head">
            {name}
            {chosen && ' (test-oracle)'}
          </span>,
          ...entries.map((entry) => <Value key={entry?.set} entry={entry} />),
          ...(mean ? [<Numbers key="mean" ours={mean.ours?.toFixed(2) ?? ''} {...differenceOf(mean)} />] : []),
        ])}
      />
      {reasons.size > 0 && (
        <ul class="note">
          {[...reasons].map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function Value({ entry }: { readonly entry: Entry | null }) {
  if (!entry) return null;
  const { ours, paper, difference, missing } = entry;
  const text = ours ? spreadText(ours) : missing.length > 0 ? 'none' : '';
  return <Numbers ours={missing.length > 0 ? `${text} *` : text} paper={paper} difference={difference} />;
}

function Numbers({
  ours,
  paper,
  difference,
}: {
  readonly ours: ComponentChildren;
  readonly paper: number | null;
  readonly difference: number | null;
}) {
  return (
    <>
      {ours}
      {paper !== null && (
        <small>
          {paper.toFixed(2)}
          {difference !== null && ` · ${signed(difference)}`}
        </small>
      )}
    </>
  );
}

function differenceOf({ ours, paper }: { readonly ours: number | null; readonly paper: number | null }) {
  return { paper, difference: ours !== null && paper !== null ? ours - paper : null };
}

/** How a row is set: the method itself stands out, what is no method stands back. */
function classOf(name: string): string {
  if (name === OWN_ROW.name) return 'row own';
  return name === CONTROL_ROW.name || !STUDY_ROWS.some((row) => row.name === name) ? 'row control' : 'row';
}
