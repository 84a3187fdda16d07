import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { redisAddress } from '../../src/queue/address.ts';
import { endOf } from '../../src/queue/feed.ts';
import { jobName, planTag, type ShardJob } from '../../src/queue/jobs.ts';
import { otherWork } from '../../src/queue/other_work.ts';
import { ShardWorker } from '../../src/queue/shard_worker.ts';
import { OF_WORKER } from '../../src/shards/again.ts';
import { partPath, readFailure } from '../../src/shards/parts.ts';
import type { Plan, Shard } from '../../src/shards/plan.ts';
import { readAnswer, serveShards } from '../../src/shards/serve.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suite, test } from '../harness/registry.ts';
import { planOf, StandIn, shardsOf } from '../shards/stand_in.ts';
import { FakeProcesses, type Reply } from './fake_process.ts';

const INPUTS = Array.from({ length: 12 }, (_, i) => ({ path: `/a/${i}.png`, patient: `p${i}` }));

function answer(id: string, state: string, code: string | null = null, ofWorker = false): string {
  return JSON.stringify({ id, state, reason: code && `why of ${id}`, code, images: 3, ofWorker });
}

/** A worker on processes that answer so, a plan of four shards, and what the worker waited. */
async function workerOf(
  reply: Reply,
  options: { plan?: string; minutes?: number; sleep?: (seconds: number) => Promise<void> } = {},
) {
  const fs = new MemoryFileSystem();
  const plan = await planOf(fs, INPUTS, { least: 3, most: 3 });
  const processes = new FakeProcesses(reply);
  const waits: number[] = [];
  const said: string[] = [];
  const worker = new ShardWorker(processes.host(fs), {
    ...{ plan: null, flags: ['--model', 'm'], minutes: 60 },
    say: (text) => void said.push(text),
    sleep: async (seconds) => void waits.push(seconds),
    ...options,
  });
  const shards = await shardsOf(plan);
  const tag = await planTag(plan.path);
  const take = async (shard: Shard, path: string | null = plan.path) =>
    worker.do(path, await jobName(tag, shard), { plan: tag, at: shard.number });
  return { fs, plan, processes, worker, waits, said, shards, take };
}

/** Lets everything go on that waits for something else than a promise. */
const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

suite('queue', () => {
  test('the address of Redis comes from the flag or the environment, a password from the environment alone', async () => {
    const files = new MemoryFileSystem([['/ca.pem', new TextEncoder().encode('PEM')]]);
    const at = (url: string | null, env: Record<string, string> = {}) =>
      redisAddress({ env: (name) => env[name], readFile: (path) => files.readFile(path) }, url);
    assert.deepEqual(await at('redis://queue'), {
      name: 'redis://queue:6379',
      options: { host: 'queue', port: 6379, db: 0 },
    });
    const env = {
      FUSIONCLIP_REDIS: 'rediss://ann:h%40t@queue:7000/3',
      FUSIONCLIP_REDIS_CA: '/ca.pem',
    };
    const { name, options } = await at(null, env);
    assert.equal(name, 'rediss://queue:7000/3');
    assert.deepEqual(options, {
      ...{ host: 'queue', port: 7000, db: 3, username: 'ann', password: 'h@t' },
      tls: { ca: 'PEM', servername: 'queue' },
    });
    const own = { ...env, FUSIONCLIP_REDIS_USER: 'bob', FUSIONCLIP_REDIS_PASSWORD: 'secret' };
    assert.include((await at('valkeys://[::1]:1', own)).options, { host: '::1', username: 'bob', password: 'secret' });
    assert.notProperty((await at('valkeys://[::1]:1', own)).options.tls!, 'servername');
    await expectFailure('usage', [/seen by everyone.*FUSIONCLIP_REDIS_PASSWORD/], () => at('redis://ann:h4t@queue'));
    await expectFailure('usage', [/FUSIONCLIP_REDIS/], () => at(null));
    for (const bad of [
      'queue:6379',
      'http://queue',
      'redis://',
      'redis://queue/name',
      'redis://queue/1?password=h4t',
    ]) {
      const error = await at(bad).catch((reason: unknown) => reason);
      assert.instanceOf(error, FusionclipError, bad);
      assert.notInclude((error as Error).message, 'h4t');
    }
  });

  test('what Redis keeps of a job fits into its short form, and names no input', async () => {
    const { plan, shards } = await workerOf(() => null);
    const tag = await planTag(plan.path);
    const names = new Set<string>();
    for (const path of [plan.path, '/other']) {
      for (const shard of shards) names.add(await jobName(await planTag(path), shard));
    }
    assert.equal(names.size, 2 * shards.length);
    for (const name of names) assert.match(name, /^[\w-]{16}$/);
    const opts = { jobId: [...names][0], backoff: { type: 'w' }, attempts: 9 };
    const data: ShardJob = { plan: tag, at: 1e8 };
    for (const value of [opts, data]) assert.isAtMost(JSON.stringify(value).length, 64);
  });

  test('orders are done one after the other and answered, and a failure that the next would meet ends it', async () => {
    const fs = new MemoryFileSystem();
    const plan = await planOf(fs, INPUTS, { least: 3, most: 3 });
    const [a, b, c, d] = await shardsOf(plan);
    const doer = new StandIn([
      [b.number, new FusionclipError('bad_data', 'It is bad.')],
      [c.number, new FusionclipError('device_lost', 'It is lost.')],
    ]);
    const said: string[] = [];
    async function* orders() {
      for (const { id, number } of [a, a, b, c, d]) yield JSON.stringify({ id, at: number === 0 ? 3 : number });
    }
    await expectFailure('device_lost', [/lost/], () =>
      serveShards({ fs, runtime: 'test' }, plan, doer, orders(), (line) => void said.push(line)),
    );
    const states = said.map((line) => readAnswer(line.trimEnd())!).map(({ id, state, code }) => [id, state, code]);
    assert.deepEqual(states, [
      [null, 'ready', null],
      [a.id, 'done', null],
      [a.id, 'was there', null],
      [b.id, 'never', 'bad_data'],
      [c.id, 'failed', 'device_lost'],
    ]);
    assert.isNull(readAnswer('{"id":7}'));
    assert.isNull(readAnswer('weights: 39 matrices'));
  });

  test('a process stays open for the shards that follow, with the flags of the worker', async () => {
    const { processes, shards, take } = await workerOf((id, turn) => answer(id, turn === 0 ? 'done' : 'was there'));
    for (const shard of shards) assert.deepEqual(await take(shard), { now: 'done', images: 3 });
    assert.deepEqual(processes.started, [['work', '/plan', '--serve', '--model', 'm']]);
  });

  test('what will never do is put aside, what may pass is tried again, later each time, and Redis is told no sentence', async () => {
    const codes = ['bad_data', 'io', 'io', 'io', null];
    const { waits, shards, take } = await workerOf((id, turn) =>
      turn === 4 ? answer(id, 'done') : answer(id, turn === 0 ? 'never' : 'failed', codes[turn]),
    );
    assert.deepEqual(await take(shards[0]), { now: 'never', reason: 'bad_data (4): see PLAN/failed' });
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(await take(shards[1]), { now: 'again', reason: 'io (9): see PLAN/failed' });
    }
    assert.deepEqual(waits, [1, 2, 4]);
    assert.equal((await take(shards[1])).now, 'done');
  });

  test('a lost device gets a new process; a worker without a GPU or model leaves the shards to others', async () => {
    const { processes, worker, shards, take } = await workerOf((id, turn) =>
      turn === 0 ? answer(id, 'failed', 'device_lost') : answer(id, 'never', 'bad_model', true),
    );
    assert.equal((await take(shards[0])).now, 'again');
    assert.isNull(worker.over);
    // Neither put aside nor tried: another worker may have the model.
    assert.deepEqual(await take(shards[0]), { now: 'back' });
    assert.equal(worker.over, 6);
    assert.equal(processes.started.length, 2);
    assert.equal((await take(shards[1])).now, 'back');
    const none = await workerOf(() => null);
    none.processes.refusals.set(0, 3);
    assert.equal((await none.take(none.shards[0])).now, 'back');
    assert.equal(none.worker.over, 3);
  });

  test('a process that is gone, or takes too long, is a failure with its reason; a part that it wrote counts', async () => {
    let plan: Plan | null = null;
    let fs: MemoryFileSystem | null = null;
    const made = await workerOf(
      (id, turn) => {
        if (turn === 2) fs!.files.set(`/plan/parts/${id.slice(0, 2)}/${id}.part`, new Uint8Array());
        return turn === 1 ? 'silent' : null;
      },
      { minutes: 1e-4 },
    );
    ({ plan, fs } = made);
    const { shards, take } = made;
    assert.deepEqual(await take(shards[0]), { now: 'again', reason: 'killed (20): see PLAN/failed' });
    assert.match((await readFailure(fs, plan, shards[0]))!.reason, /its process ended \(by a signal\)/);
    assert.equal((await take(shards[1])).now, 'again');
    assert.match((await readFailure(fs, plan, shards[1]))!.reason, /more than 0\.0001 minutes/);
    assert.deepEqual(await take(shards[2]), { now: 'done', images: 3 });
  });

  test('a process that does not open costs no try of a shard: what lasts ends the worker, what may pass is waited for', async () => {
    const { fs, plan, processes, shards, take, said, worker } = await workerOf(() => null, { minutes: 1e-4 });
    processes.hang = true;
    assert.deepEqual(await take(shards[0]), { now: 'back', later: true });
    assert.match(said[0], /does not open: it took more than 0\.0001 minutes/);
    assert.isNull(await readFailure(fs, plan, shards[0]));
    assert.isNull(worker.over);
    for (const [code, over] of [
      [2, 2], // a flag that is wrong
      [4, 4], // a plan of a later version
      [11, 11],
      [9, null], // no room, no permission to write
      [12, null],
      [null, null],
    ] as const) {
      const none = await workerOf(() => null);
      for (let at = 0; at < 9; at++) none.processes.refusals.set(at, code as number);
      assert.deepEqual(await none.take(none.shards[0]), over === null ? { now: 'back', later: true } : { now: 'back' });
      assert.equal(none.worker.over, over, String(code));
    }
  });

  test('a plan that is not there for a worker costs no try: it is looked for longer each time, then the worker ends', async () => {
    const { fs, plan, worker, waits, shards, take, said, processes } = await workerOf((id) => answer(id, 'done'));
    const files = [...fs.files];
    fs.files.clear();
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(await take(shards[0]), { now: 'back', later: true });
      await worker.rest();
    }
    assert.deepEqual(waits, [1, 2, 4]);
    assert.lengthOf(said, 1);
    assert.match(said[0], /\/plan holds no plan/);
    for (const [path, bytes] of files) fs.files.set(path, bytes);
    assert.equal((await take(shards[0])).now, 'done');
    await worker.rest();
    assert.lengthOf(waits, 3);
    const gone = await workerOf((id) => answer(id, 'done'));
    gone.fs.files.clear();
    for (let i = 0; i < 7; i++) assert.property(await gone.take(shards[0], plan.path), 'later');
    assert.deepEqual(await gone.take(shards[0], plan.path), { now: 'back' });
    assert.equal(gone.worker.over, 2);
    assert.lengthOf(gone.processes.started, 0);
    assert.lengthOf(processes.started, 1);
  });

  test('a storage that is not mounted, an adapter that is too small and a disk that is full are faults of the worker', async () => {
    const io = await workerOf((id, turn) => (turn === 1 ? answer(id, 'done') : answer(id, 'failed', 'io', true)));
    assert.deepEqual(await io.take(io.shards[0]), { now: 'back', later: true });
    assert.equal((await io.take(io.shards[1])).now, 'done');
    // It has what it needs, so these inputs are missing, and not its storage.
    assert.equal((await io.take(io.shards[2])).now, 'again');
    const small = await workerOf((id) => answer(id, 'never', 'too_large', true));
    assert.deepEqual(await small.take(small.shards[0]), { now: 'back' });
    assert.equal(small.worker.over, 11);
    const training = await workerOf((id) => answer(id, 'never', 'too_large'));
    assert.equal((await training.take(training.shards[0])).now, 'again');
    assert.isNull(training.worker.over);
    const full = await workerOf((_, turn) => (turn === 0 ? { ends: 9 } : null));
    assert.deepEqual(await full.take(full.shards[0]), { now: 'back', later: true });
    assert.isNull(await readFailure(full.fs, full.plan, full.shards[0]));
  });

  test('what a shard needs of the machine is told from what is wrong with it', async () => {
    const fs = new MemoryFileSystem();
    const plan = await planOf(fs, INPUTS, { least: 3, most: 3 });
    const [a, b, c] = await shardsOf(plan);
    const doer = new StandIn([
      [a.number, new FusionclipError('too_large', 'It is large.')],
      [b.number, new FusionclipError('io', 'It is not mounted.', { about: OF_WORKER })],
      [c.number, new FusionclipError('io', 'It breaks off.')],
    ]);
    const said: string[] = [];
    async function* orders() {
      for (const { id, number } of [a, b, c]) yield JSON.stringify({ id, at: number });
    }
    await serveShards({ fs, runtime: 'test' }, plan, doer, orders(), (line) => void said.push(line));
    const of = said.map((line) => readAnswer(line.trimEnd())!).map(({ code, ofWorker }) => [code, ofWorker]);
    assert.deepEqual(of, [
      [null, false],
      ['too_large', true],
      ['io', true],
      ['io', false],
    ]);
  });

  test('who is told to stop hands the shard in work back, at whatever moment', async () => {
    for (const opens of [true, false]) {
      // Later each time: while the plan is read, the process opens, the shard is done.
      let started = 0;
      for (let turns = 0; started < 5; turns++) {
        const { worker, shards, take, processes } = await workerOf(() => 'silent');
        processes.hang = !opens;
        const taken = take(shards[0]);
        for (let i = 0; i < turns; i++) await (i % 4 === 0 ? later() : null);
        worker.stop();
        started += processes.started.length;
        assert.deepEqual(await taken, { now: 'back' });
        assert.deepEqual(await take(shards[1]), { now: 'back' });
        assert.isAtLeast(processes.killed, processes.started.length);
      }
    }
  });

  test('who is told to stop while it waits after a failure waits no more', async () => {
    let isAsleep = (): void => {};
    const asleep = new Promise<void>((resolve) => {
      isAsleep = resolve;
    });
    const sleep = () => {
      isAsleep();
      return new Promise<void>(() => {});
    };
    const { worker, shards, take } = await workerOf((id) => answer(id, 'failed', 'io'), { sleep });
    const verdict = take(shards[0]);
    await asleep;
    worker.stop();
    assert.equal((await verdict).now, 'again');
  });

  test('a plan is over when each of its shards is done or put aside, whatever else is in the queue', async () => {
    const { fs, plan, shards } = await workerOf((id) => answer(id, 'done'));
    const states = new Map<string, 'failed' | 'active'>();
    let asked = 0;
    const getJobState = async (name: string) => {
      asked++;
      return states.get(name) ?? 'waiting';
    };
    const isOver = await endOf({ getJobState }, fs, plan, '/elsewhere');
    const tag = await planTag('/elsewhere');
    for (const shard of shards.slice(0, -1)) await fs.writeFile(partPath(plan, shard), '');
    assert.isFalse(await isOver());
    states.set(await jobName(tag, shards.at(-1)!), 'active');
    assert.isFalse(await isOver());
    states.set(await jobName(tag, shards.at(-1)!), 'failed');
    assert.isTrue(await isOver());
    assert.equal(asked, 3);
  });

  test('a plan that was made again is read again; a shard that it has no more is put aside', async () => {
    const { fs, plan, shards, take, processes } = await workerOf((id) => answer(id, 'done'));
    assert.equal((await take(shards[0])).now, 'done');
    const more = await planOf(fs, [...INPUTS.slice(1), { path: '/0', patient: '0' }], { least: 3, most: 3 });
    const now = await shardsOf(more);
    assert.equal(more.path, plan.path);
    const kept = now.filter(({ id }) => shards.some((one) => one.id === id));
    assert.isNotEmpty(kept);
    for (const shard of now) assert.equal((await take(shard)).now, 'done');
    const gone = shards.filter(({ id }) => !now.some((one) => one.id === id));
    assert.isNotEmpty(gone);
    assert.equal((await take(gone[0])).now, 'never');
    assert.equal((await take(now[0])).now, 'done');
    assert.equal(processes.started.length, 2);
    assert.equal((await take(shards[0], null)).now, 'again');
  });

  test('a plan that stays missing does not end a worker, nor slow it, while another one waits for it', async () => {
    const { fs, worker, waits, shards, processes } = await workerOf((id) => answer(id, 'done'));
    const [gone, here] = [await planTag('/gone'), await planTag('/plan')];
    const states = new Map(
      await Promise.all(shards.map(async (one) => [await jobName(here, one), 'waiting'] as const)),
    );
    const getJobState = async (name: string) => states.get(name) ?? 'unknown';
    const hasOthers = otherWork({ getJobState }, fs, async () => ({ [gone]: '/gone', [here]: '/plan' }), null);
    const missing = async () => {
      const verdict = await worker.do('/gone', 'a job', { plan: gone, at: 0 }, hasOthers);
      await worker.rest();
      return verdict;
    };
    assert.deepEqual([await hasOthers(here), await hasOthers(gone)], [false, true]);
    // Shards in the hands of others, and jobs of none of the shards of --plan, are nothing to wait for.
    for (const state of ['active', 'failed', 'unknown'] as const) {
      const places = async () => ({ [here]: state === 'unknown' ? '/x' : '/plan' });
      const own = state === 'unknown' ? '/plan' : null;
      assert.isFalse(await otherWork({ getJobState: async () => state }, fs, places, own)(gone), state);
    }
    for (let turn = 0; turn < 20; turn++) assert.deepEqual(await missing(), { now: 'back', later: true });
    assert.deepEqual(waits, Array(20).fill(1));
    for (const shard of shards) {
      const name = await jobName(here, shard);
      assert.equal((await worker.do('/plan', name, { plan: here, at: shard.number }, hasOthers)).now, 'done');
      await fs.writeFile(partPath({ path: '/plan' } as Plan, shard), '');
    }
    assert.lengthOf(processes.started, 1);
    // Nor is what is done.
    for (let turn = 0; turn < 7; turn++) assert.property(await missing(), 'later');
    assert.deepEqual(await missing(), { now: 'back' });
    assert.equal(worker.over, 2);
  });

  test('a worker that was told the place of another plan hands jobs back untouched, and ends after some', async () => {
    const { fs, worker, said, shards, take } = await workerOf((id) => answer(id, 'done'), { plan: '/other' });
    await planOf(fs, INPUTS.slice(1), { out: '/other', least: 3, most: 3 });
    const [gone] = shards;
    for (let turn = 0; turn < 7; turn++) assert.deepEqual(await take(gone), { now: 'back', later: true });
    assert.match(said.join(), /^\S+ does not have a shard of the queue; give --plan the folder of the plan/);
    assert.isNull(worker.over);
    assert.deepEqual(await take(gone), { now: 'back' });
    assert.equal(worker.over, 2);
  });
});
