import { assert } from 'chai';
import { FolderLock, LOCK } from '../../src/run/lock.ts';
import { trainRun } from '../../src/train/train_run.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { suite, type TestContext, test } from '../harness/registry.ts';
import { withFolder } from './file_cases.ts';

let count = 0;

/** A folder on the host's disk, with what is said of it. */
function onDisk(
  { host }: TestContext,
  use: (folder: string, take: () => Promise<FolderLock>, said: string[]) => Promise<void>,
): Promise<void> {
  const folder = `${host.env('FUSIONCLIP_SCRATCH') ?? '.cache'}/lock-${host.runtime}-${Date.now()}-${count++}`;
  const said: string[] = [];
  return withFolder(host, folder, () =>
    use(folder, () => FolderLock.take(host, folder, (text) => said.push(text)), said),
  );
}

/** A number that no process has. */
const NOBODY = 2 ** 22 + 12345;

suite('the lock of a folder', () => {
  test('one holds it, and the next one has it when it is given back', (t) =>
    onDisk(t, async (folder, take, said) => {
      const first = await take();
      const text = new TextDecoder().decode(await t.host.readFile(`${folder}/${LOCK}`));
      assert.containsAllKeys(JSON.parse(text), ['pid', 'host', 'since', 'began']);
      await expectFailure('usage', [/Process \d+ on .* writes to this folder/, /wait for it or stop it/], take);
      await first.release();
      assert.deepEqual(await t.host.list(folder), []);
      await (await take()).release();
      assert.deepEqual(said, []);
    }));

  test('a training into a folder that is held is refused as that, before it looks at anything else', (t) =>
    onDisk(t, async (folder, take) => {
      await t.host.writeFile(`${folder}/config.json`, '{}');
      const training = () =>
        trainRun({ gpu: null!, fs: t.host, environment: null! }, { data: 'none', model: 'none', out: folder });
      await expectFailure('usage', [/holds an unfinished run/], training);
      const held = await take();
      await expectFailure('usage', [/Process \d+ on .* writes to this folder/], training);
      await held.release();
    }));

  test('that of a process that is gone is taken over, which is said, and so is what it left half-written', (t) =>
    onDisk(t, async (folder, take, said) => {
      const held = await take();
      const own = JSON.parse(new TextDecoder().decode(await t.host.readFile(`${folder}/${LOCK}`)));
      await held.release();
      // The second has a number that belongs to another process by now, where the system tells when one began.
      const stale = [{ ...own, pid: NOBODY }, ...(own.began ? [{ ...own, pid: own.pid, began: `${own.began}0` }] : [])];
      for (const [i, holder] of stale.entries()) {
        await t.host.writeFile(`${folder}/${LOCK}`, JSON.stringify(holder));
        await t.host.writeFile(`${folder}/maps/test/.0.npy.1234abcd.tmp`, 'half');
        await t.host.writeFile(`${folder}/maps/test/0.npy`, 'whole');
        await (await take()).release();
        assert.equal(said.length, i + 1);
        assert.include(said[i], `Process ${holder.pid} on ${own.host}`);
        assert.deepEqual(await t.host.list(folder), [{ name: 'maps', kind: 'directory' }]);
        assert.deepEqual(await t.host.list(`${folder}/maps/test`), [{ name: '0.npy', kind: 'file' }]);
      }
    }));

  test('a folder that was made for nothing goes, and no other', (t) =>
    onDisk(t, async (folder) => {
      const made = await FolderLock.take(t.host, `${folder}/made`);
      await made.release();
      assert.isNull(await t.host.stat(`${folder}/made`));
      const used = await FolderLock.take(t.host, `${folder}/used`);
      await t.host.writeFile(`${folder}/used/file`, 'of another');
      await used.release();
      assert.deepEqual(await t.host.list(`${folder}/used`), [{ name: 'file', kind: 'file' }]);
      await t.host.makeDir(`${folder}/empty`);
      await (await FolderLock.take(t.host, `${folder}/empty`)).release();
      assert.isNotNull(await t.host.stat(`${folder}/empty`));
    }));

  test('a folder that another process removes before it is locked is made again', (t) =>
    onDisk(t, async (folder) => {
      let removals = 0;
      const lock = async (path: string) => {
        if (removals++ < 2) await t.host.remove(`${folder}/shared`);
        return t.host.lock!(path);
      };
      const held = await FolderLock.take({ ...t.host, lock }, `${folder}/shared`);
      assert.equal(removals, 3);
      assert.isNotNull(await t.host.stat(`${folder}/shared/${LOCK}`));
      await held.release();
    }));

  test('that of another machine holds, and one that nobody finished does not, though the clock is set back', (t) =>
    onDisk(t, async (folder, take, said) => {
      const far = { pid: NOBODY, host: 'elsewhere', since: '2024-01-01T00:00:00.000Z', began: null };
      await t.host.writeFile(`${folder}/${LOCK}`, JSON.stringify(far));
      await expectFailure('usage', [/on elsewhere .since 2024/, /if it has ended there, remove .*run\.lock/], take);
      await t.host.writeFile(`${folder}/${LOCK}`, '{"pid":');
      const { now } = Date;
      try {
        let time = now();
        Date.now = () => (time -= 3_600_000);
        await (await take()).release();
      } finally {
        Date.now = now;
      }
      assert.match(said.join(), /^A process ended without a word/);
    }));
});
