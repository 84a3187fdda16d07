import { FusionclipError } from '../../base/errors.ts';
import { choice, integer, type OptionTable, optional, resolveOptions, toggle } from '../../base/option.ts';
import { DATA_OPTIONS, type DataRules } from '../../data/layout/rules.ts';
import { evaluateRun } from '../../detect/evaluate_run.ts';
import { OutputFolder } from '../../detect/output_folder.ts';
import { adaptersPath } from '../../detect/trained.ts';
import { FUSION_OPTIONS, INFERENCE_SETTINGS } from '../../fusion/index.ts';
import { optionTextsOf } from '../../run/run_config.ts';
import { RunFolder } from '../../run/run_folder.ts';
import {
  type Call,
  type Command,
  type Defaults,
  exactly,
  type FlagGroup,
  flagValues,
  pickFlags,
  word,
} from '../command.ts';
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
  stride: integer(
    1,
    [1, 1000],
    'DICOM and NIfTI: of so many slices one is scored; maps between are mixed of their neighbours',
  ),
  out: word('DIR', 'folder for results.json, predictions.csv and maps/; default: nothing is written'),
  json: toggle(false, 'results as JSON'),
} satisfies OptionTable;

/** Settings of the method that may be given anew where trained weights are used; the others are refused with the run's value. */
export const METHOD_GROUP = {
  title: 'Method (default: as the run has it)',
  table: FUSION_OPTIONS,
  listed: INFERENCE_SETTINGS,
  ofRun: true,
} satisfies FlagGroup;

/** The values of the run that a command line names. */
export async function defaultsOfRun({ host, positional, flags }: Call, isGiven: boolean): Promise<Defaults | null> {
  const path = flags.run ?? (isGiven ? positional[0] : undefined);
  if (path === undefined) return null;
  const { header } = await RunFolder.open(host, path);
  return { of: path, texts: optionTextsOf(header) };
}

/** What `--help` says of them. */
export const METHOD_DETAILS = `What training does not depend on can be given anew (below), or another --method that needs no training: it scores with
the support images of the run. Thresholds are then chosen anew on the data set of the run; where that is not there,
there are none.`;

/** The settings of the method on a command line, read once so that wrong values are found before an adapter is looked for. */
export function methodFlags({ flags }: Call): Record<string, string> {
  const settings = pickFlags(FUSION_OPTIONS, flags);
  resolveOptions(FUSION_OPTIONS, settings);
  return settings;
}

/**
 * The run folder or file that a command line names; that weights lie there is looked at before an adapter is looked for.
 * @throws FusionclipError `usage`, `io`
 */
export async function trainedPath({ host }: Call, run: string | null, adapters: string | null): Promise<string> {
  if (run !== null && adapters !== null) {
    throw new FusionclipError('usage', 'A run folder and --adapters are given; give one of them.');
  }
  const path = run ?? adapters;
  if (path === null) throw new FusionclipError('usage', 'Which weights? Give a run folder, or a file with --adapters.');
  await adaptersPath(host, path);
  return path;
}

/** `fusionclip eval` */
export const evaluate: Command = {
  name: ['eval'],
  summary: 'evaluates trained weights on the test split of a data set',
  usage: 'RUN',
  examples: ['fusionclip eval runs/brain', 'fusionclip eval runs/brain --data data/Other --out runs/other --fuse mean'],
  details: METHOD_DETAILS,
  flags: [
    { title: 'Evaluation', table: { ...FLAGS, ...GPU_FLAGS } },
    { title: 'How the data are read (default: as the run has it)', table: DATA_OPTIONS, ofRun: true },
    METHOD_GROUP,
  ],
  defaults: (call) => defaultsOfRun(call, true),
  async run(call: Call) {
    const { run, adapters, model, data, out, json, stride, 'map.files': maps } = flagValues(FLAGS, call);
    const [first] = call.positional;
    exactly(first !== undefined && run === null ? 1 : 0, call, 'fusionclip eval RUN');
    const settings = methodFlags(call);
    const given = pickFlags(DATA_OPTIONS, call.flags);
    const all: Partial<DataRules> = resolveOptions(DATA_OPTIONS, given);
    const rules = Object.fromEntries(Object.entries(all).filter(([name]) => name in given));
    await OutputFolder.requireFree(call.host, out);
    const trained = await trainedPath(call, run ?? first ?? null, adapters);
    const results = await withGpu(call, (session) =>
      evaluateRun(session, {
        adapters: trained,
        model: model ?? undefined,
        data: data ?? undefined,
        rules,
        out,
        stride,
        maps: maps ?? undefined,
        settings,
      }),
    );
    call.host.stdout(json ? `${JSON.stringify(results, null, 2)}\n` : evaluationTable(results));
    return 0;
  },
};
