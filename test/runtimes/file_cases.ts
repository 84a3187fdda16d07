import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import type { FileSystem } from '../../src/base/file_system.ts';
import { suite, type TestContext, test } from '../harness/registry.ts';

const MIB = 2 ** 20;

/** What the cases are run with: a file system, and a fresh folder in it that is gone afterwards. */
export type InFolder = (t: TestContext, use: (fs: FileSystem, folder: string) => Promise<void>) => Promise<void>;

/** Runs `use` in a folder that is made before and removed afterwards. */
export async function withFolder(fs: FileSystem, folder: string, use: Parameters<InFolder>[1]): Promise<void> {
  await fs.makeDir(folder);
  try {
    await use(fs, folder);
  } finally {
    await fs.remove(folder);
  }
  assert.isNull(await fs.stat(folder));
}

async function failure(work: Promise<unknown>): Promise<FusionclipError> {
  try {
    await work;
  } catch (error) {
    assert.instanceOf(error, FusionclipError);
    assert.equal((error as FusionclipError).code, 'io');
    return error as FusionclipError;
  }
  throw new Error('it should have failed');
}

/** Bytes of every value, in an order that a text conversion would spoil. */
function pattern(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 167 + (i >> 8)) & 255;
  return bytes;
}

function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.length, expected.length);
  const at = actual.findIndex((value, i) => value !== expected[i]);
  assert.equal(at, -1, `first different byte at ${at}`);
}

/** Registers what must hold for every file system. */
export function fileCases(name: string, inFolder: InFolder): void {
  suite(name, () => {
    test('bytes and text come back as they were', (t) =>
      inFolder(t, async (fs, folder) => {
        const bytes = pattern(100_003);
        await fs.writeFile(`${folder}/a/b/größe 漢字&=?#%.bin`, bytes);
        assertSame(await fs.readFile(`${folder}/a/b/größe 漢字&=?#%.bin`), bytes);
        await fs.writeFile(`${folder}/text`, 'grün\n');
        await fs.appendFile(`${folder}/text`, 'blau 漢\n');
        assert.equal(new TextDecoder().decode(await fs.readFile(`${folder}/text`)), 'grün\nblau 漢\n');
        await fs.writeFile(`${folder}/empty`, new Uint8Array(0));
        assert.equal((await fs.readFile(`${folder}/empty`)).length, 0);
      }));

    test('ranges, the last of them short', (t) =>
      inFolder(t, async (fs, folder) => {
        const bytes = pattern(1000);
        await fs.writeFile(`${folder}/r`, bytes);
        assertSame(await fs.readRange(`${folder}/r`, 10, 20), bytes.slice(10, 30));
        assertSame(await fs.readRange(`${folder}/r`, 990, 50), bytes.slice(990));
        assert.equal((await fs.readRange(`${folder}/r`, 5000, 50)).length, 0);
        assert.equal((await fs.readRange(`${folder}/r`, 3, 0)).length, 0);
      }));

    test('a file larger than one request', (t) =>
      inFolder(t, async (fs, folder) => {
        const writer = await fs.createWriter(`${folder}/large`);
        const part = pattern(35 * MIB);
        await writer.write(part);
        await writer.write(part.subarray(0, 5));
        assert.isNull(await fs.stat(`${folder}/large`));
        await writer.close();
        assert.deepEqual(await fs.stat(`${folder}/large`), { kind: 'file', bytes: part.length + 5 });
        const all = await fs.readFile(`${folder}/large`);
        assertSame(all.subarray(0, part.length), part);
        assertSame(all.subarray(part.length), part.subarray(0, 5));
        const range = await fs.readRange(`${folder}/large`, 1, 34 * MIB);
        assertSame(range, part.subarray(1, 1 + 34 * MIB));
      }));

    test('an aborted writer leaves nothing, and the old file as it was', (t) =>
      inFolder(t, async (fs, folder) => {
        await fs.writeFile(`${folder}/x`, 'old');
        const writer = await fs.createWriter(`${folder}/x`);
        await writer.write(pattern(10));
        await writer.abort();
        await writer.abort();
        assert.deepEqual(await fs.list(folder), [{ name: 'x', kind: 'file' }]);
        assert.equal(new TextDecoder().decode(await fs.readFile(`${folder}/x`)), 'old');
        await failure(writer.write(pattern(1)));
        await failure(writer.close());
      }));

    test('an appender goes on where another one was left', (t) =>
      inFolder(t, async (fs, folder) => {
        const path = `${folder}/new/part`;
        for (const [i, end] of (['close', 'abort', 'close'] as const).entries()) {
          const writer = await fs.createAppender(path);
          await writer.write(pattern(1000).subarray(300 * i, 300 * i + 200));
          await writer.write(pattern(1000).subarray(300 * i + 200, 300 * i + 300));
          await writer[end]();
          assert.deepEqual(await fs.stat(path), { kind: 'file', bytes: 300 * (i + 1) });
          await failure(writer.write(pattern(1)));
        }
        assertSame(await fs.readFile(path), pattern(1000).subarray(0, 900));
      }));

    test('links, where there are any, lead to their target and are replaced', (t) =>
      inFolder(t, async (fs, folder) => {
        if (!fs.link) return;
        await fs.writeFile(`${folder}/blobs/one`, '1');
        await fs.writeFile(`${folder}/blobs/two`, '22');
        for (const [target, bytes] of [
          ['one', 1],
          ['two', 2],
        ] as const) {
          await fs.link(`../../blobs/${target}`, `${folder}/snapshots/x/file`);
          assert.deepEqual(await fs.stat(`${folder}/snapshots/x/file`), { kind: 'file', bytes });
        }
        assert.lengthOf(await fs.list(`${folder}/snapshots/x`), 1);
      }));

    test('folders: list in order, rename, remove', (t) =>
      inFolder(t, async (fs, folder) => {
        for (const name of ['b', 'a', 'B', 'ä', '10', '9']) await fs.writeFile(`${folder}/${name}`, name);
        await fs.makeDir(`${folder}/d/e`);
        await fs.makeDir(`${folder}/d/e`);
        const names = (await fs.list(folder)).map((entry) => `${entry.name}:${entry.kind}`);
        const expected = ['10', '9', 'B', 'a', 'b', 'd', 'ä'].map(
          (name) => `${name}:${name === 'd' ? 'directory' : 'file'}`,
        );
        assert.deepEqual(names, expected);
        await fs.rename(`${folder}/d`, `${folder}/f`);
        assert.deepEqual(await fs.stat(`${folder}/f/e`), { kind: 'directory', bytes: 0 });
        await fs.writeFile(`${folder}/full/file`, 'stays');
        await failure(fs.rename(`${folder}/f`, `${folder}/full`));
        assert.deepEqual(await fs.list(`${folder}/full`), [{ name: 'file', kind: 'file' }]);
        await fs.remove(`${folder}/f`);
        await fs.remove(`${folder}/f`);
        assert.isNull(await fs.stat(`${folder}/f`));
      }));

    test('errors name the path and what to do', (t) =>
      inFolder(t, async (fs, folder) => {
        const missing = await failure(fs.readFile(`${folder}/none`));
        assert.include(missing.message, `${folder}/none`);
        assert.include(missing.message, 'check the path');
        await failure(fs.readRange(`${folder}/none`, 0, 1));
        await failure(fs.list(`${folder}/none`));
        await failure(fs.rename(`${folder}/none`, `${folder}/other`));
        await failure(fs.readFile(folder));
        await fs.writeFile(`${folder}/file`, '');
        await failure(fs.writeFile(`${folder}/file/below`, 'x'));
        await failure(fs.writeFile(folder, 'x'));
        assert.deepEqual(await fs.list(folder), [{ name: 'file', kind: 'file' }]);
        assert.isNull(await fs.stat(`${folder}/file/below`));
      }));
  });
}
