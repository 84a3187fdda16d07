import { assert } from 'chai';
import { readingFrom } from '../../src/base/overlaid.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suite, test } from '../harness/registry.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

suite('a place that can be read alone', () => {
  const base = new MemoryFileSystem([['/a', new TextEncoder().encode('here')]]);
  const bytes = new TextEncoder().encode('elsewhere');
  const fs = readingFrom(
    base,
    (path) => path.startsWith('x:'),
    {
      readFile: async () => bytes,
      readRange: async (_, offset, length) => bytes.slice(offset, offset + length),
      stat: async () => ({ kind: 'file', bytes: 9 }),
      list: async () => [{ name: 'one', kind: 'file' }],
      realPath: async (path) => path.toLowerCase(),
    },
    (path) => {
      throw new Error(`${path} is refused`);
    },
  );

  test('is read there, and all else where it was', async () => {
    assert.equal(text(await fs.readFile('x:/a')), 'elsewhere');
    assert.equal(text(await fs.readRange('x:/a', 4, 3)), 'whe');
    assert.deepEqual(await fs.stat('x:/a'), { kind: 'file', bytes: 9 });
    assert.deepEqual(await fs.list('x:/'), [{ name: 'one', kind: 'file' }]);
    assert.equal(text(await fs.readFile('/a')), 'here');
    assert.equal(text(await fs.readRange('/a', 1, 2)), 'er');
    assert.equal((await fs.stat('/a'))?.bytes, 4);
  });

  test('is never written, whichever path of a call lies there', async () => {
    const calls: (() => Promise<unknown>)[] = [
      () => fs.writeFile('x:/b', bytes),
      () => fs.appendFile('x:/b', ''),
      () => fs.makeDir('x:/b'),
      () => fs.remove('x:/b'),
      () => fs.createWriter('x:/b'),
      () => fs.createAppender('x:/b'),
      () => fs.rename('x:/b', '/b'),
      () => fs.rename('/a', 'x:/b'),
    ];
    for (const call of calls) {
      const said = await call().then(
        () => 'done',
        (error: Error) => error.message,
      );
      assert.equal(said, 'x:/b is refused', String(call));
    }
    assert.equal(text(await base.readFile('/a')), 'here');
    await fs.writeFile('/b', bytes);
    assert.equal(text(await base.readFile('/b')), 'elsewhere');
  });
});
