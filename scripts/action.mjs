/**
 * `npm run action [-- --keep-folder]`: runs the steps of ci/action/action.yml as a runner of GitHub Actions does, on an installed tarball,
 * the embedded model and phantoms: a push that passes and is kept, a pull request that passes and gets a comment, one that
 * falls below what is asked. `run` steps run as they stand; what `uses` names (caches, artifacts) is a folder here, and `gh` a
 * stand-in that keeps comments. Needs jq, and the network for npm; not part of `npm test`.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const action = parse(readFileSync(join(root, 'ci/action/action.yml'), 'utf8'));
const scratch = mkdtempSync(join(tmpdir(), 'fusionclip-action-'));
const work = join(scratch, 'work');
mkdirSync(work);
let failures = 0;

function expect(what, isTrue, more = '') {
  console.log(`${isTrue ? 'ok   ' : 'FAIL '} ${what}${isTrue ? '' : `\n${more}`}`);
  if (!isTrue) failures++;
}

function must(cwd, command, ...args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed\n${stdout}\n${stderr}`);
  return stdout;
}

/** `a.b == 'c' && success()`: as much of GitHub's expressions as the action has. */
function evaluate(expression, context) {
  return expression.split('&&').reduce((so, part) => {
    const [left, right] = part.split('==').map((side) => term(side.trim(), context));
    return so && (right === undefined ? left : String(left) === String(right));
  }, true);
}

function term(text, context) {
  if (text === 'always()') return true;
  if (text === 'success()') return context.success;
  if (/^'.*'$/.test(text)) return text.slice(1, -1);
  const found = text.split('.').reduce((value, key) => value?.[key], context);
  if (found === undefined) throw new Error(`the action names ${text}, which a runner does not have`);
  return found;
}

function fill(text, context) {
  return String(text ?? '').replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression) => String(evaluate(expression, context)));
}

/** Files by a pattern whose last part may hold stars. */
function matching(pattern, folder) {
  const place = dirname(pattern);
  const last = new RegExp(`^${basename(pattern).replace(/[.]/g, '\\.').replace(/[*]/g, '.*')}$`);
  const names = existsSync(join(folder, place)) ? readdirSync(join(folder, place)) : [];
  return names.filter((name) => last.test(name)).map((name) => join(place, name));
}

/** What a runner keeps between jobs, by key. */
const caches = join(scratch, 'caches');
/** A stand-in for GitHub's own program: comments lie in a file, and its filter is jq's. */
const bin = join(scratch, 'bin');
mkdirSync(bin);
writeFileSync(
  join(bin, 'gh'),
  `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs');
const [, ...args] = process.argv.slice(1);
const file = ${JSON.stringify(join(scratch, 'comments.json'))};
const comments = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
const body = () => readFileSync(args.find((one) => one.startsWith('body=@')).slice(6), 'utf8');
appendFileSync(${JSON.stringify(join(scratch, 'gh.log'))}, args.join(' ') + '\\n');
if (!process.env.GH_TOKEN) throw new Error('no token');
if (args.includes('--paginate')) {
  const filter = args[args.indexOf('--jq') + 1];
  const { stdout, error } = require('node:child_process').spawnSync('jq', ['-r', filter], { input: JSON.stringify(comments) });
  if (error) throw error;
  process.stdout.write(stdout);
} else if (args.includes('PATCH')) {
  const id = Number(args.find((one) => one.startsWith('repos/')).split('/').pop());
  comments.find((one) => one.id === id).body = body();
} else comments.push({ id: 100 + comments.length, body: body() });
writeFileSync(file, JSON.stringify(comments));
`,
);
chmodSync(join(bin, 'gh'), 0o755);

/** Runs all steps of a job; returns how it ended and what it gave. */
function job(event, inputs, run) {
  const temp = join(scratch, `temp-${run}`);
  mkdirSync(temp);
  const github = { event_name: event, event: { number: 7 }, run_id: run, token: 'secret' };
  const context = { github, runner: { os: 'Linux', arch: 'X64', temp }, steps: {}, inputs: {}, success: true };
  for (const [name, { default: otherwise, required }] of Object.entries(action.inputs)) {
    if (required && inputs[name] === undefined) throw new Error(`the input ${name} is required`);
    context.inputs[name] = inputs[name] ?? fill(otherwise, context);
  }
  const summary = join(temp, 'summary.md');
  const artifacts = [];
  const skipped = [];
  for (const [i, step] of action.runs.steps.entries()) {
    const name = step.id ?? step.uses;
    if (!evaluate(step.if ?? 'success()', context)) {
      skipped.push(name);
      continue;
    }
    const given = Object.fromEntries(
      Object.entries(step.with ?? {}).map(([key, value]) => [key, fill(value, context)]),
    );
    if (step.uses) {
      used(step.uses.split('@')[0], given, artifacts);
      continue;
    }
    const output = join(temp, `output-${i}`);
    const script = join(temp, `step-${i}.sh`);
    writeFileSync(output, '');
    writeFileSync(script, step.run);
    const own = Object.fromEntries(Object.entries(step.env ?? {}).map(([key, value]) => [key, fill(value, context)]));
    const env = {
      ...process.env,
      PATH: `${bin}:${process.env.PATH}`,
      CI: 'true',
      ...{ GITHUB_ACTIONS: 'true', GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary, RUNNER_TEMP: temp },
      ...{ GITHUB_REPOSITORY: 'some/where', GITHUB_WORKSPACE: work, GITHUB_EVENT_NAME: event },
      ...own,
    };
    // As a runner starts `shell: bash`.
    const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
      ...{ cwd: work, env, encoding: 'utf8', maxBuffer: 2 ** 26 },
    });
    context.steps[name] = { outputs: keyValues(readFileSync(output, 'utf8')), code: status, stdout, stderr };
    if (status !== 0) context.success = false;
  }
  const outputs = Object.entries(action.outputs).map(([name, { value }]) => [name, fill(value, context)]);
  const text = existsSync(summary) ? readFileSync(summary, 'utf8') : '';
  return {
    success: context.success,
    outputs: Object.fromEntries(outputs),
    steps: context.steps,
    summary: text,
    artifacts,
    skipped,
  };
}

function keyValues(text) {
  return Object.fromEntries(
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => /^([^=]+)=(.*)$/.exec(line).slice(1)),
  );
}

/** Actions of GitHub: caches by the first path alone, which is enough here, and artifacts as a list of files. */
function used(name, given, artifacts) {
  const paths = given.path.split('\n').filter(Boolean);
  if (name === 'actions/upload-artifact') {
    artifacts.push(...paths.flatMap((path) => matching(path, work)));
    return;
  }
  const key = given.key.replace(/\W/g, '_');
  const folder = (which) => join(caches, `${which}-${paths.length}`);
  if (name === 'actions/cache/save') cpSync(paths[0], folder(key), { recursive: true });
  else if (name === 'actions/cache/restore') {
    const prefix = given['restore-keys'].trim().replace(/\W/g, '_');
    const [found] = matching(`${prefix}*`, caches);
    if (found) cpSync(join(caches, found), paths[0], { recursive: true });
  } else if (name === 'actions/cache') {
    // The program of the job before; what it unpacks lies in the home of this machine in any case.
    if (existsSync(programCache)) cpSync(programCache, paths[0], { recursive: true, verbatimSymlinks: true });
  } else throw new Error(`the action uses ${name}, which stands for nothing here`);
}

const programCache = join(scratch, 'program');
try {
  if (!process.env.FUSIONCLIP_BUILT) must(root, process.execPath, 'scripts/build.mjs');
  const [{ filename }] = JSON.parse(
    must(root, 'npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', work),
  );
  const phantom = ['--set', 'brain', '--train', '0', '--valid', '12', '--test', '6', '--size', '96', '--out', 'data'];
  must(work, process.execPath, join(root, 'bin/fusionclip.mjs'), 'phantom', ...phantom);
  const inputs = {
    data: 'data/Brain',
    args: '--shots 2 --aug none --size 84\n--epochs 2',
    min: 'image.auroc=0.2',
    package: `./${filename}`,
  };

  const push = job('push', inputs, 1);
  const log = ({ steps }) =>
    `${steps.install?.stderr ?? ''}\n${steps.check?.stdout ?? ''}\n${steps.check?.stderr ?? ''}`;
  expect('a push passes', push.success && push.outputs.passed === 'true', log(push));
  expect('in headless Chrome', /; chrome \d+/.test(push.steps.check?.stderr ?? ''), log(push));
  expect(
    'the summary is the comparison',
    push.summary.startsWith('<!-- fusionclip ci: Brain, fusionclip -->'),
    push.summary,
  );
  const files = [
    'comparison.json',
    'comparison.md',
    'junit.xml',
    'run/report.html',
    'run/results.json',
    'run/bom.cdx.json',
  ];
  const missing = files.filter((name) => !push.artifacts.includes(join('fusionclip-ci', name)));
  expect('report, comparison, JUnit and bill are artifacts', missing.length === 0, `missing: ${missing}`);
  expect('no weights among them', !push.artifacts.some((name) => name.includes('safetensors')));
  expect('a push gets no comment', push.skipped.includes('comment'));
  cpSync(join(scratch, 'temp-1/fusionclip-program'), programCache, { recursive: true, verbatimSymlinks: true });

  const pull = job('pull_request', { ...inputs, drop: 'image.auroc=0.01' }, 2);
  const compared = JSON.parse(readFileSync(join(work, pull.outputs.comparison), 'utf8'));
  expect('a pull request with the same bits passes', pull.success, log(pull));
  expect('it is compared with the push', compared.paired && compared.metrics[0].change === 0, JSON.stringify(compared));
  expect(
    'it is not kept',
    pull.skipped.some((one) => one.startsWith('actions/cache/save@')),
    pull.skipped.join(),
  );
  const comments = () => JSON.parse(readFileSync(join(scratch, 'comments.json'), 'utf8'));
  expect('it gets one comment', comments().length === 1 && comments()[0].body === pull.summary);

  const worse = job('pull_request', { ...inputs, min: 'pixel.auroc=1' }, 3);
  expect('below what is asked it fails', !worse.success && worse.steps.check.code === 13, log(worse));
  expect('and says so', worse.outputs.passed === 'false' && /FAILED/.test(worse.summary), worse.summary);
  expect('its results are artifacts all the same', worse.artifacts.includes(join('fusionclip-ci', 'comparison.md')));
  expect('the comment is replaced', comments().length === 1 && /FAILED/.test(comments()[0].body));
} catch (error) {
  console.log(`FAIL  ${error.stack}`);
  failures++;
} finally {
  if (process.argv.includes('--keep-folder')) console.log(scratch);
  else rmSync(scratch, { recursive: true, force: true });
}
console.log(`${failures} failures`);
process.exitCode = failures ? 1 : 0;
