import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { openShards } from '../../src/clip/safetensors_shards.ts';
import { writeSafetensors } from '../../src/clip/safetensors_writer.ts';
import { suite, test } from '../harness/registry.ts';
import { MemoryFiles } from './memory_files.ts';

suite('sharded safetensors', () => {
  const one = (byte: number) => ({ dtype: 'U8', shape: [2], data: new Uint8Array([byte, byte]) });

  function shards(): MemoryFiles {
    return new MemoryFiles({
      'm/model.safetensors.index.json': JSON.stringify({
        metadata: { total_size: 6 },
        weight_map: { a: 'model-1.safetensors', ['__proto__']: 'model-2.safetensors', c: 'model-1.safetensors' },
      }),
      'm/model-1.safetensors': writeSafetensors(
        new Map([
          ['a', one(1)],
          ['c', one(3)],
        ]),
        { format: 'pt' },
      ),
      'm/model-2.safetensors': writeSafetensors(new Map([['__proto__', one(2)]])),
    });
  }

  test('are one file to the reader', async () => {
    const file = await openShards(shards(), 'm/model.safetensors.index.json');
    assert.deepEqual([...file.tensors.keys()].sort(), ['__proto__', 'a', 'c']);
    assert.deepEqual([...(await file.read('__proto__'))], [2, 2]);
    assert.deepEqual([...(await file.readRange('c', 1, 1))], [3]);
    assert.equal(file.metadata.get('format'), 'pt');
    assert.match((await file.read('b').catch((e) => e)).message, /no tensor "b"/);
  });

  test('must be what the index says', async () => {
    const index = (map: unknown) => JSON.stringify({ weight_map: map });
    const cases: [Record<string, string>, RegExp][] = [
      [{ 'm/model.safetensors.index.json': '{' }, /no JSON/],
      [{ 'm/model.safetensors.index.json': '[]' }, /no weight_map/],
      [{ 'm/model.safetensors.index.json': index({ a: '../model-1.safetensors' }) }, /no file beside it/],
      [{ 'm/model.safetensors.index.json': index({ a: 'pytorch.bin' }) }, /no file beside it/],
      [{ 'm/model.safetensors.index.json': index({ a: 'model-9.safetensors' }) }, /not beside it/],
      [{ 'm/model.safetensors.index.json': index({ a: 'model-1.safetensors' }) }, /does not place tensor "c"/],
      [
        {
          'm/model.safetensors.index.json': index({
            ...{ a: 'model-1.safetensors', c: 'model-1.safetensors' },
            d: 'model-2.safetensors',
          }),
        },
        /does not place tensor "__proto__"/,
      ],
      [{ 'm/model-1.safetensors': 'x' }, /only 1 bytes/],
    ];
    for (const [changes, message] of cases) {
      const files = shards();
      for (const [path, text] of Object.entries(changes)) files.put(path, text);
      const error = await openShards(files, 'm/model.safetensors.index.json').catch((e) => e);
      assert.instanceOf(error, FusionclipError);
      assert.match(error.message, message);
    }
    const files = shards();
    files.put('m/model-1.safetensors', writeSafetensors(new Map([['a', one(1)]])));
    const error = await openShards(files, 'm/model.safetensors.index.json').catch((e) => e);
    assert.match(error.message, /lacks tensor "c"/);
  });
});
