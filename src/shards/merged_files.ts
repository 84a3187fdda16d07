import { counted } from '../base/counted.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { VERSION } from '../base/version.ts';
import { visible } from '../base/visible.ts';
import { csvSink, type Merged, mergeParts, ownColumns } from './merge.ts';
import { parquetSink } from './parquet.ts';
import type { Plan } from './plan.ts';

/** What became of a merge. */
export interface MergeOutcome {
  readonly merged: Merged;
  /** Path of the results; null where some are missing, and partial ones were not asked for. */
  readonly results: string | null;
  readonly report: string;
}

/**
 * Puts the parts of a plan together into `merged/results.csv` or `.parquet`, with `report.json` and `report.md` beside it. The same
 * bytes come of the same parts, however and wherever they were done.
 * @param partial whether results are written where some are missing
 * @throws FusionclipError as {@link mergeParts}, and `io`
 */
export async function mergePlan(
  fs: FileSystem,
  plan: Plan,
  { format = 'csv', partial = false, out = joinPath(plan.path, 'merged') }: MergeOptions = {},
): Promise<MergeOutcome> {
  const path = joinPath(out, `results.${format}`);
  const own = ownColumns(plan.facts).map((name) => ({ name, type: 'text' as const }));
  const columns = [...own, ...plan.facts.columns];
  const sink = await (format === 'csv' ? csvSink : parquetSink)(fs, path, columns);
  try {
    const merged = await mergeParts(fs, plan, sink);
    const whole = merged.missing.length === 0;
    if (whole || partial) await sink.close();
    else {
      await sink.abort();
      await fs.remove(path); // of an earlier call: it is not of this plan
    }
    const report = joinPath(out, 'report.md');
    await fs.writeFile(joinPath(out, 'report.json'), `${JSON.stringify(reportFacts(plan, merged), null, 2)}\n`);
    await fs.writeFile(report, reportText(plan, merged));
    return { merged, results: whole || partial ? path : null, report };
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

/** How a plan is merged. */
export interface MergeOptions {
  readonly format?: 'csv' | 'parquet';
  readonly partial?: boolean;
  /** Folder for the results. */
  readonly out?: string;
}

/** What does not depend on where and how fast the parts were done, but on programs and adapters. */
function reportFacts(plan: Plan, { seconds: _, ...merged }: Merged) {
  const { config, places: __, ...facts } = plan.facts;
  return { fusionclip: VERSION, kind: facts.plan, config, duplicates: facts.duplicates, ...merged };
}

function reportText(plan: Plan, merged: Merged): string {
  const { facts } = plan;
  const { rows, inputs, images, shards, unread, examples, missing, damaged } = merged;
  const tried = missing.filter(({ failure }) => failure !== null);
  const counts = (all: Readonly<Record<string, number>>) =>
    Object.entries(all).map(([name, count]) => `* ${visible(name)}: ${counted(count, 'shard')}`);
  return [
    `# ${facts.plan === 'grid' ? 'A grid of trainings' : 'An archive'}, merged`,
    '',
    `${counted(inputs, 'input')} (${counted(images, 'image')}) in ${counted(shards, 'shard')}; listed more than once and standing once: ${facts.duplicates}.`,
    missing.length === 0
      ? `Every input stands exactly once: ${counted(rows, 'row')}.`
      : `**Not whole**: ${counted(rows, 'row')}; missing: ${counted(missing.length, 'shard')} with ${counted(
          missing.reduce((sum, one) => sum + one.inputs, 0),
          'input',
        )}.`,
    unread === 0 ? 'All inputs could be read.' : `${counted(unread, 'input')} could not be read; the rows say why.`,
    ...examples.map(({ input, error }) => `* ${visible(input)}: ${visible(error)}`),
    '',
    '## Programs and adapters',
    '',
    ...counts(merged.programs).map((line) => line.replace('* ', '* fusionclip ')),
    ...counts(merged.adapters),
    ...(missing.length === 0 ? [] : ['', '## Missing', '']),
    ...tried.map(
      ({ id, failure }) => `* ${id}: ${failure!.final ? 'will never do' : 'try again'}: ${visible(failure!.reason)}`,
    ),
    ...(missing.length > tried.length ? [`* ${counted(missing.length - tried.length, 'shard')} not done yet`] : []),
    ...damaged.map((id) => `* ${id}: its part was damaged and is set aside; do it again`),
    '',
  ].join('\n');
}
