import { FusionclipError } from '../../base/errors.ts';
import { choice, integer, list, type OptionTable, text, toggle } from '../../base/option.ts';
import { FUSION_OPTIONS } from '../../fusion/index.ts';
import { describeAdapter } from '../../gpu/adapter.ts';
import { EXIT_CODES } from '../../host/exit_codes.ts';
import { PHANTOM_FAMILIES } from '../../phantom/index.ts';
import { writeGap } from '../../report/index.ts';
import { TRAIN_OPTIONS } from '../../run/options.ts';
import { runSettings } from '../../run/run_config.ts';
import { requireNoRun } from '../../run/run_folder.ts';
import { DEVELOPMENT, developGap, formatGap, formatTrials, studyGap, USUAL_TRIALS } from '../../study/index.ts';
import { type Command, exactly, flagValues, need, pickFlags, word } from '../command.ts';
import { GPU_FLAGS, withGpu } from '../session.ts';

const FAMILIES = Object.keys(PHANTOM_FAMILIES);

const FLAGS = {
  model: word('DIR', 'a model that has seen nothing medical'),
  out: word(
    'DIR',
    'folder for phantoms, runs, gap.json, runs.json and report.html; an interrupted study goes on from it',
  ),
  seeds: list(integer(1, [0, 1e6], ''), [1, 2, 3, 4, 5, 6, 7, 8], 'of phantoms, draws and initial weights'),
  families: list(choice(FAMILIES, 'brain', ''), FAMILIES, 'phantom families'),
  shots: list(integer(4, [1, 1e4], ''), [2, 4, 8, 16], 'support images of a class'),
  methods: list(text('', /^[a-z0-9+:, -]+$/, 'NAME', ''), [], 'rows of the tables; default: all'),
  valid: integer(48, [4, 1e5], 'pictures of a phantom set in valid, half of them diseased'),
  test: integer(80, [2, 1e5], 'pictures of a phantom set in test, half of them diseased'),
  develop: word(
    'TRIALS',
    `compare settings of fusionclip on seeds that are not reported: NAME=VALUE, several of a trial with &, trials with ;, or usual: ${USUAL_TRIALS}`,
  ),
  with: list(
    text('', /./, 'FILE', ''),
    [],
    'runs.json of other calls or machines: their runs count where model, settings and numbers of pictures are the same',
  ),
  stored: toggle(false, 'run nothing: put together what earlier calls have finished'),
  json: toggle(false, 'results as JSON'),
} satisfies OptionTable;

/** Settings that the study itself gives: they are no flags of it. */
const { seed: _seed, shots: _shots, 'shots.list': _list, 'shots.index': _index, ...TRAINING } = TRAIN_OPTIONS;
const { method: _method, compat: _compat, ...METHOD } = FUSION_OPTIONS;

/** `fusionclip study gap` */
export const studyGapCommand: Command = {
  name: ['study', 'gap'],
  summary: 'asks what training brings to a model that has seen nothing like the pictures, by paired runs on phantoms',
  usage: '--model DIR --out DIR',
  examples: [
    'fusionclip study gap --model tiny-clip-natural --out runs/gap --shots 4 --seeds 1,2 --methods mvfa',
    'fusionclip study gap --model tiny-clip-natural --out runs/gap --develop usual',
  ],
  details: `Exit code ${EXIT_CODES.bad_model} when a goal is missed, or its runs are not there. Finished runs are kept: the same
call again goes on, and one with other seeds, families, methods or shots adds to them.`,
  flags: [
    { title: 'Study', table: { ...FLAGS, ...GPU_FLAGS } },
    { title: 'Training and evaluation', table: TRAINING },
    { title: 'Method', table: METHOD },
  ],
  async run(call) {
    const { host, flags } = call;
    exactly(0, call, 'fusionclip study gap --model DIR --out DIR');
    const { model, out, json, develop, with: others, ...request } = flagValues(FLAGS, call);
    const folder = need(out, 'out', 'name the folder for the study');
    const name = need(model, 'model', 'name the folder of the model');
    const settings = pickFlags({ ...TRAINING, ...METHOD }, flags);
    runSettings(settings); // wrong values are found before an adapter is looked for
    if (develop !== null && (others.length > 0 || request.stored)) {
      throw new FusionclipError('usage', '--develop runs its trials itself; leave --with and --stored.');
    }
    await requireNoRun(host, folder);
    if (develop !== null) {
      const own = { ...request, ...(flags.seeds === undefined && { seeds: DEVELOPMENT.seeds }) };
      const few = { ...own, ...(flags.families === undefined && { families: DEVELOPMENT.families }) };
      const asked = { ...few, ...(flags.shots === undefined && { shots: DEVELOPMENT.shots }) };
      const trials = develop === 'usual' ? USUAL_TRIALS : develop;
      const found = await withGpu(call, (session) =>
        developGap(session, { ...asked, model: name, out: folder, settings }, trials),
      );
      host.stdout(json ? `${JSON.stringify(found, null, 2)}\n` : formatTrials(found));
      return found.failed.length === 0 ? 0 : EXIT_CODES.bad_model;
    }
    const results = await withGpu(call, (session) =>
      studyGap(session, describeAdapter(session.gpu.facts), { ...request, others, model: name, out: folder, settings }),
    );
    const report = await writeGap(host, folder, results);
    host.stdout(json ? `${JSON.stringify(results, null, 2)}\n` : `${formatGap(results)}\n${report}\n`);
    return results.goals.every(({ met }) => met) && results.failed.length === 0 ? 0 : EXIT_CODES.bad_model;
  },
};
