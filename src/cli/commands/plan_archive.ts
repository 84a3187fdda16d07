import { counted } from '../../base/counted.ts';
import { FusionclipError } from '../../base/errors.ts';
import { integer, number, type OptionTable, optional } from '../../base/option.ts';
import { DATA_OPTIONS } from '../../data/layout/rules.ts';
import { dicomWebOf } from '../../dicomweb/network.ts';
import { planArchive } from '../../shards/archive.ts';
import { SHARD_SIZE } from '../../shards/cut.ts';
import type { Plan } from '../../shards/plan.ts';
import { type Call, type Command, flagValues, need, word } from '../command.ts';
import { trainedPath } from './eval.ts';

const FLAGS = {
  run: word('RUN', 'the run folder with the trained weights'),
  adapters: word('FILE', 'the weights themselves, in place of a run folder'),
  model: word('PATH', 'where CLIP lies now; default: where it lay in training'),
  out: word('PLAN', 'folder for the plan, and later for the parts'),
  group: DATA_OPTIONS.group,
  path: word('COLUMN', 'the column of a list that is the path or address; default: path, url, file, …'),
  patient: word('COLUMN', 'the column of a list that is the patient; default: patient, patient_id, subject, …'),
  root: word('DIR', 'paths below it are planned without it, so that a worker may have it elsewhere'),
  range: { ...DATA_OPTIONS.range, help: 'which values of files are black and white; auto: as the run has it' },
  accept: DATA_OPTIONS.accept,
  threshold: optional(number(0, [-1e9, 1e9], ''), "scores from it on are abnormal; default: the run's own threshold"),
  at: word('WHAT=SHARE', 'the threshold with that sensitivity or specificity on the validation images of the run'),
  least: integer(SHARD_SIZE.least, [1, 1e5], 'images after which a shard may end'),
  most: integer(SHARD_SIZE.most, [1, 1e6], 'images that a shard has at most, unless they are one patient’s'),
} satisfies OptionTable;

/** `fusionclip plan archive` */
export const planArchiveCommand: Command = {
  name: ['plan', 'archive'],
  summary: 'cuts an archive of images into shards that any number of machines can score',
  usage: 'PATH… --run RUN --out PLAN',
  examples: [
    'fusionclip plan archive scans --run runs/brain --group folder --out plans/scans',
    'fusionclip plan archive list.csv --run runs/brain --root /data --out plans/all',
  ],
  details: `A PATH is a folder of images or of volumes, a file, an address, a list (CSV with a head, JSON Lines, or text with a
path or address a line), or dicomweb:URL, studies of a DICOMweb server (…/studies?StudyDate=20260101-; token:
DICOMWEB_TOKEN), each an input that workers fetch when they score it. Inputs are listed once, sorted, each once, and
cut into shards with the patients whole. The weights are copied into PLAN. The same call again on more inputs keeps
the parts of shards that stay as they are.`,
  flags: [{ title: 'Plan', table: FLAGS }],
  async run(call) {
    const { host, positional } = call;
    const values = flagValues(FLAGS, call);
    const { run, adapters, model, group, path, patient, root, range, accept, threshold, at, least, most } = values;
    if (positional.length === 0) {
      throw new FusionclipError(
        'usage',
        'Nothing to score is given: fusionclip plan archive PATH… --run RUN --out PLAN.',
      );
    }
    if (least > most) throw new FusionclipError('usage', `--least ${least} is more than --most ${most}; give less.`);
    const plan = await planArchive(host, {
      ...{ sources: positional, columns: { path, patient }, group, root, model, range, accept, threshold, at },
      adapters: await trainedPath(call, run, adapters),
      out: need(values.out, 'out', 'name the folder for the plan'),
      size: { least, most },
      webOf: dicomWebOf(host),
      say: (text) => host.stderr(`fusionclip: ${text}\n`),
    });
    sayPlan(call, plan);
    return 0;
  },
};

/** Says what a plan holds, and what comes next. */
export function sayPlan({ host }: Call, { path, facts }: Plan): void {
  const { plan, shards, inputs, images, duplicates } = facts;
  const what =
    plan === 'grid' ? counted(inputs, 'training') : `${counted(inputs, 'input')} (${counted(images, 'image')})`;
  const twice = duplicates === 0 ? '' : `, ${duplicates} listed more than once left out`;
  host.stdout(
    `${what} in ${counted(shards, 'shard')}${twice}\n` +
      `fusionclip work ${path} does them, --shard 1/8 an eighth of them; then fusionclip merge ${path}\n`,
  );
}
