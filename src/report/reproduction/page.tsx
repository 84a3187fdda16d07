/** @jsxImportSource preact */
import type { Reproduction } from '../../study/index.ts';
import type { PaperItemFacts } from '../../study/reproduction/reproduce.ts';
import { Section } from '../section.tsx';
import { MapFigure } from './map_figure.tsx';
import type { MapStrip } from './map_strips.ts';
import { ResultTable } from './result_table.tsx';
import { LayersChart, ShotsChart } from './series_chart.tsx';

/** All that the report of a reproduction shows. */
export interface ReproductionData {
  readonly results: Reproduction;
  /** By name of the figure. */
  readonly strips: ReadonlyMap<string, readonly MapStrip[]>;
}

/** The body of the report. */
export function ReproductionPage({ results, strips }: ReproductionData) {
  const { model, sets, shots, seeds, items, adapter, runs } = results;
  const warnings = warningsOf(results);
  return (
    <main>
      <header>
        <p class="kind">fusionclip reproduction</p>
        <h1>The tables and figures of FusionCLIP-AD, beside the paper</h1>
        <p>
          {model.name} · {sets.map(({ name }) => name).join(', ')} · {shots.join(', ')} support images of a class · seed
          {seeds.length > 1 ? 's' : ''} {seeds.join(', ')} · {runs.length} runs · {adapter}
        </p>
      </header>
      {warnings.length > 0 && (
        <Section title="Read this first">
          <div class="warnings">
            <ul>
              {warnings.map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          </div>
        </Section>
      )}
      {items.map((item) => (
        <Section key={item.name} title={`${item.name}: ${item.title}`}>
          <Body item={item} results={results} strips={strips.get(item.name) ?? []} />
        </Section>
      ))}
      <Section title="How to read it">
        <ul class="prose">
          <li>
            Numbers are percent: the mean over seeds ± the sample standard deviation; small below it what the paper has,
            and ours less that. Results without ± depend on nothing that is drawn, or on one seed.
          </li>
          <li>
            A seed draws the support images from valid, and the initial weights; epochs are chosen on the rest of valid,
            and test images are read after the last step, unless a label says otherwise.
          </li>
          <li>
            “random weights” is the method itself on a model of the same shape that was never trained; the lines of grey
            values need no model at all; their AUROC is that of bright or of dark, whichever is better. What does not
            clearly surpass these has shown nothing.
          </li>
          <li>
            The images of Figures 6 and 7 are at one and two thirds of the abnormal and in the middle of the normal test
            images; nobody has picked them. Each map has the colours of its own method's range over the test set.
          </li>
        </ul>
      </Section>
      <footer>
        <p>
          No medical device. This file runs no script and asks no network; all numbers in it stand once more as JSON in
          the element <code>template#data</code>, with the support images, settings and seed of every run.
        </p>
      </footer>
    </main>
  );
}

function Body({
  item,
  results,
  strips,
}: {
  readonly item: PaperItemFacts;
  readonly results: Reproduction;
  readonly strips: readonly MapStrip[];
}) {
  const { name, kind, metrics } = item;
  if (kind === 'maps') {
    if (strips.length === 0) return <p class="note">No run of this figure is finished.</p>;
    return <MapFigure strips={strips} name={name.replace(' ', '-')} />;
  }
  if (kind === 'table') {
    return (
      <>
        {metrics.map((metric) => (
          <ResultTable key={metric} results={results} item={item} metric={metric} />
        ))}
      </>
    );
  }
  const own = results.entries.filter((entry) => entry.item === name);
  const Figure = kind === 'shots' ? ShotsChart : LayersChart;
  return (
    <div class="charts">
      {metrics.flatMap((metric) =>
        item.sets.map((set) => {
          const entries = own.filter((entry) => entry.metric === metric && entry.set === set);
          return entries.length > 0 && <Figure key={`${metric} ${set}`} entries={entries} />;
        }),
      )}
    </div>
  );
}

function warningsOf({ warning, partial, phantoms, model, seeds, runs, skipped }: Reproduction): string[] {
  const failed = runs.filter((run) => run.failed !== null).length;
  return [
    ...(partial ? [`Partial. ${partial}`] : []),
    ...(warning ? [warning] : []),
    ...(phantoms
      ? [
          'The sets are pictures that this program draws. The numbers of the paper are of other images and of a larger ' +
            'model: they stand here to be looked at, not to be compared with.',
        ]
      : []),
    ...(/^(generated|random):/.test(model.name) ? [`The model ${model.name} has random weights.`] : []),
    ...(seeds.length === 1 ? ['There is one seed, so nothing is known of the spread.'] : []),
    ...(failed > 0 ? [`${failed} of ${runs.length} runs failed; the tables say why.`] : []),
    ...skipped.map(({ reason }) => reason),
  ];
}
