import { FusionclipError } from '../../base/errors.ts';
import { type OptionTable, toggle } from '../../base/option.ts';
import { requireFolder } from '../../data/layout/scan.ts';
import { isDicomWeb } from '../../dicomweb/address.ts';
import { FUSION_OPTIONS, methodPreset } from '../../fusion/index.ts';
import { isRead } from '../../fusion/presets.ts';
import type { Host } from '../../host/host.ts';
import { writeReport } from '../../report/index.ts';
import { TRAIN_OPTIONS, TRAINING_ONLY } from '../../run/options.ts';
import { optionTextsOf, runSettings } from '../../run/run_config.ts';
import { RunFolder } from '../../run/run_folder.ts';
import { resumeRun, trainRun } from '../../train/index.ts';
import { type Command, exactly, flagValues, MODEL_HELP, NAME_MODEL, need, pickFlags, word } from '../command.ts';
import { GPU_FLAGS, type Session, withGpu } from '../session.ts';
import { trainTable } from '../summary.ts';
import { teamOf } from '../team.ts';

const FLAGS = {
  data: word('DIR', 'the data set: BMAD layout, or any folder with good/ and another folder'),
  model: word('MODEL', MODEL_HELP),
  out: word('RUN', 'folder for the run'),
  resume: toggle(false, 'go on with the interrupted run in --out; its settings stay'),
  force: toggle(false, 'replace the run in --out'),
  workers: word(
    'HOST:PORT,…',
    'other processes (fusionclip train worker) that compute some of the --parts of each batch',
  ),
  json: toggle(false, 'results as JSON'),
} satisfies OptionTable;

/** `fusionclip train` */
export const train: Command = {
  name: ['train'],
  summary: 'trains on a few images of valid/ and evaluates the result on test/',
  usage: '--data DIR --model PATH --out RUN',
  examples: [
    'fusionclip train --data data/Brain --model tiny-clip --out runs/brain',
    'fusionclip train --resume --out runs/brain',
  ],
  details: `Ctrl-C saves a checkpoint; fusionclip train --resume --out RUN goes on with the same bits.
RUN gets config.json, env.json, shots.json, metrics.jsonl, checkpoint/, predictions.csv, maps/, results.json,
and report.html.`,
  flags: [
    { title: 'Run', table: { ...FLAGS, ...GPU_FLAGS } },
    { title: 'Training and evaluation', table: TRAIN_OPTIONS },
    { title: 'Method', table: FUSION_OPTIONS },
  ],
  // What the method has in place of the defaults, and which settings mean something to it.
  defaults: async ({ flags: { method, compat } }) => {
    if (method === undefined && compat === undefined) return null;
    const settings = runSettings({ ...(method && { method }), ...(compat && { compat }) });
    const { fusion } = settings;
    const isIdle = (name: string) => TRAINING_ONLY.includes(name) && !methodPreset(fusion.method).trained;
    return {
      of: fusion.method,
      texts: optionTextsOf(settings),
      isRead: (name) => !isIdle(name) && (!(name in FUSION_OPTIONS) || isRead(fusion.method, name)),
    };
  },
  async run(call) {
    const { host, flags } = call;
    exactly(0, call, 'fusionclip train --data DIR --model PATH --out RUN');
    const { data, model, out, resume, force, workers, json } = flagValues(FLAGS, call);
    const run = need(out, 'out', 'name the folder for the run');
    const settings = pickFlags({ ...TRAIN_OPTIONS, ...FUSION_OPTIONS }, flags);
    if (resume) {
      const [name] = Object.keys(settings);
      if (name) throw new FusionclipError('usage', `--${name} cannot change in a resumed run; leave it out.`);
      if (force) throw new FusionclipError('usage', '--resume and --force exclude each other; give one of them.');
    }
    const { fusion } = runSettings(settings); // wrong values are found before an adapter is looked for
    const idle = Object.keys(settings).filter((name) => TRAINING_ONLY.includes(name));
    const begin = (opened: Session) => {
      const session = workers === null ? opened : { ...opened, team: teamOf(call, opened, workers) };
      if (idle.length > 0 && !methodPreset(fusion.method).trained) opened.reporter.say(idleNote(fusion.method, idle));
      if (resume) return resumeRun(session, run, { data: data ?? undefined, model: model ?? undefined });
      return trainRun(session, { data: data!, model: model!, out: run, settings, force });
    };
    if (!resume) {
      need(data, 'data', 'name the folder of the data set');
      need(model, 'model', NAME_MODEL);
      await RunFolder.check(host, run, force);
      if (!isDicomWeb(data!)) await requireFolder(host, data!);
    }
    const { results, adapters, html } = await withGpu(call, async (session) => ({
      ...(await begin(session)),
      html: await reportOf(host, run, session.signal),
    }));
    if (json) host.stdout(`${JSON.stringify(results, null, 2)}\n`);
    else {
      host.stdout(trainTable(results));
      host.stdout(
        `${html}: the report; beside it results.json, predictions.csv, maps/, and ${adapters} for fusionclip predict\n`,
      );
    }
    return 0;
  },
};

/** The report of a run that is finished: whatever keeps it from being written, it can be made later. */
async function reportOf(host: Host, run: string, signal: AbortSignal): Promise<string> {
  const later = `the run in ${run} is finished; fusionclip report ${run} makes its report`;
  try {
    return await writeReport(host, run, undefined, { signal });
  } catch (error) {
    if (!(error instanceof FusionclipError)) throw error;
    throw new FusionclipError(error.code, `${error.message.replace(/\.$/, '')}; ${later}.`, { cause: error });
  }
}

/** Flags that were given for nothing. */
function idleNote(method: string, flags: readonly string[]): string {
  const names = flags.map((name) => `--${name}`).join(', ');
  return `fusionclip: ${method} has nothing to train, so ${names} ${flags.length === 1 ? 'changes' : 'change'} nothing.`;
}
