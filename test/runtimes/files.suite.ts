import { assert } from 'chai';
import { FusionclipError } from '../../src/gpu/errors.ts';
import type { Host } from '../../src/host/host.ts';
import { suite, test } from '../harness/registry.ts';

const MIB = 2 ** 20;

let count = 0;

/** Runs `use` with a fresh folder that is gone afterwards. */
async function inFolder(host: Host, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = `${host.env('FUSIONCLIP_SCRATCH') ?? 'dist'}/files-${host.runtime}-${Date.now()}-${count++}`;
  await host.makeDir(folder);
  try {
    await use(folder);
  } finally {
    await host.remove(folder);
  }
  assert.isNull(await host.stat(folder));
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

suite('host files', () => {
  test('bytes and text come back as they were', (t) =>
    inFolder(t.host, async (folder) => {
      const bytes = pattern(100_003);
      await t.host.writeFile(`${folder}/a/b/größe 漢字&=?#%.bin`, bytes);
      assertSame(await t.host.readFile(`${folder}/a/b/größe 漢字&=?#%.bin`), bytes);
      await t.host.writeFile(`${folder}/text`, 'grün\n');
      await t.host.appendFile(`${folder}/text`, 'blau 漢\n');
      assert.equal(new TextDecoder().decode(await t.host.readFile(`${folder}/text`)), 'grün\nblau 漢\n');
      await t.host.writeFile(`${folder}/empty`, new Uint8Array(0));
      assert.equal((await t.host.readFile(`${folder}/empty`)).length, 0);
    }));

  test('ranges, the last of them short', (t) =>
    inFolder(t.host, async (folder) => {
      const bytes = pattern(1000);
      await t.host.writeFile(`${folder}/r`, bytes);
      assertSame(await t.host.readRange(`${folder}/r`, 10, 20), bytes.slice(10, 30));
      assertSame(await t.host.readRange(`${folder}/r`, 990, 50), bytes.slice(990));
      assert.equal((await t.host.readRange(`${folder}/r`, 5000, 50)).length, 0);
      assert.equal((await t.host.readRange(`${folder}/r`, 3, 0)).length, 0);
    }));

  test('a file larger than one request', (t) =>
    inFolder(t.host, async (folder) => {
      const writer = await t.host.createWriter(`${folder}/large`);
      const part = pattern(35 * MIB);
      await writer.write(part);
      await writer.write(part.subarray(0, 5));
      assert.isNull(await t.host.stat(`${folder}/large`));
      await writer.close();
      assert.deepEqual(await t.host.stat(`${folder}/large`), { kind: 'file', bytes: part.length + 5 });
      const all = await t.host.readFile(`${folder}/large`);
      assertSame(all.subarray(0, part.length), part);
      assertSame(all.subarray(part.length), part.subarray(0, 5));
      const range = await t.host.readRange(`${folder}/large`, 1, 34 * MIB);
      assertSame(range, part.subarray(1, 1 + 34 * MIB));
    }));

  test('an aborted writer leaves nothing, and the old file as it was', (t) =>
    inFolder(t.host, async (folder) => {
      await t.host.writeFile(`${folder}/x`, 'old');
      const writer = await t.host.createWriter(`${folder}/x`);
      await writer.write(pattern(10));
      await writer.abort();
      await writer.abort();
      assert.deepEqual(await t.host.list(folder), [{ name: 'x', kind: 'file' }]);
      assert.equal(new TextDecoder().decode(await t.host.readFile(`${folder}/x`)), 'old');
      await failure(writer.write(pattern(1)));
      await failure(writer.close());
    }));

  test('folders: list in order, rename, remove', (t) =>
    inFolder(t.host, async (folder) => {
      for (const name of ['b', 'a', 'B', 'ä', '10', '9']) await t.host.writeFile(`${folder}/${name}`, name);
      await t.host.makeDir(`${folder}/d/e`);
      await t.host.makeDir(`${folder}/d/e`);
      const names = (await t.host.list(folder)).map((entry) => `${entry.name}:${entry.kind}`);
      const expected = ['10', '9', 'B', 'a', 'b', 'd', 'ä'].map(
        (name) => `${name}:${name === 'd' ? 'directory' : 'file'}`,
      );
      assert.deepEqual(names, expected);
      await t.host.rename(`${folder}/d`, `${folder}/f`);
      assert.deepEqual(await t.host.stat(`${folder}/f/e`), { kind: 'directory', bytes: 0 });
      await t.host.remove(`${folder}/f`);
      await t.host.remove(`${folder}/f`);
      assert.isNull(await t.host.stat(`${folder}/f`));
    }));

  test('errors name the path and what to do', (t) =>
    inFolder(t.host, async (folder) => {
      const missing = await failure(t.host.readFile(`${folder}/none`));
      assert.include(missing.message, `${folder}/none`);
      assert.include(missing.message, 'check the path');
      await failure(t.host.readRange(`${folder}/none`, 0, 1));
      await failure(t.host.list(`${folder}/none`));
      await failure(t.host.rename(`${folder}/none`, `${folder}/other`));
      await failure(t.host.readFile(folder));
      await t.host.writeFile(`${folder}/file`, '');
      await failure(t.host.writeFile(`${folder}/file/below`, 'x'));
      await failure(t.host.writeFile(folder, 'x'));
      assert.deepEqual(await t.host.list(folder), [{ name: 'file', kind: 'file' }]);
      assert.isNull(await t.host.stat(`${folder}/file/below`));
    }));
});
