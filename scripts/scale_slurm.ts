/**
 * `npm run scale:slurm`: a SLURM of one node (Debian's munge, slurmctld and slurmd, in a folder of their own) runs the array that
 * `fusionclip plan --emit slurm` writes to its end; one task is put back in the queue. Work is done by a stand-in for the model, and
 * the merged bytes are held against those of a serial run. Where a daemon is missing or the system refuses one, that is said with its
 * own words. SLURM holds a task that was put back for two minutes, so this takes about three. Nothing that it has started outlives it.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { disk } from '../src/host/disk.ts';
import { LEASH } from '../src/host/leash.ts';
import { inPath, nodePath } from '../src/launch/runtimes.ts';
import { mergePlan } from '../src/shards/merged_files.ts';
import type { Plan } from '../src/shards/plan.ts';
import { workShards } from '../src/shards/work.ts';
import { planList, STAND_IN, writeList } from './queue/archive.ts';
import { until, within } from './queue/bounds.ts';
import { Child } from './queue/child.ts';

const ROWS = 4000;
const TASKS = 4;
const folder = mkdtempSync(join(tmpdir(), 'fusionclip-slurm-'));
const at = (name: string) => join(folder, name);
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const conf = { SLURM_CONF: at('slurm.conf') };

/** Runs a program to its end; what it wrote. @throws Error with its own words */
async function done(command: string, args: readonly string[], env: Record<string, string> = conf): Promise<string> {
  const child = new Child(command, args, env);
  const what = `${command} ${args.join(' ')}`;
  const end = await within(child.ended, { seconds: 60, what, state: () => child.text });
  if (end !== 0) throw new Error(`${what}: ${end}\n${child.text}`);
  return child.text;
}

/** Starts a daemon in the foreground. @throws Error with its own words where it does not stay */
async function daemon(name: string, args: readonly string[], isThere: () => Promise<boolean>): Promise<void> {
  const path = inPath(name) ?? `/usr/sbin/${name}`;
  const child = new Child(path, args, conf);
  let isUp = false;
  const look = async () => {
    while (!isUp && child.end === null) {
      isUp = await isThere().catch(() => false);
      if (!isUp) await new Promise((resolve) => setTimeout(resolve, 300));
    }
  };
  await within(look(), { seconds: 60, what: `${name} to start`, state: () => child.text });
  if (!isUp) throw new Error(`${name} is refused here (${child.end}): ${child.text.trim() || 'it said nothing'}`);
}

async function startSlurm(): Promise<void> {
  const node = hostname().split('.')[0];
  const { username } = userInfo();
  for (const name of ['state', 'spool']) mkdirSync(at(name));
  writeFileSync(at('munge.key'), randomBytes(1024), { mode: 0o400 });
  const lines = [
    'ClusterName=one',
    `SlurmctldHost=${node}(127.0.0.1)`,
    `SlurmUser=${username}`,
    `SlurmdUser=${username}`,
    `AuthInfo=socket=${at('munge.sock')}`,
    'SlurmctldPort=17817',
    'SlurmdPort=17818',
    `StateSaveLocation=${at('state')}`,
    `SlurmdSpoolDir=${at('spool')}`,
    `SlurmctldPidFile=${at('slurmctld.pid')}`,
    `SlurmdPidFile=${at('slurmd.pid')}`,
    'ProctrackType=proctrack/linuxproc', // no control groups are needed
    'TaskPlugin=task/none',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_Core',
    'MpiDefault=none',
    `NodeName=${node} NodeAddr=127.0.0.1 CPUs=2 RealMemory=4000`,
    `PartitionName=all Nodes=${node} Default=YES`,
  ];
  writeFileSync(at('slurm.conf'), `${lines.join('\n')}\n`);
  const files = [
    'key-file=munge.key',
    'socket=munge.sock',
    'pid-file=munged.pid',
    'log-file=munged.log',
    'seed-file=seed',
  ];
  const own = files.map((one) => `--${one.split('=')[0]}=${at(one.split('=')[1])}`);
  const socket = `--socket=${at('munge.sock')}`;
  await daemon('munged', ['--foreground', '--force', ...own], async () => Boolean(await done('munge', ['-n', socket])));
  await daemon('slurmctld', ['-D'], async () => (await done('scontrol', ['ping'])).includes('is UP'));
  await daemon('slurmd', ['-D'], async () => (await done('sinfo', ['-h', '-o', '%T'])).includes('idle'));
  console.log(`${(await done('sinfo', ['--version'])).trim()}: one node, ${node}`);
}

/** What the tasks wrote. */
function logsOf(plan: Plan): string {
  const logs = readdirSync(join(plan.path, 'jobs')).filter((name) => name.endsWith('.log'));
  return logs.map((name) => readFileSync(join(plan.path, 'jobs', name), 'utf8').trim()).join('\n');
}

async function runArray(plan: Plan): Promise<void> {
  const bin = script('../bin/fusionclip.mjs');
  const flags = ['--tasks', `${TASKS}`, '--parallel', '2', '--gpus', '0', '--cpus', '1', '--memory', '1'];
  await done(nodePath(), [bin, 'plan', plan.path, '--emit', 'slurm', ...flags]);
  // A task stands on no leash, as it has no input.
  const task = `env -u ${LEASH} ${process.execPath} run -A --no-lock --no-check --quiet ${script('queue/array_task.ts')}`;
  const env = { ...conf, FUSIONCLIP: task, FUSIONCLIP_BACKOFF: '1' };
  const job = /\d+/.exec(await done('sbatch', ['--parsable', join(plan.path, 'jobs/job.sh')], env))![0];
  // A line for each task: number, state, times that it was put back.
  const format = 'ArrayTaskID:10,State:14,RestartCnt:10';
  const states = async () =>
    (await done('squeue', ['-h', '-r', '-t', 'all', '-j', job, '-O', format])).trim().split('\n');
  let last: string[] = [];
  let isOver = false;
  const watch = async () => {
    while (!isOver) {
      last = await states();
      isOver = last.every((line) => /COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL/.test(line));
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  };
  watch().catch((error) => console.log(`FAILED: ${error.message}`));
  await until(() => isOver, {
    seconds: 400,
    what: 'the array to end',
    state: () => `${last.join('\n')}\n${logsOf(plan)}`,
  });
  const count = (form: RegExp) => last.filter((line) => form.test(line)).length;
  const [completed, again] = [count(/COMPLETED/), count(/ 1\s*$/)];
  const logs = readdirSync(join(plan.path, 'jobs')).filter((name) => name.endsWith('.log')).length;
  console.log(
    `an array of ${TASKS} tasks: ${completed} completed, ${again} of them put back in the queue once, ${logs} logs`,
  );
  if (completed !== TASKS || again !== 1) throw new Error(`${last.join('\n')}\n${logsOf(plan)}`);
}

try {
  const list = at('list.csv');
  await writeList(list, ROWS);
  const [serial, array] = [await planList(list, at('serial')), await planList(list, at('array'))];
  await workShards({ fs: disk, runtime: 'stand-in' }, serial, serial.shards(), STAND_IN);
  await startSlurm();
  await runArray(array);
  const [one, other] = [await mergePlan(disk, serial), await mergePlan(disk, array)];
  const isSame = readFileSync(one.results!).equals(readFileSync(other.results!));
  console.log(
    `${other.merged.rows} inputs, each exactly once; the merged bytes are ${isSame ? '' : 'not '}those of a serial run`,
  );
  if (!isSame || other.merged.rows !== ROWS) process.exitCode = 1;
} catch (error) {
  console.log(`FAILED: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
