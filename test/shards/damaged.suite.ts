import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { inputOfLine } from '../../src/shards/input.ts';
import { mergePlan } from '../../src/shards/merged_files.ts';
import { hasPart, isDone, partPath, readPart, writePart } from '../../src/shards/parts.ts';
import { Plan } from '../../src/shards/plan.ts';
import { type ShardOutcome, workShard, workShards } from '../../src/shards/work.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suite, test } from '../harness/registry.ts';
import { textOf } from '../train/small_run.ts';
import { INPUTS, planOf, StandIn, shardsOf } from './stand_in.ts';

const RUNTIME = 'test 0';

suite('shards that are not what they were', () => {
  test('a changed bit of a part, rows of other inputs and a changed plan are found', async () => {
    const fs = new MemoryFileSystem();
    const plan = await planOf(fs, INPUTS);
    await workShards({ fs, runtime: RUNTIME }, plan, plan.shards(), new StandIn());
    const [first] = await shardsOf(plan);
    const path = partPath(plan, first);
    const whole = fs.files.get(path)!;
    const flipped = whole.slice();
    flipped[flipped.length - 3] ^= 1;
    fs.files.set(path, flipped);
    const { merged } = await mergePlan(fs, plan);
    assert.deepEqual(merged.damaged, [first.id]);
    assert.isFalse(fs.files.has(path));
    const inputs = (await plan.lines(first)).map(inputOfLine);
    const another = inputs.map(({ path, patient }) => [path, patient, '', '0', '']);
    another[1][0] = '/another.png';
    const wider = inputs.map(({ path, patient }) => [path, patient, '', '0', '1', '']);
    for (const rows of [another, another.slice(1), wider]) {
      await writePart(fs, plan, first, rows, { adapter: '', runtime: '', seconds: 0 });
      const { merged, results } = await mergePlan(fs, plan);
      assert.deepEqual([merged.damaged, merged.rows, results], [[first.id], 26 - first.inputs, null]);
      assert.isFalse(fs.files.has(path));
    }
    // None of those that were set aside is lost.
    assert.equal([...fs.files.keys()].filter((name) => name.startsWith(`${path}.damaged`)).length, 4);
    fs.files.set(path, whole);
    assert.equal((await mergePlan(fs, plan)).merged.rows, 26);
    await fs.writeFile('/plan/inputs.txt', textOf(fs, '/plan/inputs.txt').replace('/a/3.png', '/a/4.png'));
    await expectFailure('bad_data', [/inputs\.txt was changed/], () => mergePlan(fs, plan));
    await fs.writeFile('/plan/shards.txt', textOf(fs, '/plan/shards.txt').replace(/^./, 'x'));
    await expectFailure('bad_data', [/shards\.txt was changed/], () => mergePlan(fs, plan));
  });

  test('a folder in the place of a part is no part', async () => {
    const fs = new MemoryFileSystem();
    const plan = await planOf(fs, [{ path: '/a.png', patient: 'p' }]);
    const [shard] = await shardsOf(plan);
    await fs.writeFile(`${partPath(plan, shard)}/inside`, '');
    await expectFailure('bad_data', [/is no file, where a part is to lie; remove it/], () => isDone(fs, plan, shard));
    await expectFailure('bad_data', [/is no file; remove it/], () => readPart(fs, plan, shard));
    assert.isFalse(await hasPart(fs, plan, shard));
    // It is that shard's failure, and does not end the work of others; set aside, it is in nobody's way.
    const outcome = await workShard({ fs, runtime: RUNTIME }, plan, shard, new StandIn());
    assert.include(outcome, { state: 'failed', final: true, code: 'bad_data' } as Partial<ShardOutcome>);
    for (let turn = 0; turn < 2; turn++) {
      const { merged } = await mergePlan(fs, plan);
      assert.deepEqual([merged.damaged, merged.missing[0].failure], [[shard.id], null]);
      await fs.writeFile(`${partPath(plan, shard)}/inside`, '');
    }
    await fs.remove(partPath(plan, shard));
    await workShards({ fs, runtime: RUNTIME }, plan, plan.shards(), new StandIn());
    assert.equal((await mergePlan(fs, plan)).merged.rows, 1);
  });

  test('a failure record that is none, or of another shard, says only that the shard can be tried again', async () => {
    const fs = new MemoryFileSystem();
    const plan = await planOf(fs, [{ path: '/a.png', patient: 'p' }]);
    const [shard] = await shardsOf(plan);
    const path = `/plan/failed/${shard.id}.json`;
    const told = async () => {
      const { merged, report } = await mergePlan(fs, plan);
      assert.include(textOf(fs, report), 'try again');
      assert.isFalse(merged.missing[0].failure!.final);
      return merged.missing[0].failure!.reason;
    };
    const other = { id: 'f'.repeat(24), code: null, reason: 'Of another.', final: true };
    for (const text of ['{"id', '', '{}', '[]', JSON.stringify(other)]) {
      await fs.writeFile(path, text);
      assert.match(await told(), /^\/plan\/failed\/\w+\.json, where the reason is to lie, is damaged/);
    }
    await fs.remove(path);
    await fs.writeFile(`${path}/inside`, 'kept');
    assert.match(await told(), /is no file, where the reason is to lie; remove it\.$/);
    const doer = new StandIn([[0, new FusionclipError('io', 'The disk is full.')]]);
    await workShards({ fs, runtime: RUNTIME }, plan, plan.shards(), doer);
    assert.equal(await told(), 'The disk is full.');
    assert.equal(textOf(fs, `${path}.damaged/inside`), 'kept');
    await fs.remove(path);
    await fs.writeFile(`${path}/inside`, 'kept');
    await workShards({ fs, runtime: RUNTIME }, plan, plan.shards(), new StandIn());
    assert.equal((await mergePlan(fs, plan)).merged.rows, 1);
    assert.equal(textOf(fs, `${path}/inside`), 'kept');
  });

  test('a wrong path is wrong usage, a plan that is no more what it was is bad data, and a new one is not written over it', async () => {
    const fs = new MemoryFileSystem();
    const plan = await planOf(fs, INPUTS);
    const whole = textOf(fs, '/plan/plan.json');
    const open = () => Plan.open(fs, '/plan');
    await fs.writeFile('/file', '');
    await fs.writeFile('/folder/plan.json/inside', '');
    for (const path of ['/missing', '/file', '/folder']) {
      await expectFailure('usage', [/holds no plan \(plan\.json\); make one/], () => Plan.open(fs, path));
    }
    for (const [from, to, says] of [
      ['"format": 1', '"format": 2', /of format 2, and fusionclip \S+ reads 1; make the plan again/],
      [/"fusionclip": "[^"]*"/, '"fusionclip": "99.0.0"', /written by fusionclip 99\.0\.0/],
      ['"model": "a"', '"model": "b"', /its configuration was changed/],
      [/.{9}$/s, '', /plan\.json cannot be read/],
    ] as const) {
      await fs.writeFile('/plan/plan.json', whole.replace(from, to));
      await expectFailure('bad_data', [says], open);
      await expectFailure('usage', [/not written over; remove it, or give another/], () => planOf(fs, INPUTS));
    }
    for (const name of ['shards', 'inputs']) {
      await fs.writeFile('/plan/plan.json', whole.replace(new RegExp(`"${name}": \\d+`), `"${name}": 2`));
      await expectFailure('bad_data', [/plan\.json was changed/], async () => mergePlan(fs, await open()));
    }
    await fs.writeFile('/plan/plan.json', whole);
    for (const name of ['/plan/inputs.txt', '/plan/shards.txt']) {
      const bytes = fs.files.get(name)!;
      fs.files.delete(name);
      await expectFailure('bad_data', [/is not there any more; make the plan again/], () => mergePlan(fs, plan));
      fs.files.set(name, bytes);
    }
    // With the plan the storage is away.
    fs.files.delete('/plan/plan.json');
    fs.files.delete('/plan/inputs.txt');
    const [shard] = await shardsOf(plan);
    await expectFailure('io', [/inputs\.txt/], () => plan.lines(shard));
  });
});
