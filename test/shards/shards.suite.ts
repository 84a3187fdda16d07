import { assert } from 'chai';
import { csvCells } from '../../src/base/csv.ts';
import { FusionclipError } from '../../src/base/errors.ts';
import { ruleStream } from '../../src/base/rule.ts';
import { writePlan } from '../../src/shards/archive.ts';
import { inputLine, inputOfLine } from '../../src/shards/input.ts';
import { readLines } from '../../src/shards/line_files.ts';
import { LineSorter } from '../../src/shards/line_sorter.ts';
import { rooted } from '../../src/shards/list_inputs.ts';
import { mergePlan } from '../../src/shards/merged_files.ts';
import { PathsOnce } from '../../src/shards/paths_once.ts';
import { Plan, type PlanHead, PlanWriter } from '../../src/shards/plan.ts';
import { chosenShards, workShards } from '../../src/shards/work.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suite, test } from '../harness/registry.ts';
import { textOf } from '../train/small_run.ts';
import { INPUTS, planOf, StandIn, shardsOf } from './stand_in.ts';

const RUNTIME = 'test 0';
/** Patients of one to five images. */
function unlike() {
  const patients = Array.from({ length: 60 }, (_, i) => ({ patient: `p${i}`, count: 1 + ((i * 7) % 5) }));
  return patients.flatMap(({ patient, count }) =>
    Array.from({ length: count }, (_, i) => ({ path: `/${patient}/${i}`, patient })),
  );
}

suite('shards', () => {
  test('lines that do not fit into memory come sorted, each once', async () => {
    const fs = new MemoryFileSystem();
    const random = ruleStream('lines', 1);
    const lines = Array.from({ length: 3000 }, (_, i) => `${Math.floor(random(i) * 2000)} äöü`);
    const sorter = new LineSorter(fs, '/sort', 20_000);
    let spills = 0;
    for (const line of lines) {
      if (!sorter.add(line)) continue;
      await sorter.spill();
      spills++;
    }
    const out: string[] = [];
    for await (const batch of sorter.sorted()) out.push(...batch);
    assert.isAbove(spills, 5);
    assert.deepEqual(out, [...new Set(lines)].sort());
    assert.equal(sorter.duplicates, lines.length - out.length);
    await sorter.close();
    assert.equal(fs.files.size, 0);
  });

  test('lines of a file are whole whatever block they are read in', async () => {
    const text = 'ä\r\n\nlong line of some length\nlast';
    const fs = new MemoryFileSystem([['/f', new TextEncoder().encode(text)]]);
    for (const block of [1, 2, 3, 7, 100]) {
      const lines: string[] = [];
      for await (const some of readLines(fs, '/f', block)) lines.push(...some);
      assert.deepEqual(lines, ['ä', '', 'long line of some length', 'last'], `blocks of ${block}`);
    }
  });

  test('an input is the same after it was a line', () => {
    for (const input of [
      { path: '/a b/ü\t\n\\t.png', patient: 'p\t1', images: 1 },
      { path: 'x\\n', patient: '', images: 312 },
    ]) {
      assert.deepEqual(inputOfLine(inputLine(input)), input);
      assert.notInclude(inputLine(input), '\n');
    }
  });

  test('patients stay whole, shards keep their bounds, and one more input leaves most ids as they are', async () => {
    const inputs = Array.from({ length: 400 }, (_, i) => ({ path: `/${i}`, patient: `p${i >> 1}` }));
    inputs.push(...Array.from({ length: 9 }, (_, i) => ({ path: `/m${i}`, patient: 'many' })));
    const fs = new MemoryFileSystem();
    const plan = await planOf(fs, inputs, { least: 4, most: 8 });
    const shards = await shardsOf(plan);
    const seen = new Map<string, number>();
    for (const shard of shards) {
      const lines = (await plan.lines(shard)).map(inputOfLine);
      const patients = new Set(lines.map(({ patient }) => patient));
      for (const patient of patients) assert.isFalse(seen.has(patient), `${patient} is in two shards`);
      for (const patient of patients) seen.set(patient, shard.number);
      assert.isTrue(lines.length <= 8 || patients.size === 1, `shard ${shard.number} has ${lines.length}`);
    }
    assert.equal(seen.size, 201);
    const sizes = await shardsOf(await planOf(new MemoryFileSystem(), unlike(), { least: 4, most: 6 }));
    assert.isAtMost(Math.max(...sizes.map(({ images }) => images)), 6);
    const small = shards.filter(({ images }) => images < 4);
    assert.isAtMost(small.length, 2);
    const more = await planOf(fs, [...inputs, { path: '/new', patient: 'p100' }], { least: 4, most: 8 });
    const ids = new Set(shards.map(({ id }) => id));
    const kept = (await shardsOf(more)).filter(({ id }) => ids.has(id)).length;
    assert.isAbove(kept, shards.length - 6);
    await expectFailure('usage', [/plan of another model/], () => planOf(fs, inputs, { config: { model: 'b' } }));
  });

  test('one that fails leaves the plan that was there, and no folder where none was', async () => {
    const fs = new MemoryFileSystem([]);
    await expectFailure('bad_data', [/nothing to score/], () => planOf(fs, []));
    assert.isNull(await fs.stat('/plan'));
    const plan = await planOf(fs, [{ path: '/a.png' }]);
    await expectFailure('bad_data', [/nothing to score/], () => planOf(fs, []));
    assert.deepEqual((await Plan.open(fs, '/plan')).facts, plan.facts);
    assert.lengthOf(await shardsOf(await Plan.open(fs, '/plan')), 1);
  });

  test('one whose sorted runs cannot be removed leaves no half-written file all the same', async () => {
    const fs = new MemoryFileSystem([]);
    const open = new Set<string>();
    const { createWriter } = fs;
    fs.createWriter = async (path) => {
      const writer = await createWriter.call(fs, path);
      open.add(path);
      const ended = (end: () => Promise<void>) => async () => {
        await end();
        open.delete(path);
      };
      return { write: writer.write, close: ended(writer.close), abort: ended(writer.abort) };
    };
    const listed = async function* () {
      fs.remove = async (path) => {
        throw new FusionclipError('io', `The disk does not remove ${path}.`);
      };
      yield INPUTS.slice(0, 12).map((input) => ({ ...input, images: 1 }));
      throw new FusionclipError('bad_data', 'The list is damaged.');
    };
    const head: PlanHead = { plan: 'archive', config: {}, places: {}, columns: [], sorted: true };
    await expectFailure('bad_data', [/list is damaged/], () => writePlan(fs, '/plan', head, listed(), { most: 300 }));
    assert.isAbove([...fs.files.keys()].filter((path) => path.startsWith('/plan/sort/')).length, 0);
    assert.deepEqual([...open], []);
  });

  test('merged bytes are the same however the shards were spread, and every input stands once', async () => {
    const merged: string[][] = [];
    for (const [parts, order] of [
      [1, 1],
      [3, -1],
      [5, 1],
    ]) {
      const fs = new MemoryFileSystem();
      const plan = await planOf(fs, INPUTS);
      const doers = Array.from({ length: parts }, () => new StandIn());
      const turns = Array.from({ length: parts }, (_, i) => i + 1);
      for (const i of order > 0 ? turns : turns.reverse()) {
        await workShards({ fs, runtime: RUNTIME }, plan, await chosenShards(plan, `${i}/${parts}`), doers[i - 1]);
      }
      const done = doers.flatMap((doer) => doer.done);
      assert.equal(new Set(done).size, plan.facts.shards);
      assert.equal(done.length, plan.facts.shards);
      const again = new StandIn();
      await workShards({ fs, runtime: RUNTIME }, plan, plan.shards(), again);
      assert.deepEqual(again.done, []);
      const { merged: facts } = await mergePlan(fs, plan);
      assert.include(facts, { rows: 26, inputs: 26, unread: 1 });
      assert.deepEqual(facts.examples, [{ input: '/a/bad.png', error: '/a/bad.png: "no image", says the reader' }]);
      merged.push(['results.csv', 'report.md', 'report.json'].map((name) => textOf(fs, `/plan/merged/${name}`)));
    }
    assert.deepEqual(merged[1], merged[0]);
    assert.deepEqual(merged[2], merged[0]);
    const [head, ...rows] = csvCells(merged[0][0]);
    assert.deepEqual(head, ['input', 'patient', 'sha256', 'score', 'error']);
    assert.sameMembers(
      rows.map(([path]) => path),
      [...new Set(INPUTS.map(({ path }) => path))],
    );
    assert.equal(rows.find(([path]) => path.includes('b"'))![1], '=1+1');
  });

  test('results name an address without its query, which the plan alone has', async () => {
    const fs = new MemoryFileSystem();
    const addresses = ['a', 'b'].map((name) => ({
      path: `https://u:pw@h.org/x.png?PatientID=Doe^${name}`,
      patient: '',
    }));
    const plan = await planOf(fs, [...INPUTS, ...addresses]);
    await workShards({ fs, runtime: RUNTIME }, plan, plan.shards(), new StandIn());
    const { results } = await mergePlan(fs, plan);
    const rows = csvCells(textOf(fs, results!)).filter(([path]) => path === 'https://h.org/x.png?not-kept');
    assert.equal(rows.length, 2);
    for (const path of fs.files.keys())
      if (path.includes('/parts/') || path.includes('/merged/')) assert.notMatch(textOf(fs, path), /Doe\^|pw@/, path);
  });

  test('Parquet holds the same rows with types', async () => {
    const fs = new MemoryFileSystem();
    const plan = await planOf(fs, INPUTS);
    await workShards({ fs, runtime: RUNTIME }, plan, plan.shards(), new StandIn());
    const { results } = await mergePlan(fs, plan, { format: 'parquet' });
    await mergePlan(fs, plan);
    const { parquetReadObjects } = await import('hyparquet');
    const bytes = fs.files.get(results!)!;
    const rows = await parquetReadObjects({ file: bytes.buffer });
    const cells = csvCells(textOf(fs, '/plan/merged/results.csv')).slice(1);
    assert.deepEqual(
      rows.map(({ input, patient, sha256, score, error }) => [input, patient, sha256, score, error]),
      cells.map(([path, patient, hash, score, error]) => [
        path,
        patient,
        hash,
        score === '' ? null : Number(score),
        error,
      ]),
    );
  });

  test('what fails for now and what never will are told apart, and a merge says what is missing', async () => {
    const fs = new MemoryFileSystem();
    const plan = await planOf(fs, INPUTS);
    const doer = new StandIn([
      [0, new FusionclipError('io', 'The disk is full.')],
      [2, new FusionclipError('bad_data', 'It will never do.')],
    ]);
    const { failed, done } = await workShards({ fs, runtime: RUNTIME }, plan, plan.shards(), doer);
    assert.deepEqual(
      failed.map(({ outcome }) => outcome.final),
      [false, true],
    );
    assert.equal(done, plan.facts.shards - 2);
    const { merged, results } = await mergePlan(fs, plan);
    assert.isNull(results);
    assert.isFalse(fs.files.has('/plan/merged/results.csv'));
    assert.deepEqual(
      merged.missing.map(({ failure }) => failure?.reason),
      ['The disk is full.', 'It will never do.'],
    );
    assert.match(textOf(fs, '/plan/merged/report.md'), /will never do: It will never do\./);
    const partial = await mergePlan(fs, plan, { partial: true });
    assert.equal(csvCells(textOf(fs, partial.results!)).length - 1, merged.rows);
    await workShards({ fs, runtime: RUNTIME }, plan, plan.shards(), new StandIn());
    assert.equal((await mergePlan(fs, plan)).merged.rows, 26);
    assert.isFalse([...fs.files.keys()].some((path) => path.startsWith('/plan/failed/')));
  });

  test('a lost device ends the work, as the next shard would fail too', async () => {
    const fs = new MemoryFileSystem();
    const plan = await planOf(fs, INPUTS);
    const doer = new StandIn([[1, new FusionclipError('device_lost', 'gone')]]);
    const { failed, done } = await workShards({ fs, runtime: RUNTIME }, plan, plan.shards(), doer);
    assert.deepEqual([failed.length, done], [1, 1]);
  });

  test('an input that is in a plan twice is found, though its ids are right', async () => {
    const fs = new MemoryFileSystem();
    const { facts } = await planOf(fs, INPUTS);
    const writer = await PlanWriter.open(fs, '/twice', facts);
    const text = `${inputLine({ path: '/a', patient: '', images: 1 })}\n`;
    for (let i = 0; i < 2; i++) await writer.add({ text, inputs: 1, images: 1 });
    const plan = await writer.close(0);
    await workShards({ fs, runtime: RUNTIME }, plan, plan.shards(), new StandIn());
    await expectFailure('bad_data', [/has an input twice/], () => mergePlan(fs, plan));
  });

  test("an input that is listed as two patients' is refused, as it would stand twice", async () => {
    const fs = new MemoryFileSystem([]);
    for (const patient of ['p2', '']) {
      const again = [...INPUTS.slice(0, 9), { path: '/a/7.png', patient }];
      const names = [
        patient === '' ? /as of no patient and/ : /p2/,
        /a\/7\.png is listed as .*patient "p1"'s.*say once/,
      ];
      await expectFailure('bad_data', names, () => planOf(fs, again));
      assert.isNull(await fs.stat('/plan'));
    }
    const once = new PathsOnce(fs, '/sort', 60);
    for (const patient of ['a', 'b']) for (let i = 0; i < 5; i++) await once.add(`${patient}\t/${patient}${i}\t3`);
    await once.check();
    await once.add('c\t/a3\t4');
    await expectFailure('bad_data', [/\/a3 is listed as patient "a"'s and as patient "c"'s/], () => once.check());
    await once.close();
    assert.equal(fs.files.size, 0);
  });

  test('one process alone plans in a folder, and what a killed one has sorted is removed', async () => {
    let isHeld = false;
    const lock = async () => {
      if (isHeld) throw new FusionclipError('usage', 'Another process writes there.');
      isHeld = true;
      const release = async () => {
        isHeld = false;
      };
      return { abandonedBy: null, release };
    };
    const fs = Object.assign(new MemoryFileSystem([['/plan/sort/0.txt', new Uint8Array(9)]]), { lock });
    const { facts } = await planOf(new MemoryFileSystem(), INPUTS);
    const writer = await PlanWriter.open(fs, '/plan', facts);
    assert.isFalse(fs.files.has('/plan/sort/0.txt'));
    await expectFailure('usage', [/Another process/], () => PlanWriter.open(fs, '/plan', facts));
    await writer.abort();
    await expectFailure('bad_data', [/nothing to score/], () => planOf(fs, []));
    await planOf(fs, INPUTS);
    await planOf(fs, INPUTS);
    assert.isFalse(isHeld);
  });

  test('a backslash is a letter of a name, but on Windows', async () => {
    for (const [here, path] of [
      ['/here', '/here/a\\b.png'],
      ['C:/here', 'C:/here/a/b.png'],
    ]) {
      const name = await rooted(Object.assign(new MemoryFileSystem(), { absolutePath: async () => here }), null);
      assert.equal(name('a\\b.png'), path);
    }
  });

  test('shards are chosen by parts that miss none, and by their ids', async () => {
    const fs = new MemoryFileSystem();
    const plan = await planOf(fs, INPUTS);
    const numbers: number[] = [];
    for (let i = 1; i <= 4; i++)
      for await (const { number } of await chosenShards(plan, `${i}/4`)) numbers.push(number);
    assert.deepEqual(
      numbers,
      (await shardsOf(plan)).map(({ number }) => number),
    );
    const { id } = (await shardsOf(plan))[3];
    for await (const shard of await chosenShards(plan, id.slice(0, 8))) assert.equal(shard.number, 3);
    await expectFailure('usage', [/1\/4 to 4\/4/], () => chosenShards(plan, '5/4'));
    await expectFailure('usage', [/give 1\/1 to 1\/1/], () => chosenShards(plan, '0/0'));
    await expectFailure('usage', [/no shard "zz"/], () => chosenShards(plan, 'zz'));
    await expectFailure('usage', [/holds no plan/], () => Plan.open(fs, '/elsewhere'));
  });
});
