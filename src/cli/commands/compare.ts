import { FusionclipError } from '../../base/errors.ts';
import { type OptionTable, toggle } from '../../base/option.ts';
import type { Host } from '../../host/host.ts';
import { findRuns, readRun, writeComparison } from '../../report/index.ts';
import { requireNoRun } from '../../run/run_folder.ts';
import type { ComparisonOptions } from '../../study/index.ts';
import { type Comparison, compareRuns, formatComparison } from '../../study/index.ts';
import { type Command, flagValues, word } from '../command.ts';
import { Reporter } from '../reporter.ts';

const FLAGS = {
  out: word('DIR', 'folder for results.json, results.csv and report.html; default: nothing is written'),
  group: word('RULE', 'whom the images are of, as train takes it; default: as the runs have it, else each image alone'),
  json: toggle(false, 'the comparison as JSON'),
} satisfies OptionTable;

/** `fusionclip compare` */
export const compare: Command = {
  name: ['compare'],
  summary: 'finished runs beside each other: mean and spread over seeds, and differences with paired intervals',
  usage: 'RUN…',
  examples: [
    'fusionclip compare runs/brain runs/brain-2 --out runs/compared',
    'fusionclip compare runs/sweep --group folder',
  ],
  details: `A RUN is a run folder, or a folder with runs at any depth, such as that of a sweep. Runs that differ in their seed
alone are one line. Experiments on the same test images that differ in one thing (the number of support images, or all
else) are set against each other: test images, or patients where --group is known, are drawn with replacement, the
same ones for both, and 95 % of the differences in image AUROC lie in the interval.`,
  flags: [{ title: 'Comparison', table: FLAGS }],
  async run(call) {
    const { host, positional } = call;
    const { out, group, json } = flagValues(FLAGS, call);
    if (positional.length === 0) throw new FusionclipError('usage', 'No run is given: fusionclip compare RUN… .');
    // A run has results and a report under the same names.
    if (out !== null) await requireNoRun(host, out);
    const reporter = new Reporter(host);
    const unfinished = (path: string) => reporter.say(`fusionclip: ${path} is not finished, so it is left out.`);
    const folders = await findRuns(host, positional, unfinished);
    const comparison = await comparisonOf(host, folders, { group: group ?? undefined });
    await giveComparison(host, comparison, out, json);
    return 0;
  },
};

/** A comparison of the runs in some folders. */
export async function comparisonOf(
  host: Host,
  folders: readonly string[],
  options: ComparisonOptions,
): Promise<Comparison> {
  const runs: Awaited<ReturnType<typeof readRun>>[] = [];
  for (const folder of folders) runs.push(await readRun(host, folder));
  return compareRuns(runs, options);
}

/** Writes a comparison, where a folder for it is given, and prints it. */
export async function giveComparison(
  host: Host,
  comparison: Comparison,
  out: string | null,
  json: boolean,
): Promise<void> {
  const html = out === null ? null : await writeComparison(host, out, comparison);
  if (json) {
    host.stdout(`${JSON.stringify(comparison, null, 2)}\n`);
    return;
  }
  host.stdout(formatComparison(comparison));
  if (html) host.stdout(`\n${html}: all of it, with charts; beside it results.json, results.csv\n`);
}
