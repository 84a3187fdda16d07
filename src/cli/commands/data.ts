import { type OptionTable, toggle } from '../../base/option.ts';
import { visible } from '../../base/visible.ts';
import { checkDataset } from '../../data/layout/check.ts';
import { inventoryLines } from '../../data/layout/inventory.ts';
import { DATA_OPTIONS } from '../../data/layout/rules.ts';
import { refuseRulesOfVolumes, sliced } from '../../detect/sliced.ts';
import { EXIT_CODES } from '../../host/exit_codes.ts';
import type { RunListener } from '../../run/events.ts';
import { TRAIN_OPTIONS } from '../../run/options.ts';
import { deidentifyFolder } from '../../volume/deidentify_folder.ts';
import { whoIsWho } from '../../volume/who_is_who.ts';
import { type Call, type Command, exactly, flagValues, word } from '../command.ts';
import { Reporter } from '../reporter.ts';

const FLAGS = {
  json: toggle(false, 'the report as JSON'),
  names: toggle(false, 'in place of the check: which file, series and patient is meant by the names that hide them'),
  deidentify: word(
    'OUT',
    'in place of the check: copies of all DICOM pictures below DIR without names, by the Basic Profile of PS3.15, into the new folder OUT',
  ),
} satisfies OptionTable;

/** What decides how training reads a data set, by the flags of training. */
const RULES = {
  ...DATA_OPTIONS,
  'split.seed': TRAIN_OPTIONS['split.seed'],
  'shots.abnormal': TRAIN_OPTIONS['shots.abnormal'],
  'prompt.object': word('TEXT', 'what prompts call the images; default: by the name of the folder'),
} satisfies OptionTable;

/** `fusionclip data check` */
export const dataCheck: Command = {
  name: ['data', 'check'],
  summary:
    'reads every image and mask of a data set, and says what is used and how, what is not and why, what is wrong',
  usage: 'DIR',
  examples: ['fusionclip data check data/Brain', 'fusionclip data check data/chest --normal NORMAL --json'],
  details: `Give the flags that training will get. Exit code ${EXIT_CODES.bad_data} when there is anything that training would stop at.`,
  flags: [
    { title: 'Report', table: FLAGS },
    { title: 'How the data are read', table: RULES },
  ],
  async run(call) {
    const { host } = call;
    exactly(1, call, 'fusionclip data check DIR');
    const { json, deidentify, names } = flagValues(FLAGS, call);
    if (names) return named(call, json);
    if (deidentify !== null) return copied(call, deidentify, json);
    const { 'prompt.object': object, 'shots.abnormal': shots, ...rules } = flagValues(RULES, call);
    const reporter = new Reporter(host);
    const notes: string[] = [];
    const onEvent: RunListener = (event) => {
      if (event.type === 'note') notes.push(event.text);
    };
    const seen = await sliced({ fs: host, onEvent }, call.positional[0], rules);
    if (!seen.set) refuseRulesOfVolumes(rules);
    const report = await checkDataset(seen.context.fs, call.positional[0], {
      rules: { ...seen.rules, 'shots.abnormal': shots ?? undefined },
      object: object ?? undefined,
      onProgress: (done, total) => {
        if (host.isTerminal) reporter.listen({ type: 'stage', what: 'images', done, total });
      },
    });
    reporter.clear();
    const code = report.ok ? 0 : EXIT_CODES.bad_data;
    if (json) {
      host.stdout(`${JSON.stringify(report, null, 2)}\n`);
      return code;
    }
    const errors = report.problems.filter(({ severity }) => severity === 'error').length;
    const verdict = report.ok
      ? 'ready for training'
      : `${errors} problem${errors === 1 ? '' : 's'} to be mended or decided`;
    host.stdout(`${[...notes, ...inventoryLines(report), verdict].join('\n')}\n`);
    return code;
  },
};

/** Says what hidden names stand for. */
async function named({ host, positional }: Call, json: boolean): Promise<number> {
  const files = await whoIsWho(host, positional[0]);
  const columns = ['file', 'series', 'patient', 'path'] as const;
  const table = [columns.join('\t'), ...files.map((one) => columns.map((column) => visible(one[column])).join('\t'))];
  host.stdout(json ? `${JSON.stringify(files, null, 2)}\n` : `${table.join('\n')}\n`);
  return 0;
}

/** Writes copies without names, and says what they still may show. */
async function copied({ host, positional }: Call, out: string, json: boolean): Promise<number> {
  const reporter = new Reporter(host);
  const copies = await deidentifyFolder(host, positional[0], out, {
    onProgress: (done, total) => {
      if (host.isTerminal) reporter.listen({ type: 'stage', what: 'copies', done, total });
    },
  });
  reporter.clear();
  if (json) {
    host.stdout(`${JSON.stringify(copies, null, 2)}\n`);
    return 0;
  }
  const { files, patients, series, notes } = copies;
  host.stdout(`${out}: ${files} files of ${patients} patients in ${series} series, by the Basic Profile of PS3.15\n`);
  for (const note of notes) host.stdout(`  ${note}\n`);
  return 0;
}
