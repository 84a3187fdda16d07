import { counted } from '../../base/counted.ts';
import { FusionclipError } from '../../base/errors.ts';
import { choice, integer, type OptionTable, optional, toggle } from '../../base/option.ts';
import { joinPath } from '../../base/paths.ts';
import { visible } from '../../base/visible.ts';
import { EXIT_CODES } from '../../host/exit_codes.ts';
import { writeComparison } from '../../report/index.ts';
import { requireNoRun } from '../../run/run_folder.ts';
import { type Checked, checkPlan } from '../../shards/check.ts';
import { gridCells } from '../../shards/grid.ts';
import { mergePlan } from '../../shards/merged_files.ts';
import { Plan } from '../../shards/plan.ts';
import { RUNS } from '../../shards/run_grid.ts';
import { type Command, exactly, flagValues, word } from '../command.ts';
import { GPU_FLAGS, withGpu } from '../session.ts';
import { comparisonOf } from './compare.ts';
import { archiveScorer, PLACE_FLAGS, requireMoved } from './work.ts';

const FLAGS = {
  out: word('DIR', 'folder for the results and the report; default: PLAN/merged'),
  format: choice(['csv', 'parquet'], 'csv', 'of the results'),
  partial: toggle(false, 'write the results of what is done, where some are missing'),
  check: optional(integer(100, [1, 1e7], ''), 'so many images are scored again here, and compared with their rows'),
  ...PLACE_FLAGS,
} satisfies OptionTable;

/** `fusionclip merge` */
export const merge: Command = {
  name: ['merge'],
  summary: 'puts the parts of a plan together, and proves that every input stands exactly once',
  usage: 'PLAN',
  examples: ['fusionclip merge plans/scans', 'fusionclip merge plans/scans --format parquet'],
  details: `Writes results.csv (or .parquet), report.md and report.json: the same bytes however the shards were spread. Where shards
are missing the report says which and why, nothing else is written without --partial, and the exit code is 9, or
4 where all that is missing will never do. --check says by how much scores differ on this adapter, and which decisions.`,
  flags: [{ title: 'Merge', table: { ...FLAGS, ...GPU_FLAGS } }],
  async run(call) {
    exactly(1, call, 'fusionclip merge PLAN');
    const { host, positional } = call;
    const { out, format, partial, check, ...places } = flagValues(FLAGS, call);
    if (out !== null) await requireNoRun(host, out);
    const plan = await Plan.open(host, positional[0]);
    const placed = (['model', 'root'] as const).find((name) => places[name] !== null);
    if (placed && check === null) {
      throw new FusionclipError('usage', `--${placed} is for --check, which scores images again; leave it out.`);
    }
    requireMoved(plan, places);
    const { merged, results, report } = await mergePlan(host, plan, { out: out ?? undefined, format, partial });
    const { rows, inputs, images, missing, unread, seconds } = merged;
    const rate = seconds > 0 ? `, ${(images / seconds).toFixed(1)} images/s a worker` : '';
    host.stdout(`${rows} of ${inputs} inputs, each exactly once; ${unread} could not be read${rate}\n`);
    const mixed = [
      ...(Object.keys(merged.programs).length > 1 ? [`versions ${Object.keys(merged.programs).join(' and ')}`] : []),
      ...(Object.keys(merged.adapters).length > 1 ? [`adapters ${Object.keys(merged.adapters).join(' and ')}`] : []),
    ];
    if (mixed.length > 0) {
      host.stderr(`fusionclip: the parts are of ${mixed.join(' and of ')}; --check N tells what that changes.\n`);
    }
    if (results) host.stdout(`${results}: the results\n`);
    if (results && plan.facts.plan === 'grid') {
      const folders = [...(await gridCells(host, plan)).keys()].map((path) => joinPath(plan.path, RUNS, path));
      const html = await writeComparison(
        host,
        joinPath(plan.path, 'merged', 'comparison'),
        await comparisonOf(host, folders, {}),
      );
      host.stdout(`${html}: the runs beside each other\n`);
    }
    host.stdout(`${report}: what is in them\n`);
    if (check !== null && rows === 0) host.stdout('nothing is scored again, as no shard is done\n');
    else if (check !== null) {
      const checked = await withGpu(call, async (session) => {
        const scorer = archiveScorer(session, plan, places);
        try {
          return await checkPlan(host, plan, scorer, check);
        } finally {
          scorer.release();
        }
      });
      host.stdout(checkText(checked));
    }
    if (missing.length === 0) return 0;
    host.stderr(
      `fusionclip: ${missing.length} of ${counted(merged.shards, 'shard')} ${missing.length === 1 ? 'is' : 'are'} missing; ${report} says which and why.\n`,
    );
    return missing.every(({ failure }) => failure?.final) ? EXIT_CODES.bad_data : EXIT_CODES.io;
  },
};

function checkText({ images, adapter, adapters, largest, at, decisions, changed }: Checked): string {
  const where = at === null ? '' : ` (${visible(at)})`;
  return [
    `${counted(images, 'image')} scored again on ${adapter}`,
    ...(adapters.every((one) => one === adapter) ? [] : [`  they were scored on ${adapters.join(' and ')}`]),
    `  the largest difference of a score: ${largest === 0 ? 'none' : largest}${where}`,
    `  decisions that differ: ${decisions.length}`,
    ...decisions.map(({ input, before, now }) => `    ${visible(input)}: ${before}, now ${now}`),
    ...(changed.length === 0 ? [] : [`  ${changed.length} inputs have other bytes now and are not compared:`]),
    ...changed.map((input) => `    ${visible(input)}`),
    '',
  ].join('\n');
}
