import { FusionclipError } from '../../base/errors.ts';
import { choice, integer, list, type OptionTable, toggle } from '../../base/option.ts';
import { FUSION_OPTIONS } from '../../fusion/index.ts';
import { EXIT_CODES } from '../../host/exit_codes.ts';
import { writeReproductionReport } from '../../report/index.ts';
import { TRAIN_OPTIONS } from '../../run/options.ts';
import { runSettings } from '../../run/run_config.ts';
import {
  EMBEDDED_MODEL,
  formatReproduction,
  PAPER_FIGURES,
  PAPER_SETS,
  PAPER_TABLES,
  reproduce,
  STUDY_ROWS,
} from '../../study/index.ts';
import { FIGURE_SHOTS } from '../../study/reproduction/paper.ts';
import { type Command, exactly, flagValues, MODEL_HELP, NAME_MODEL, need, pickFlags, word } from '../command.ts';
import { GPU_FLAGS, withGpu } from '../session.ts';

const NAMES = STUDY_ROWS.map(({ name }) => name);

const FLAGS = {
  data: word('DIR', 'folder that holds the sets of BMAD, e.g. Brain_AD, Retina_OCT2017_AD'),
  phantoms: toggle(false, 'in place of --data: six sets of synthetic pictures, made in OUT/data'),
  model: word('MODEL', `${MODEL_HELP}; with --phantoms by default ${EMBEDDED_MODEL}`),
  medclip: word('DIR', 'a MedCLIP; without it the rows of MedCLIP are skipped'),
  out: word('DIR', 'folder for runs, results.json, results.csv and report.html; the same call again goes on'),
  table: list(numbered(PAPER_TABLES), [], 'tables; by default, without --figure, all'),
  figure: list(numbered(PAPER_FIGURES), [], 'figures; by default, without --table, all'),
  sets: list(choice(PAPER_SETS, 'Brain', ''), [], 'data sets; by default all that are there'),
  shots: list(
    integer(4, [1, 1e5], ''),
    FIGURE_SHOTS,
    'support images of a class; tables take 4 of them, else the most',
  ),
  seeds: integer(3, [1, 1000], 'how many: of draws and initial weights, from 1 on'),
  methods: list(
    choice(NAMES, 'fusionclip', ''),
    NAMES,
    'rows; random weights and grey values always stand beside them',
  ),
  valid: integer(40, [4, 1e5], 'with --phantoms: pictures of a set in valid, half of them diseased'),
  test: integer(80, [2, 1e5], 'with --phantoms: pictures of a set in test, half of them diseased'),
  'feature.cache': integer(1024, [0, 1e6], 'MiB of GPU memory for features of test images, which runs have in common'),
  json: toggle(false, 'results as JSON'),
} satisfies OptionTable;

/** Settings that the study itself gives: they are no flags of it. */
const {
  seed: _seed,
  shots: _shots,
  'shots.list': _list,
  'shots.index': _index,
  'map.files': _maps,
  ...TRAINING
} = TRAIN_OPTIONS;
const { method: _method, compat: _compat, ...METHOD } = FUSION_OPTIONS;

/** `fusionclip reproduce` */
export const reproduceCommand: Command = {
  name: ['reproduce'],
  summary: "the paper's tables and figures: all methods, sets, shots and seeds, beside the published numbers",
  usage: '--data DIR --model PATH --out DIR',
  examples: [
    'fusionclip reproduce --data BMAD --model openai/clip-vit-large-patch14-336 --out runs/paper',
    'fusionclip reproduce --phantoms --table 1 --seeds 1 --out runs/quick',
  ],
  details: `A run that is finished is never run again, and one that fails does not stop the rest: its sentence stands in the
tables, and the exit code is that of the first failure. Ctrl-C leaves results of what is finished, marked as partial.
Settings that mean nothing to a row are left out for it.`,
  flags: [
    { title: 'Reproduction', table: { ...FLAGS, ...GPU_FLAGS } },
    { title: 'Training and evaluation of all rows', table: TRAINING },
    { title: 'Method of all rows', table: METHOD },
  ],
  async run(call) {
    const { host, flags } = call;
    exactly(0, call, 'fusionclip reproduce --data DIR --model PATH --out DIR');
    const values = flagValues(FLAGS, call);
    const { data, phantoms, medclip, valid, test, sets, json } = values;
    const out = need(values.out, 'out', 'name the folder for the results');
    if (phantoms && data !== null) {
      throw new FusionclipError('usage', '--data and --phantoms exclude each other; give one of them.');
    }
    const source = phantoms ? { valid, test } : need(data, 'data', 'name the folder of BMAD, or take --phantoms');
    const model = values.model ?? (phantoms ? EMBEDDED_MODEL : null);
    const settings = pickFlags({ ...TRAINING, ...METHOD }, flags);
    runSettings(settings); // wrong values are found before an adapter is looked for
    const all = values.table.length + values.figure.length === 0;
    const request = {
      data: source,
      model: need(model, 'model', NAME_MODEL),
      medclip,
      out,
      tables: all ? PAPER_TABLES : values.table,
      figures: all ? PAPER_FIGURES : values.figure,
      sets: sets.length > 0 ? sets : null,
      shots: [...new Set(values.shots)],
      seeds: Array.from({ length: values.seeds }, (_, i) => i + 1),
      methods: values.methods,
      settings,
      cache: values['feature.cache'],
    };
    const { results, failures, stopped } = await withGpu(call, (session) => reproduce(session, request));
    const html = await writeReproductionReport(host, out, results);
    if (json) host.stdout(`${JSON.stringify(results, null, 2)}\n`);
    else
      host.stdout(
        `${formatReproduction(results)}\n${html}: all of it, with figures; beside it results.json, results.csv\n`,
      );
    if (stopped) throw stopped;
    const [failure] = failures;
    return failure === undefined ? 0 : failure === null ? 1 : EXIT_CODES[failure];
  },
};

/** One of the numbers by which the paper counts its tables or figures. */
function numbered(numbers: readonly number[]) {
  const words = numbers.map(String);
  const { parse, ...option } = choice(words, words[0], '');
  return {
    ...option,
    fallback: numbers[0],
    parse: (text: string) => (parse(text) === undefined ? undefined : Number(text)),
  };
}
