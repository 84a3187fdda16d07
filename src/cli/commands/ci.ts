import { FusionclipError } from '../../base/errors.ts';
import { JUNIT, junitXml } from '../../base/junit.ts';
import { type OptionTable, toggle } from '../../base/option.ts';
import { requireOwnFile } from '../../base/own_file.ts';
import { joinPath } from '../../base/paths.ts';
import { FUSION_OPTIONS } from '../../fusion/index.ts';
import type { Host } from '../../host/host.ts';
import { type RunRecord, readRun, writeReport } from '../../report/index.ts';
import { TRAIN_OPTIONS } from '../../run/options.ts';
import { runSettings } from '../../run/run_config.ts';
import { RunFolder, requireNoRun } from '../../run/run_folder.ts';
import { checkJUnit, checkMarkdown, checkRun, checkText, limits } from '../../study/index.ts';
import { trainRun } from '../../train/index.ts';
import {
  type Call,
  type Command,
  exactly,
  flagValues,
  MODEL_HELP,
  NAME_MODEL,
  need,
  pickFlags,
  word,
} from '../command.ts';
import { GPU_FLAGS, type Session, withGpu } from '../session.ts';

const FLAGS = {
  data: word('DIR', 'the data set, as for train'),
  model: word('MODEL', MODEL_HELP),
  out: word(
    'DIR',
    'folder for run/, comparison.json and comparison.md; what an earlier call has left there is replaced',
  ),
  min: limits('the least that metrics of the test split may be'),
  drop: limits('the most that they may fall below those of the last run'),
  last: word(
    'DIR',
    'the last run: a run folder, or the --out of an earlier call; where nothing is, nothing is compared',
  ),
  keep: toggle(false, 'when it passes, what a comparison needs of this run takes the place of the one in --last'),
  junit: word('FILE', 'JUnit XML: a case for the run and one for each thing that is asked'),
  json: toggle(false, 'the comparison as JSON'),
} satisfies OptionTable;

/** What a comparison and a report need of a run: no weights, no picture. */
const KEPT = [
  ...['config.json', 'env.json', 'shots.json', 'data.json', 'metrics.jsonl', 'predictions.csv', 'bom.cdx.json'],
  'results.json',
];

/** Milliseconds between two lines about steps. */
const LOG_EVERY = 5000;

/** `fusionclip ci` */
export const ci: Command = {
  name: ['ci'],
  summary: 'trains, evaluates, compares with the last run and fails below given metrics, in headless Chrome: for CI',
  usage: '--data DIR --model MODEL --out DIR',
  examples: [
    'fusionclip ci --data data/Brain --model tiny-clip --out ci --min image.auroc=0.8 --junit ci/junit.xml',
    'fusionclip ci --data data/Brain --model tiny-clip --out ci --last last --keep --drop image.auroc=0.05,dice=0.1',
  ],
  details: `In headless Chrome where --runtime says nothing else. OUT gets run/, a run folder with its report.html;
comparison.json; and comparison.md, which a comment can hold. Below what --min and --drop ask for, the exit code is
13. Logs get a JSON line every few seconds. docs/ci.md has recipes for GitHub, GitLab and Jenkins.`,
  flags: [
    { title: 'Check', table: { ...FLAGS, ...GPU_FLAGS } },
    { title: 'Training and evaluation', table: TRAIN_OPTIONS },
    { title: 'Method', table: FUSION_OPTIONS },
  ],
  async run(call) {
    const { host } = call;
    exactly(0, call, 'fusionclip ci --data DIR --model MODEL --out DIR');
    const { junit, out } = flagValues(FLAGS, call);
    const start = performance.now();
    if (junit !== null) await requireOwnFile(host, junit, JUNIT);
    try {
      return await check(call, need(out, 'out', 'name the folder for the results'), start);
    } catch (error) {
      // A check that fails has written its own; this is a run that never came to be.
      if (junit !== null && error instanceof FusionclipError && error.code !== 'below') {
        const seconds = (performance.now() - start) / 1000;
        await host.writeFile(junit, junitXml('fusionclip ci', [{ name: 'run', failure: error.message, seconds }]));
      }
      throw error;
    }
  },
};

async function check(call: Call, out: string, start: number): Promise<number> {
  const { host, flags } = call;
  const values = flagValues(FLAGS, call);
  const data = need(values.data, 'data', 'name the folder of the data set');
  const model = need(values.model, 'model', NAME_MODEL);
  const { min, drop, last: lastFolder, keep, junit, json } = values;
  if (keep && lastFolder === null) need(null, 'last', '--keep says that this run is kept there');
  const settings = pickFlags({ ...TRAIN_OPTIONS, ...FUSION_OPTIONS }, flags);
  runSettings(settings); // wrong values are found before an adapter is looked for
  await requireNoRun(host, out);
  if (keep) await RunFolder.check(host, lastFolder!, true);
  const last = await lastRun(host, lastFolder);
  const run = joinPath(out, 'run');
  const [asJson, asMarkdown] = ['comparison.json', 'comparison.md'].map((name) => joinPath(out, name));
  // What a broken run leaves must not be taken for its results.
  for (const file of [asJson, asMarkdown]) await host.remove(file);
  const request = { data, model, out: run, settings, force: true };
  const work = async (session: Session) => {
    await trainRun(session, request);
    await writeReport(host, run, undefined, { signal: session.signal });
  };
  await withGpu(call, work, { stepsEvery: LOG_EVERY });
  const checked = checkRun(await readRun(host, run), last, { min, drop });
  await host.writeFile(asJson, `${JSON.stringify(checked, null, 2)}\n`);
  await host.writeFile(asMarkdown, checkMarkdown(checked));
  if (junit !== null) await host.writeFile(junit, checkJUnit(checked, (performance.now() - start) / 1000));
  host.stdout(json ? `${JSON.stringify(checked, null, 2)}\n` : checkText(checked));
  const failures = checked.metrics.flatMap(({ failure }) => failure ?? []);
  if (failures.length > 0) throw new FusionclipError('below', `${failures.join('; ')} (${asMarkdown} has all of it).`);
  if (keep) await keepRun(host, run, lastFolder!);
  return 0;
}

/** The run in a folder, or in `run/` of it; null where there is nothing. */
async function lastRun(host: Host, folder: string | null): Promise<RunRecord | null> {
  if (folder === null) return null;
  for (const path of [folder, joinPath(folder, 'run')]) {
    if (await host.stat(joinPath(path, 'config.json'))) return readRun(host, path);
  }
  const isThere = (await host.stat(folder)) !== null && (await host.list(folder)).length > 0;
  if (!isThere) return null;
  throw new FusionclipError(
    'io',
    `${folder} holds files and no run; give the folder of one with --last, or an empty one.`,
  );
}

/** Puts what is needed of a run in place of what a folder holds. */
async function keepRun(host: Host, run: string, folder: string): Promise<void> {
  await RunFolder.create(host, folder);
  for (const name of KEPT) {
    const file = joinPath(run, name);
    if (await host.stat(file)) await host.writeFile(joinPath(folder, name), await host.readFile(file));
  }
}
