import { FusionclipError } from '../../base/errors.ts';
import { choice, integer, list, type OptionTable } from '../../base/option.ts';
import { FUSION_OPTIONS } from '../../fusion/index.ts';
import { TRAIN_OPTIONS } from '../../run/options.ts';
import { runSettings } from '../../run/run_config.ts';
import { planGrid } from '../../shards/grid.ts';
import { STUDY_ROWS } from '../../study/index.ts';
import { type Command, flagValues, MODEL_HELP, NAME_MODEL, need, pickFlags, word } from '../command.ts';
import { sayPlan } from './plan_archive.ts';

const NAMES = STUDY_ROWS.map(({ name }) => name);

const FLAGS = {
  model: word('MODEL', MODEL_HELP),
  medclip: word('DIR', 'a MedCLIP, for the method medclip'),
  out: word('PLAN', 'folder for the plan, and later for the runs'),
  methods: list(choice(NAMES, 'fusionclip', ''), ['fusionclip'], `methods to train: ${NAMES.join(', ')}`),
  shots: list(integer(4, [1, 1e5], ''), [4], 'support images of a class'),
  seeds: integer(5, [1, 1000], 'how many: of draws and initial weights, from 0 on'),
  root: word('DIR', 'data sets below it are planned without it, so that a worker may have them elsewhere'),
} satisfies OptionTable;

/** Settings that the grid itself gives: they are no flags of it. */
const { seed: _seed, shots: _shots, 'shots.list': _list, 'shots.index': _index, ...TRAINING } = TRAIN_OPTIONS;
const { method: _method, compat: _compat, ...METHOD } = FUSION_OPTIONS;

/** `fusionclip plan grid` */
export const planGridCommand: Command = {
  name: ['plan', 'grid'],
  summary: 'plans trainings of methods, data sets, numbers of support images and seeds, a shard each',
  usage: 'DATA… --model MODEL --out PLAN',
  examples: [
    'fusionclip plan grid data/Brain data/Liver --model tiny-clip --shots 2,4 --seeds 10 --out plans/grid',
    'fusionclip plan grid data/Brain --model tiny-clip --methods fusionclip,winclip+ --out plans/methods',
  ],
  details: `The cells are the runs of fusionclip sweep. Those that share features or a training follow each other, so that a
worker with a range of them (--shard 1/4) does what they share once. Settings that mean nothing to a method are left
out for it. The same call again with more seeds keeps what is done.`,
  flags: [
    { title: 'Plan', table: FLAGS },
    { title: 'Training and evaluation of all runs', table: TRAINING },
    { title: 'Method of all runs', table: METHOD },
  ],
  async run(call) {
    const { host, positional, flags } = call;
    const { model, out, seeds, shots, ...rest } = flagValues(FLAGS, call);
    if (positional.length === 0) {
      throw new FusionclipError('usage', 'No data set is given: fusionclip plan grid DATA… --model MODEL --out PLAN.');
    }
    const settings = pickFlags({ ...TRAINING, ...METHOD }, flags);
    runSettings(settings); // wrong values are found before anything is opened
    const plan = await planGrid(host, {
      ...rest,
      ...{ data: positional, settings, shots: [...new Set(shots)] },
      model: need(model, 'model', NAME_MODEL),
      out: need(out, 'out', 'name the folder for the plan'),
      seeds: Array.from({ length: seeds }, (_, i) => i),
      say: (text) => host.stderr(`fusionclip: ${text}\n`),
    });
    sayPlan(call, plan);
    return 0;
  },
};
