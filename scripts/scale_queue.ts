/**
 * `npm run scale:queue -- [volume|locks|rate|model|all] [--rows N] [--server PROGRAM]`: the queue against a real Redis or Valkey on
 * loopback, with eight workers.
 *
 * * `volume`: a plan of N inputs (10⁶) with a stand-in for the model, 50 workers killed, Redis killed three times, all connections cut
 *   three times; the merged bytes are those of a serial run.
 * * `locks`: shards of five minutes that block their process, with locks of 30 seconds (`--seconds` gives less of both).
 * * `rate`: shards that sleep four seconds (`--seconds`), done by 1, 2, 4 and 8 workers, against as many times one.
 * * `model`: the built program with the model that comes with it, a worker killed; the merged bytes are those of `fusionclip work`.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { disk } from '../src/host/disk.ts';
import { nodePath } from '../src/launch/runtimes.ts';
import { mergePlan } from '../src/shards/merged_files.ts';
import { partPath } from '../src/shards/parts.ts';
import type { Plan } from '../src/shards/plan.ts';
import { workShards } from '../src/shards/work.ts';
import { planList, STAND_IN, smallPlan, writeList } from './queue/archive.ts';
import { Crew } from './queue/crew.ts';
import { RedisServer, redisProgram, Way } from './queue/redis.ts';

const BIN = fileURLToPath(new URL('../bin/fusionclip.mjs', import.meta.url));
const WORKERS = 8;
const flag = (name: string) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? null : process.argv[at + 1];
};
const parts = { volume, locks, rate, model };
const wanted = process.argv.slice(2).find((word) => Object.hasOwn(parts, word)) ?? 'all';
const program = redisProgram(flag('server'));
const folder = mkdtempSync(join(tmpdir(), 'fusionclip-queue-'));
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
let failed = false;

function say(text: string, holds = true): void {
  console.log(`${holds ? '' : 'FAILED: '}${text}`);
  if (!holds) failed = true;
}

/** Runs the program; what it wrote. @throws when it fails */
function fusionclip(args: readonly string[], quiet = true) {
  const child = spawn(nodePath(), [BIN, ...args], { stdio: ['ignore', 'pipe', quiet ? 'ignore' : 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const ended = new Promise<string>((resolve, reject) => {
    child.once('close', (code) =>
      code === 0 ? resolve(text) : reject(new Error(`${args.join(' ')}: ${code}\n${text}`)),
    );
  });
  ended.catch(() => {});
  return { child, ended };
}

/** A server, and a plan fed to it by the program, which waits to its end. */
async function withServer<T>(
  name: string,
  body: (server: RedisServer, way: Way, url: string) => Promise<T>,
): Promise<T> {
  const server = await RedisServer.start(program, join(folder, name));
  const way = await Way.to(server.port);
  try {
    return await body(server, way, `redis://127.0.0.1:${way.port}`);
  } finally {
    way.close();
    await server.kill();
  }
}

const feeding = (plan: Plan, url: string) => fusionclip(['queue', plan.path, '--redis', url, '--wait']).ended;

async function volume(): Promise<void> {
  const rows = Number(flag('rows') ?? 1e6);
  const kills = Number(flag('kills') ?? 50);
  const list = join(folder, 'list.csv');
  await writeList(list, rows);
  const serial = await planList(list, join(folder, 'serial'));
  await workShards({ fs: disk, runtime: 'serial' }, serial, serial.shards(), STAND_IN);
  const expected = readFileSync((await mergePlan(disk, serial)).results!);
  rmSync(join(folder, 'serial'), { recursive: true });
  const plan = await planList(list, join(folder, 'plan'));
  const { shards } = plan.facts;
  await withServer('volume', async (server, way, url) => {
    const crew = new Crew(url, 5, Number(flag('ms') ?? 200));
    let most = 0;
    let job = 0;
    const watch = setInterval(() => {
      void server
        .ask(async (client) => {
          const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))![1]);
          most = Math.max(most, used);
          const [, keys] = await client.scan(0, 'MATCH', 'bull:fusionclip:????????????????', 'COUNT', 20);
          for (const key of keys) {
            const b = Number(await client.memory('USAGE', key)) || 0;
            if (b > job) {
              job = b;
              if (process.env.CREW_LOG) console.log(b, await client.hgetall(key));
            }
          }
        })
        .catch(() => {});
    }, 500);
    await crew.start(WORKERS);
    const start = performance.now();
    const fed = feeding(plan, url);
    // Workers are killed in turn while shards are done; among them Redis is killed, and the connections are cut.
    const events = Array.from({ length: kills }, (_, i) => () => Promise.resolve(crew.kill(i % WORKERS)));
    const outages = [
      async () => {
        await server.kill();
        await pause(1000);
        await server.start();
      },
      () => way.cut(1500),
    ];
    for (let i = 0; i < 6; i++)
      events.splice(Math.floor(((i + 1) * events.length) / 7), 0, outages[i % 2] as () => Promise<void>);
    for (const [i, event] of events.entries()) {
      while (crew.ended < (i * 0.9 * shards) / events.length) await pause(20);
      if (process.env.CREW_LOG) console.log('event', i, crew.ended);
      await event();
    }
    await fed;
    const seconds = (performance.now() - start) / 1000;
    clearInterval(watch);
    const keys = await server.ask((client) => client.keys('*'));
    await crew.close();
    const { merged, results } = await mergePlan(disk, plan);
    const same = readFileSync(results!).equals(expected);
    say(
      `${rows} inputs in ${shards} shards by ${WORKERS} workers in ${seconds.toFixed(0)} s; ${kills} workers killed, Redis killed 3 times, connections cut 3 times`,
    );
    say(
      `${merged.rows} of ${plan.facts.inputs} inputs, each exactly once`,
      merged.rows === rows && merged.missing.length === 0,
    );
    say(
      `the merged bytes are ${same ? '' : 'not '}those of the serial run (${(statSync(results!).size / 2 ** 20).toFixed(0)} MiB)`,
      same,
    );
    say(`Redis used ${(most / 2 ** 20).toFixed(1)} MiB at most, a job ${job} bytes`, most < 50 * 2 ** 20 && job < 1024);
    const left = keys.filter((key) => /:[\w-]{16}$/.test(key));
    say(`${left.length} jobs are left in Redis`, left.length === 0);
  });
}

async function locks(): Promise<void> {
  const seconds = Number(flag('seconds') ?? 300);
  const lock = Math.max(1, seconds / 10);
  const plan = await smallPlan(join(folder, 'locks'), WORKERS);
  await withServer('locks', async (_server, _way, url) => {
    const crew = new Crew(url, lock, seconds * 1000);
    await crew.start(WORKERS);
    await feeding(plan, url);
    await crew.close();
    const text = `${WORKERS} shards of ${seconds} s with locks of ${lock} s: ${crew.lost} locks lost, ${crew.ended} shards ended`;
    say(text, crew.lost === 0 && crew.ended === WORKERS);
  });
}

async function rate(): Promise<void> {
  const rounds = Number(flag('rounds') ?? 12);
  const seconds = Number(flag('seconds') ?? 4);
  for (const workers of (flag('workers') ?? '1,2,4,8').split(',').map(Number)) {
    const plan = await smallPlan(join(folder, `rate-${workers}`), rounds * workers + workers);
    await withServer(`rate-${workers}`, async (_server, _way, url) => {
      const crew = new Crew(url, 30, seconds * 1000);
      await crew.start(workers);
      await feeding(plan, url);
      await crew.close();
    });
    // The first shard of each worker starts its process and is left out.
    const times: number[] = [];
    for await (const shard of plan.shards()) times.push(statSync(partPath(plan, shard)).mtimeMs);
    times.sort((a, b) => a - b);
    const taken = (times.at(-1)! - times[workers - 1]) / 1000;
    const share = (rounds * seconds) / taken;
    say(`${workers} workers, shards of ${seconds} s: ${share.toFixed(3)} of the ideal`, share >= 0.9);
  }
}

async function model(): Promise<void> {
  const base = join(folder, 'model');
  mkdirSync(base);
  const at = (name: string) => join(base, name);
  const set = ['--train', '0', '--valid', '24', '--test', '96', '--size', '64', '--seed', '5'];
  await fusionclip(['phantom', '--set', 'brain', '--out', at('data'), ...set]).ended;
  const quick = ['--shots', '2', '--aug', 'none', '--size', '64', '--map.files', 'none', '--epochs', '1'];
  await fusionclip(['train', '--data', at('data/Brain'), '--model', 'tiny-clip', ...quick, '--out', at('run')]).ended;
  for (const name of ['serial', 'queue']) {
    const cut = ['--least', '4', '--most', '6', '--out', at(name)];
    await fusionclip(['plan', 'archive', at('data/Brain/test'), '--run', at('run'), ...cut]).ended;
  }
  await fusionclip(['work', at('serial')]).ended;
  await withServer('real', async (_server, _way, url) => {
    const fed = fusionclip(['queue', at('queue'), '--redis', url, '--wait']).ended;
    const worker = () => fusionclip(['worker', '--redis', url, '--drain', '--lock', '2']);
    const killed = worker();
    while (!(await hasPart(at('queue')))) await pause(100);
    killed.child.kill('SIGKILL');
    await Promise.all([worker().ended, worker().ended]);
    await fed;
  });
  const bytes: Buffer[] = [];
  for (const name of ['serial', 'queue']) {
    const text = await fusionclip(['merge', at(name)]).ended;
    if (name === 'queue') say(`real model: ${text.split('\n')[0]}`);
    bytes.push(readFileSync(join(at(name), 'merged/results.csv')));
  }
  const same = bytes[0].equals(bytes[1]);
  say(`the merged bytes are ${same ? '' : 'not '}those of fusionclip work, with one worker killed`, same);
}

async function hasPart(plan: string): Promise<boolean> {
  return (await disk.stat(join(plan, 'parts'))) !== null;
}

try {
  for (const [name, part] of Object.entries(parts)) if (wanted === 'all' || wanted === name) await part();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
