import { choice, integer, list, type OptionTable, text, toggle } from '../../base/option.ts';
import { FUSION_OPTIONS } from '../../fusion/index.ts';
import { describeAdapter } from '../../gpu/adapter.ts';
import { EXIT_CODES } from '../../host/exit_codes.ts';
import { PHANTOM_FAMILIES } from '../../phantom/index.ts';
import { TRAIN_OPTIONS } from '../../run/options.ts';
import { runSettings } from '../../run/run_config.ts';
import { requireNoRun } from '../../run/run_folder.ts';
import { formatEmbedded, studyEmbedded } from '../../study/index.ts';
import { type Command, exactly, flagValues, need, pickFlags, word } from '../command.ts';
import { GPU_FLAGS, withGpu } from '../session.ts';

const FAMILIES = Object.keys(PHANTOM_FAMILIES);

const FLAGS = {
  model: word('DIR', 'folder of the model'),
  out: word('DIR', 'folder for phantoms, runs and embedded.json; an interrupted study goes on from it'),
  seeds: list(integer(1, [0, 1e6], ''), [1, 2, 3], 'of phantoms, draws and initial weights'),
  families: list(choice(FAMILIES, 'brain', ''), FAMILIES, 'phantom families'),
  also: { ...list(text('', /\S/, 'DIR', ''), [], 'other data sets, in a table of their own'), form: 'DIR,…' },
  valid: integer(40, [4, 1e5], 'pictures of a phantom set in valid, half of them diseased'),
  test: integer(80, [2, 1e5], 'pictures of a phantom set in test, half of them diseased'),
  methods: list(FUSION_OPTIONS.method, [], 'other methods in the table'),
  json: toggle(false, 'results as JSON'),
} satisfies OptionTable;

/** Settings that the study itself gives: they are no flags of it. */
const { seed: _, ...TRAINING } = TRAIN_OPTIONS;
const { method: __, ...METHOD } = FUSION_OPTIONS;

/** `fusionclip study embedded` */
export const studyEmbeddedCommand: Command = {
  name: ['study', 'embedded'],
  summary: 'evaluates a small CLIP by few-shot detection on unseen phantoms, beside random weights and other controls',
  usage: '--model DIR --out DIR',
  examples: [
    'fusionclip study embedded --model tiny-clip --out runs/embedded',
    'fusionclip study embedded --model models/small --out runs/small --seeds 1 --families brain,liver',
  ],
  details: `Exit code ${EXIT_CODES.bad_model} when a goal is missed. Finished runs are kept: the same call again goes on.`,
  flags: [
    { title: 'Study', table: { ...FLAGS, ...GPU_FLAGS } },
    { title: 'Training and evaluation', table: TRAINING },
    { title: 'Method', table: METHOD },
  ],
  async run(call) {
    const { host, flags } = call;
    exactly(0, call, 'fusionclip study embedded --model DIR --out DIR');
    const { model, out, json, ...request } = flagValues(FLAGS, call);
    const folder = need(out, 'out', 'name the folder for the study');
    await requireNoRun(host, folder);
    const name = need(model, 'model', 'name the folder of the model');
    const settings = pickFlags({ ...TRAINING, ...METHOD }, flags);
    const { shots } = runSettings(settings).train; // wrong values are found before an adapter is looked for
    const results = await withGpu(call, (session) =>
      studyEmbedded(session, describeAdapter(session.gpu.facts), {
        ...request,
        model: name,
        out: folder,
        shots,
        settings,
      }),
    );
    host.stdout(json ? `${JSON.stringify(results, null, 2)}\n` : formatEmbedded(results));
    return results.goals.every(({ met }) => met) && results.failed.length === 0 ? 0 : EXIT_CODES.bad_model;
  },
};
