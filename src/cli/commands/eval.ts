import { choice, type OptionTable, optional, toggle } from '../../fusion/index.ts';
import { FusionclipError } from '../../gpu/errors.ts';
import { evaluateRun } from '../../train/index.ts';
import { type Call, type Command, exactly, flagValues, word } from '../command.ts';
import { GPU_FLAGS, withGpu } from '../session.ts';
import { evaluationTable } from '../summary.ts';

const MAPS = optional(
  choice(['npy', 'png16', 'none'], 'npy', ''),
  'raw maps beside the heat maps; none: no maps at all',
);

/** Flags that say which trained weights are used. */
export const TRAINED_FLAGS = {
  run: word('RUN', 'the run folder with the trained weights'),
  adapters: word('FILE', 'the weights themselves, in place of a run folder'),
  model: word('PATH', 'where CLIP lies now; default: where it lay in training'),
  'map.files': { ...MAPS, form: 'npy|png16|none' },
} satisfies OptionTable;

const FLAGS = {
  ...TRAINED_FLAGS,
  data: word('DIR', 'a labelled data set; default: the one that was trained on'),
  out: word('DIR', 'folder for results.json, predictions.csv and maps/; default: nothing is written'),
  json: toggle(false, 'results as JSON'),
} satisfies OptionTable;

/** The run folder or file that a command line names. @throws FusionclipError `usage` */
export function trainedPath(run: string | null, adapters: string | null): string {
  if (run !== null && adapters !== null) {
    throw new FusionclipError('usage', 'A run folder and --adapters are given; give one of them.');
  }
  const path = run ?? adapters;
  if (path === null) throw new FusionclipError('usage', 'Which weights? Give a run folder, or a file with --adapters.');
  return path;
}

/** `fusionclip eval` */
export const evaluate: Command = {
  name: ['eval'],
  summary: 'judges trained weights on the test split of a data set',
  usage: 'RUN',
  flags: [{ title: 'Evaluation', table: { ...FLAGS, ...GPU_FLAGS } }],
  async run(call: Call) {
    const { run, adapters, model, data, out, json, 'map.files': maps } = flagValues(FLAGS, call);
    const [first] = call.positional;
    exactly(first !== undefined && run === null ? 1 : 0, call, 'fusionclip eval RUN');
    const trained = trainedPath(run ?? first ?? null, adapters);
    const results = await withGpu(call, (session) =>
      evaluateRun(session, {
        adapters: trained,
        model: model ?? undefined,
        data: data ?? undefined,
        out,
        maps: maps ?? undefined,
      }),
    );
    call.host.stdout(json ? `${JSON.stringify(results, null, 2)}\n` : evaluationTable(results));
    return 0;
  },
};
