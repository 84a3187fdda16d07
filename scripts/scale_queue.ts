/**
 * `npm run scale:queue -- [volume|jobs|locks|rate|tls|model|all] [--rows N] [--server PROGRAM] [--idle SECONDS] [--limit SECONDS]`: the queue against a real Redis or Valkey on
 * loopback, with eight workers.
 *
 * * `volume`: a plan of N inputs (10⁶) with a stand-in for the model, 50 workers killed, Redis killed three times, all connections cut
 *   three times; the merged bytes are those of a serial run.
 * * `jobs`: a plan of 2·10⁵ shards (`--shards`), as many as 10⁸ images have, put into the queue: seconds and memory of Redis.
 * * `locks`: shards of five minutes that block their process, with locks of 30 seconds (`--seconds` gives less of both).
 * * `rate`: shards that sleep four seconds (`--seconds`), done by 1, 2, 4 and 8 workers, against as many times one.
 * * `tls`: a server with TLS, a user and a password from the environment; what is refused, with which sentence, and who sees the password.
 * * `model`: the built program with the model that comes with it, a worker killed; the merged bytes are those of `fusionclip work`.
 *
 * It ends: with a sentence after `--idle` seconds (180) in which nothing went on, and after `--limit` seconds (3600) in any case.
 * Nothing that it has started outlives it.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { disk } from '../src/host/disk.ts';
import { EXIT_CODES } from '../src/host/exit_codes.ts';
import { nodePath } from '../src/launch/runtimes.ts';
import { mergePlan } from '../src/shards/merged_files.ts';
import { partPath } from '../src/shards/parts.ts';
import type { Plan } from '../src/shards/plan.ts';
import { workShards } from '../src/shards/work.ts';
import { planList, STAND_IN, smallPlan, writeList } from './queue/archive.ts';
import { type Bound, until, within } from './queue/bounds.ts';
import { Child } from './queue/child.ts';
import { Crew } from './queue/crew.ts';
import { guarded } from './queue/guarded.ts';
import { RedisServer, redisProgram, Way } from './queue/redis.ts';

const BIN = fileURLToPath(new URL('../bin/fusionclip.mjs', import.meta.url));
const WORKERS = 8;
const flag = (name: string) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? null : process.argv[at + 1];
};
const parts = { volume, jobs, locks, rate, tls, model };
const wanted = process.argv.slice(2).find((word) => Object.hasOwn(parts, word)) ?? 'all';
const program = redisProgram(flag('server'));
const folder = mkdtempSync(join(tmpdir(), 'fusionclip-queue-'));
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
let failed = false;

function say(text: string, holds = true): void {
  console.log(`${holds ? '' : 'FAILED: '}${text}`);
  if (!holds) failed = true;
}

/** Seconds without a shard that ends, or a line of a program, after which a run is given up. */
const IDLE = Number(flag('idle') ?? 180);

function fusionclip(args: readonly string[], env: Readonly<Record<string, string>> = {}): Child {
  return new Child(nodePath(), [BIN, ...args], env);
}

/** Runs the program to its end; what it wrote. @throws Error when it fails, or says nothing for long */
async function done(args: readonly string[], child = fusionclip(args)): Promise<string> {
  const what = `fusionclip ${args.join(' ')}`;
  const end = await within(child.ended, { seconds: IDLE, what, life: () => child.text, state: () => child.text });
  if (end !== 0) throw new Error(`${what}: ${end}\n${child.text}`);
  return child.text;
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

/** Feeds the queue until all is done. Where Redis is away as it starts it ends, to be tried again, and is. */
class Feeder {
  readonly done: Promise<void>;
  #child: Child | null = null;
  #isOver = false;
  isDone = false;

  constructor(plan: Plan, url: string) {
    this.done = this.#run(['queue', plan.path, '--redis', url, '--wait']);
  }

  async #run(args: readonly string[]): Promise<void> {
    while (!this.#isOver) {
      this.#child = fusionclip(args);
      const end = await this.#child.ended;
      this.isDone = end === 0;
      if (this.isDone) return;
      if (end !== EXIT_CODES.io) throw new Error(`fusionclip ${args.join(' ')}: ${end}\n${this.#child.text}`);
      await pause(500);
    }
  }

  state(): string {
    return `  the feeder: ${this.#child?.text.trim().split('\n').slice(-3).join(' | ')}`;
  }

  close(): void {
    this.#isOver = true;
    this.#child?.kill();
  }
}

/** Feeds a plan to workers and waits for its end, while `meanwhile` happens. */
async function feed(
  plan: Plan,
  url: string,
  crew: Crew,
  idle: number,
  meanwhile?: (bound: Bound, isDone: () => boolean) => Promise<void>,
): Promise<void> {
  const feeder = new Feeder(plan, url);
  const state = () => `${crew.state()}\n${feeder.state()}`;
  const bound = { seconds: idle, what: `${plan.facts.shards} shards to be done`, life: () => crew.ended, state };
  try {
    await Promise.all([within(feeder.done, bound), meanwhile?.(bound, () => feeder.isDone)]);
  } finally {
    feeder.close();
    await crew.close();
  }
}

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
    const jobsLeft = async () => {
      const keys = await server.ask((client) => client.keys('*'));
      return keys.filter((key) => /:[\w-]{16}$/.test(key)).length;
    };
    await crew.start(WORKERS);
    const start = performance.now();
    let seconds = 0;
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
    await feed(plan, url, crew, IDLE, async (bound, isDone) => {
      for (const [i, event] of events.entries()) {
        const wanted = (i * 0.9 * shards) / events.length;
        await until(() => crew.ended >= wanted || isDone(), bound);
        if (process.env.CREW_LOG) console.log('event', i, crew.ended);
        await event();
      }
      await until(isDone, bound);
      seconds = (performance.now() - start) / 1000;
      // A job that a killed Redis remembers too well is taken once more, when its lock has run out.
      for (let i = 0; i < 30 && (await jobsLeft()) > 0; i++) await pause(1000);
    });
    clearInterval(watch);
    const left = await jobsLeft();
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
    say(`${left} jobs are left in Redis`, left === 0);
  });
}

async function jobs(): Promise<void> {
  const plan = await smallPlan(join(folder, 'jobs'), Number(flag('shards') ?? 2e5));
  await withServer('jobs', async (server, _way, url) => {
    const start = performance.now();
    await done(['queue', plan.path, '--redis', url]);
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    const used = Number(/used_memory:(\d+)/.exec(await server.ask((client) => client.info('memory')))![1]);
    say(`${plan.facts.shards} jobs put into the queue in ${seconds} s; Redis uses ${(used / 2 ** 20).toFixed(0)} MiB`);
  });
}

async function locks(): Promise<void> {
  const seconds = Number(flag('seconds') ?? 300);
  const lock = Math.max(1, seconds / 10);
  const plan = await smallPlan(join(folder, 'locks'), WORKERS);
  await withServer('locks', async (_server, _way, url) => {
    const crew = new Crew(url, lock, seconds * 1000);
    await crew.start(WORKERS);
    await feed(plan, url, crew, IDLE + 2 * seconds);
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
      await feed(plan, url, crew, IDLE + 2 * seconds);
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

function tls(): Promise<void> {
  return guarded(program, join(folder, 'guarded'), fusionclip, smallPlan, say);
}

async function model(): Promise<void> {
  const base = join(folder, 'model');
  mkdirSync(base);
  const at = (name: string) => join(base, name);
  const set = ['--train', '0', '--valid', '24', '--test', '96', '--size', '64', '--seed', '5'];
  await done(['phantom', '--set', 'brain', '--out', at('data'), ...set]);
  const quick = ['--shots', '2', '--aug', 'none', '--size', '64', '--map.files', 'none', '--epochs', '1'];
  await done(['train', '--data', at('data/Brain'), '--model', 'tiny-clip', ...quick, '--out', at('run')]);
  for (const name of ['serial', 'queue']) {
    const cut = ['--least', '4', '--most', '6', '--out', at(name)];
    await done(['plan', 'archive', at('data/Brain/test'), '--run', at('run'), ...cut]);
  }
  await done(['work', at('serial')]);
  await withServer('real', async (_server, _way, url) => {
    const fed = done(['queue', at('queue'), '--redis', url, '--wait']);
    const work = ['worker', '--redis', url, '--drain', '--lock', '2'];
    const killed = fusionclip(work);
    const isBegun = () => existsSync(join(at('queue'), 'parts')) || killed.end !== null;
    await until(isBegun, { seconds: IDLE, what: 'the first part', state: () => killed.text });
    killed.kill();
    await Promise.all([done(work), done(work), fed]);
  });
  const bytes: Buffer[] = [];
  for (const name of ['serial', 'queue']) {
    const text = await done(['merge', at(name)]);
    if (name === 'queue') say(`real model: ${text.split('\n').find((line) => line.includes('input')) ?? text}`);
    bytes.push(readFileSync(join(at(name), 'merged/results.csv')));
  }
  const same = bytes[0].equals(bytes[1]);
  say(`the merged bytes are ${same ? '' : 'not '}those of fusionclip work, with one worker killed`, same);
}

const limit = Number(flag('limit') ?? 3600);
const timer = setTimeout(() => {
  console.log(`FAILED: This was not done after ${limit} s (--limit).`);
  process.exit(1);
}, limit * 1000);
process.on('exit', () => {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {} // a process that was killed just now may still write there
});
try {
  for (const [name, part] of Object.entries(parts)) if (wanted === 'all' || wanted === name) await part();
} catch (error) {
  say(error instanceof Error ? error.message : String(error), false);
}
clearTimeout(timer);
process.exit(failed ? 1 : 0);
