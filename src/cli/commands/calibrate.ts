import { FusionclipError } from '../../base/errors.ts';
import { choice, number, type OptionTable, optional, resolveOptions, toggle } from '../../base/option.ts';
import { DATA_OPTIONS, type DataRules } from '../../data/layout/rules.ts';
import { ruleLines } from '../../decide/rule_text.ts';
import { calibrateRun } from '../../detect/calibrate_run.ts';
import { type Command, exactly, flagValues, need, pickFlags, word } from '../command.ts';
import { GPU_FLAGS, withGpu } from '../session.ts';
import { TRAINED_FLAGS, trainedPath } from './eval.ts';

const SHARE = [1e-6, 0.999999] as const;
const { adapters: ADAPTERS, model: MODEL } = TRAINED_FLAGS;

const FLAGS = {
  normals: word('DIR', 'normal images or volumes that training has not seen, at any depth'),
  labelled: word('DIR', 'a labelled data set that training has not seen: for probabilities and --sensitivity'),
  alpha: number(0.05, SHARE, 'share of normal images that may be called abnormal'),
  sensitivity: optional(
    number(0.95, SHARE, ''),
    'share of abnormal images to be found: the threshold is then chosen by the labelled ones, whatever --alpha is',
  ),
  probability: choice(
    ['platt', 'isotonic'],
    'platt',
    'how scores become probabilities; isotonic takes some hundreds of cases',
  ),
  adapters: ADAPTERS,
  model: MODEL,
  json: toggle(false, 'the rule as JSON'),
} satisfies OptionTable;

/** `fusionclip calibrate` */
export const calibrate: Command = {
  name: ['calibrate'],
  summary:
    'makes scores to decisions: p-values, an operating point and probabilities, by images that training has not seen',
  usage: 'RUN --normals DIR',
  examples: [
    'fusionclip calibrate runs/brain --normals more/good',
    'fusionclip calibrate runs/brain --normals more/good --labelled labelled --sensitivity 0.95',
  ],
  details: `The rule is stored in the adapters of the run, in place of an older one, and predict and eval go by it.
An alpha takes at least 1/alpha - 1 normal images (19 for 0.05), and as many patients where --group tells them. The
support images of the run are none of them: the weights are fitted to them, and leaving each out of the bank does not
make it new. docs/decisions.md says what is promised and what is not.`,
  flags: [
    { title: 'Calibration', table: { ...FLAGS, ...GPU_FLAGS } },
    { title: 'How the labelled set is read (default: as the run has it)', table: DATA_OPTIONS, ofRun: true },
  ],
  async run(call) {
    const { normals, labelled, adapters, model, json, ...wishes } = flagValues(FLAGS, call);
    const [first] = call.positional;
    exactly(first === undefined ? 0 : 1, call, 'fusionclip calibrate RUN --normals DIR');
    const trained = await trainedPath(call, first ?? null, adapters);
    const folder = need(
      normals,
      'normals',
      'a folder of normal images that training has not seen; the support images cannot calibrate',
    );
    if (wishes.sensitivity !== null && labelled === null) {
      throw new FusionclipError(
        'usage',
        '--sensitivity needs abnormal images to be found; give a labelled set (--labelled DIR).',
      );
    }
    const given = pickFlags(DATA_OPTIONS, call.flags);
    const all: Partial<DataRules> = resolveOptions(DATA_OPTIONS, given);
    const rules = Object.fromEntries(Object.entries(all).filter(([name]) => name in given));
    const rule = await withGpu(call, (session) =>
      calibrateRun(session, {
        adapters: trained,
        model: model ?? undefined,
        normals: [folder],
        labelled,
        rules,
        ...wishes,
      }),
    );
    call.host.stdout(json ? `${JSON.stringify(rule, null, 2)}\n` : `${ruleLines(rule).join('\n')}\n`);
    return 0;
  },
};
