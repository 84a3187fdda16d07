import { counted } from '../../base/counted.ts';
import { FusionclipError } from '../../base/errors.ts';
import { type OptionTable, toggle } from '../../base/option.ts';
import { EXIT_CODES } from '../../host/exit_codes.ts';
import { requireRoom } from '../../shards/parts.ts';
import { Plan } from '../../shards/plan.ts';
import { GridRunner } from '../../shards/run_grid.ts';
import { ArchiveScorer } from '../../shards/score_archive.ts';
import { serveShards } from '../../shards/serve.ts';
import { chosenShards, type WorkOutcome, workShards } from '../../shards/work.ts';
import { type Call, type Command, exactly, flagValues, word } from '../command.ts';
import { GPU_FLAGS, type Session, withGpu } from '../session.ts';

/** Where things lie, when not where the plan has them. */
export const PLACE_FLAGS = {
  model: word('PATH', 'where CLIP lies for this worker; default: as planned'),
  root: word('DIR', 'where the inputs lie for this worker; default: as planned'),
} satisfies OptionTable;

const FLAGS = {
  shard: word('i/n|ID', 'the i-th of n equal parts of the shards, or one shard; default: all'),
  ...PLACE_FLAGS,
} satisfies OptionTable;

/** For `fusionclip worker`, which names the shards on standard input. */
const SERVE = { serve: toggle(false, 'orders come on standard input') } satisfies OptionTable;

/** `fusionclip work` */
export const work: Command = {
  name: ['work'],
  summary: 'does shards of a plan; those that are done are never done again',
  usage: 'PLAN',
  examples: ['fusionclip work plans/scans --shard 3/8', 'fusionclip work plans/scans --shard 0f3a'],
  details: `Each part is written under another name and renamed, so it is whole or not there. An input that cannot be read is a
row with its error. Exit codes: 0 all done · 3 8 9 12 20 130 try again (no adapter, lost device, full disk or
network, GPU error, killed, interrupted) · 2 4 5 6 7 10 11 will never do (wrong flags, data, model). PLAN/failed
holds the reasons.`,
  flags: [
    {
      title: 'Work',
      table: { ...FLAGS, ...SERVE, ...GPU_FLAGS },
      listed: [...Object.keys(FLAGS), ...Object.keys(GPU_FLAGS)],
    },
  ],
  async run(call) {
    exactly(1, call, 'fusionclip work PLAN');
    const { host, positional } = call;
    const { shard, ...places } = flagValues(FLAGS, call);
    const plan = await Plan.open(host, positional[0]);
    requireMoved(plan, places);
    await requireRoom(host, plan);
    if (flagValues(SERVE, call).serve) return serve(call, plan, places);
    const shards = await chosenShards(plan, shard);
    const outcome = await withGpu(call, async (session) => {
      const doer = doerOf(session, plan, places);
      try {
        return await workShards(workContext(session), plan, shards, doer);
      } finally {
        doer.release();
      }
    });
    const { done, before, images, failed } = outcome;
    const what = counted(images, plan.facts.plan === 'grid' ? 'training' : 'image');
    host.stdout(`${counted(done, 'shard')} done (${what}), ${before} were there, ${failed.length} failed\n`);
    return exitCode(outcome);
  },
};

async function serve(call: Call, plan: Plan, places: Places): Promise<number> {
  const { host } = call;
  if (!host.lines) throw new FusionclipError('usage', '--serve needs Deno or Node; choose one with --runtime.');
  const orders = host.lines();
  await withGpu(call, async (session) => {
    const doer = doerOf(session, plan, places);
    try {
      await serveShards(workContext(session), plan, doer, orders, (line) => host.stdout(line));
    } finally {
      doer.release();
    }
  });
  return 0;
}

/** @throws FusionclipError `usage` where inputs are to lie elsewhere, and the plan says where each lies */
export function requireMoved({ path, facts }: Plan, { root }: Pick<Places, 'root'>): void {
  if (root === null || facts.places.root) return;
  throw new FusionclipError('usage', `--root: ${path} has whole paths; make the plan with --root, or leave it out.`);
}

/** What scores the images of a plan. @throws FusionclipError `usage` for a grid */
export function archiveScorer(session: Session, plan: Plan, places: Places): ArchiveScorer {
  if (plan.facts.plan !== 'grid') return new ArchiveScorer(session, plan, places);
  throw new FusionclipError('usage', `${plan.path} is a grid, which holds no images; its runs have predictions.csv.`);
}

/** What does the shards of a plan; to be released. */
function doerOf(session: Session, plan: Plan, places: Places) {
  if (plan.facts.plan !== 'grid') return archiveScorer(session, plan, places);
  if (places.model === null) return new GridRunner(session, plan, places);
  throw new FusionclipError('usage', `--model: the runs of a grid have the models that were planned; leave it out.`);
}

interface Places {
  readonly model: string | null;
  readonly root: string | null;
}

/** Where the shards are done. */
export function workContext({ fs, environment, signal, reporter }: Session) {
  const { runtime, version } = environment;
  return { fs, runtime: `${runtime} ${version}`, signal, say: (text: string) => reporter.say(`fusionclip: ${text}`) };
}

/** A failure that another try may mend decides; else the first one does. */
function exitCode({ failed }: WorkOutcome): number {
  const outcomes = failed.map(({ outcome }) => outcome);
  const one = outcomes.find(({ final }) => !final) ?? outcomes[0];
  if (!one) return 0;
  return one.code === null ? 1 : EXIT_CODES[one.code];
}
