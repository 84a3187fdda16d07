import { assert } from 'chai';
import fc from 'fast-check';
import { parseSafetensors } from '../../src/clip/safetensors.ts';
import { SafetensorsWriter, writeSafetensors } from '../../src/clip/safetensors_writer.ts';
import { suite, test } from '../harness/registry.ts';
import { MemoryFiles } from './memory_files.ts';
import { readBoth } from './safetensors_cases.ts';

suite('safetensors writer', () => {
  test('is read back, whatever is written', async () => {
    const dtype = fc.constantFrom('F64', 'F32', 'BF16', 'U8', 'I64', 'BOOL');
    const entry = fc.tuple(dtype, fc.array(fc.nat(3), { maxLength: 3 }));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string({ unit: 'grapheme' }), entry), async (entries) => {
        const width: Record<string, number> = { F64: 8, I64: 8, F32: 4, BF16: 2, U8: 1, BOOL: 1 };
        const tensors = Object.entries(entries)
          .filter(([name]) => name !== '__metadata__')
          .map(([name, [type, shape]]) => {
            const data = new Uint8Array(shape.reduce((a, b) => a * b, width[type])).fill(name.length + 1);
            return [name, { dtype: type, shape, data }] as const;
          });
        const bytes = writeSafetensors(tensors, { z: '1', a: 'é"' });
        const read = await readBoth(bytes, 'x');
        assert.equal(read.size, tensors.length);
        for (const [name, { data, ...rest }] of tensors) assert.deepEqual(read.get(name), { ...rest, data } as never);
        assert.deepEqual(writeSafetensors(tensors, { a: 'é"', z: '1' }), bytes, 'same input, same bytes');
      }),
      { numRuns: 200, seed: 4 },
    );
  });

  test('pads the header to 8 and aligns every tensor', () => {
    const data = new Uint8Array(8);
    const bytes = writeSafetensors([
      ['byte', { dtype: 'U8', shape: [1], data: data.subarray(0, 1) }],
      ['wide', { dtype: 'F64', shape: [1], data }],
    ]);
    const tensors = parseSafetensors(bytes);
    assert.equal(tensors.get('wide')!.data.byteOffset % 8, 0);
    assert.throws(() => writeSafetensors([['a', { dtype: 'F32', shape: [1], data }]]), /8 bytes, not 4/);
    assert.throws(() => writeSafetensors([['a', { dtype: 'F3', shape: [1], data }]]), /type F3/);
    const twice = ['a', { dtype: 'F64', shape: [1], data }] as const;
    assert.throws(() => writeSafetensors([twice, twice]), /taken/);
  });

  test('streams the same bytes, and checks that they are complete', async () => {
    const files = new MemoryFiles();
    const data = new Uint8Array([1, 2, 3, 4]);
    const tensors = [
      ['a', { dtype: 'U8', shape: [3] }],
      ['b', { dtype: 'U8', shape: [] }],
    ] as const;
    const writer = await SafetensorsWriter.begin(await files.createWriter('out'), tensors, { k: 'v' });
    await writer.write(data.subarray(0, 2));
    assert.match((await writer.finish().catch((e) => e)).message, /2 bytes/);
    await writer.write(data.subarray(2));
    assert.match((await writer.write(data).catch((e) => e)).message, /more tensor data/);
    const again = await SafetensorsWriter.begin(await files.createWriter('out'), tensors, { k: 'v' });
    await again.write(data);
    await again.finish();
    const whole = writeSafetensors(
      [
        ['a', { ...tensors[0][1], data: data.subarray(0, 3) }],
        ['b', { ...tensors[1][1], data: data.subarray(3) }],
      ],
      { k: 'v' },
    );
    assert.deepEqual(files.files.get('out'), whole);
  });
});
