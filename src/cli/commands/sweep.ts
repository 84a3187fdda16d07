import { choice, integer, list, type OptionTable, toggle } from '../../base/option.ts';
import { FUSION_OPTIONS } from '../../fusion/index.ts';
import { EXIT_CODES } from '../../host/exit_codes.ts';
import { TRAIN_OPTIONS } from '../../run/options.ts';
import { runSettings } from '../../run/run_config.ts';
import { STUDY_ROWS, sweep } from '../../study/index.ts';
import { describeStudyRun } from '../../study/study_run.ts';
import { type Command, exactly, flagValues, MODEL_HELP, NAME_MODEL, need, pickFlags, word } from '../command.ts';
import { GPU_FLAGS, withGpu } from '../session.ts';
import { comparisonOf, giveComparison } from './compare.ts';

const NAMES = STUDY_ROWS.map(({ name }) => name);

const FLAGS = {
  data: word('DIR', 'the data set, as for train'),
  model: word('MODEL', MODEL_HELP),
  medclip: word('DIR', 'a MedCLIP, for the method medclip'),
  out: word('DIR', 'folder for runs, results.json, results.csv and report.html; the same call again goes on'),
  methods: list(choice(NAMES, 'fusionclip', ''), ['fusionclip'], `methods to train: ${NAMES.join(', ')}`),
  shots: list(integer(4, [1, 1e5], ''), [4], 'support images of a class'),
  seeds: integer(5, [1, 1000], 'how many: of draws and initial weights, from 0 on'),
  'feature.cache': integer(1024, [0, 1e6], 'MiB of GPU memory for features of test images, which runs have in common'),
  json: toggle(false, 'the comparison as JSON'),
} satisfies OptionTable;

/** Settings that the sweep itself gives: they are no flags of it. */
const { seed: _seed, shots: _shots, 'shots.list': _list, 'shots.index': _index, ...TRAINING } = TRAIN_OPTIONS;
const { method: _method, compat: _compat, ...METHOD } = FUSION_OPTIONS;

/** `fusionclip sweep` */
export const sweepCommand: Command = {
  name: ['sweep'],
  summary: 'trains methods with several seeds and numbers of support images on a data set, and compares them',
  usage: '--data DIR --model MODEL --out DIR',
  examples: [
    'fusionclip sweep --data data/Brain --model tiny-clip --seeds 5 --shots 2,4,8 --out runs/sweep',
    'fusionclip sweep --data data/Brain --model tiny-clip --methods fusionclip,winclip+ --out runs/methods',
  ],
  details: `Each training is a run folder in OUT/runs, as fusionclip train makes it with the same settings (but map.files none).
One that is finished is never run again, and one that fails does not stop the rest: its sentence stands in the
report, and the exit code is that of the first failure. Ctrl-C leaves results of what is finished. Settings that mean
nothing to a method are left out for it.`,
  flags: [
    { title: 'Sweep', table: { ...FLAGS, ...GPU_FLAGS } },
    { title: 'Training and evaluation of all runs', table: TRAINING },
    { title: 'Method of all runs', table: METHOD },
  ],
  async run(call) {
    const { host, flags } = call;
    exactly(0, call, 'fusionclip sweep --data DIR --model MODEL --out DIR');
    const values = flagValues(FLAGS, call);
    const out = need(values.out, 'out', 'name the folder for the sweep');
    const settings = pickFlags({ ...TRAINING, ...METHOD }, flags);
    runSettings(settings); // wrong values are found before an adapter is looked for
    const request = {
      data: need(values.data, 'data', 'name the folder of the data set'),
      model: need(values.model, 'model', NAME_MODEL),
      medclip: values.medclip,
      out,
      methods: values.methods,
      shots: [...new Set(values.shots)],
      seeds: Array.from({ length: values.seeds }, (_, i) => i),
      settings,
      cache: values['feature.cache'],
    };
    const { folders, failed, stopped, total } = await withGpu(call, (session) => sweep(session, request));
    if (folders.length > 0) {
      const done = folders.length + failed.length;
      const partial = stopped ? `Stopped after ${done} of ${total} runs; the same command again goes on.` : null;
      const reasons = failed.map(({ run, reason }) => ({ run: describeStudyRun(run), reason }));
      await giveComparison(host, await comparisonOf(host, folders, { failed: reasons, partial }), out, values.json);
    } else
      for (const { run, reason } of failed) host.stderr(`fusionclip: ${describeStudyRun(run)} failed: ${reason}\n`);
    if (stopped) throw stopped;
    const [failure] = failed;
    return failure === undefined ? 0 : failure.code === null ? 1 : EXIT_CODES[failure.code];
  },
};
