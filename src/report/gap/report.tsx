/** @jsxImportSource preact */
import type { FileSystem } from '../../base/file_system.ts';
import { joinPath } from '../../base/paths.ts';
import type { PairedDifference } from '../../metrics/paired.ts';
import { type GapResults, type GapRow, intervalText, METRIC_NAMES, signedText } from '../../study/index.ts';
import type { Entry } from '../../study/reproduction/entries.ts';
import type { Metric } from '../../study/reproduction/paper_items.ts';
import { DataTable } from '../data_table.tsx';
import { htmlFile } from '../html_file.tsx';
import { ShotsChart } from '../reproduction/series_chart.tsx';
import { Section } from '../section.tsx';

const METRICS = ['imageAuroc', 'pixelAuroc', 'aupro'] as const;

/**
 * Writes `report.html` of a study of the gap: curves over the number of support images, all rows and all differences.
 * @returns its path
 * @throws FusionclipError `io`
 */
export async function writeGap(fs: FileSystem, out: string, results: GapResults): Promise<string> {
  const file = joinPath(out, 'report.html');
  await fs.writeFile(file, renderGap(results));
  return file;
}

/** The study as one HTML file without scripts and without links to elsewhere. */
export function renderGap(results: GapResults): string {
  return htmlFile(`${results.model.name} out of its domain (fusionclip study)`, <Page results={results} />, results);
}

function Page({ results }: { readonly results: GapResults }) {
  const { model, rows, differences, goals, failed, finished, total, seeds, valid, test } = results;
  const sets = [...new Set(rows.map(({ set }) => set))].reverse(); // the mean first
  return (
    <main>
      <header>
        <p class="kind">fusionclip study</p>
        <h1>{model.name} on pictures unlike all that it has seen</h1>
        <p>
          {finished} of {total} runs · seeds {seeds.join(', ')} · {valid} pictures in valid and {test} in test of each
          family and seed
        </p>
      </header>
      <Section title="Goals">
        <ul class="prose">
          {goals.map(({ what, reached, met }) => (
            <li key={what}>
              {met === null ? 'Open' : met ? 'Reached' : 'Missed'}: {what}: {reached}
            </li>
          ))}
          {failed.map(({ run, reason }) => (
            <li key={run}>
              Failed: {run}: {reason}
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Differences">
        <DataTable
          title="Image AUROC, first less second: 95 % interval, pairs above : below, two-sided sign test"
          heads={['first − second', 'set', 'question', 'by seed', '', 'by family and seed', '']}
          rows={differences.map(({ first, second, asks, shots, set, bySeed, bySetAndSeed }) => [
            `${shots}-shot ${first} − ${second}`,
            set,
            asks,
            ...paired(bySeed),
            ...paired(bySetAndSeed),
          ])}
        />
      </Section>
      {sets.map((set) => (
        <OnSet key={set} set={set} rows={rows.filter((row) => row.set === set)} />
      ))}
      <footer>
        <p>
          No medical device. This file runs no script and asks no network; all numbers in it stand once more as JSON in
          the element <code>template#data</code>.
        </p>
      </footer>
    </main>
  );
}

function paired(one: PairedDifference | null): string[] {
  return one ? [signedText(one), `${one.above}:${one.below}, p ${one.signP.toPrecision(2)}`] : ['', ''];
}

function OnSet({ set, rows }: { readonly set: string; readonly rows: readonly GapRow[] }) {
  const shown = METRICS.filter((metric) => rows.some((row) => row[metric]));
  return (
    <Section title={set}>
      <DataTable
        title="Mean over seeds with its 95 % interval"
        heads={['method', 'shots', 'seeds', ...shown.map((metric) => METRIC_NAMES[metric])]}
        rows={rows.map((row) => [
          row.method,
          String(row.shots),
          String(row.seeds.length),
          ...shown.map((metric) => intervalText(row[metric])),
        ])}
      />
      <div class="charts">
        {shown.map((metric) => (
          <ShotsChart key={metric} entries={entriesOf(rows, metric)} />
        ))}
      </div>
    </Section>
  );
}

/** Rows as the chart of a reproduction takes them, in percent; its bars are half of the interval here. */
function entriesOf(rows: readonly GapRow[], metric: Metric & keyof GapRow): Entry[] {
  return rows.flatMap(({ set, method, shots, ...row }): Entry[] => {
    const value = row[metric as 'imageAuroc'];
    if (!value) return [];
    const half = Number.isFinite(value.high) ? value.high - value.mean : 0;
    return [
      {
        ...{ item: 'By support images', metric, set, row: method, shots },
        ours: { mean: 100 * value.mean, std: 100 * half, count: value.count },
        ...{ paper: null, difference: null, selectedBy: null, missing: [] },
      },
    ];
  });
}
