import { assert } from 'chai';
import fc from 'fast-check';
import { FusionclipError } from '../../src/base/errors.ts';
import { openSafetensors } from '../../src/clip/safetensors.ts';
import { headerLength } from '../../src/clip/safetensors_header.ts';
import { writeSafetensors } from '../../src/clip/safetensors_writer.ts';
import { suite, test } from '../harness/registry.ts';
import { fileOf, readBoth, refusal, tensor } from './safetensors_cases.ts';

interface CorpusEntry {
  file: string;
  bytes: number;
  expect: 'ok' | 'error';
}

suite('safetensors', () => {
  test('answers the whole corpus as its manifest says', async (t) => {
    const folder = 'vectors/safetensors_corpus';
    const manifest: CorpusEntry[] = JSON.parse(new TextDecoder().decode(await t.fixture(`${folder}/manifest.json`)));
    assert.isAbove(manifest.length, 20);
    for (const { file, bytes: size, expect } of manifest) {
      const bytes = await t.fixture(`${folder}/${file}`);
      assert.lengthOf(bytes, size, file);
      if (expect === 'error') assert.include(await refusal(bytes, file), file);
      else await readBoth(bytes, file);
    }
  });

  test('gives tensors in the order of their data, with metadata', async () => {
    const header = `{"b":${tensor('U8', [2], 0, 2)},"__metadata__":{"a":"\\u00e9"},"__proto__":${tensor('I8', [], 2, 3)}}`;
    const bytes = fileOf(header, 3);
    bytes.set([7, 8, 9], bytes.length - 3);
    const tensors = await readBoth(bytes, 'x');
    assert.deepEqual([...tensors.keys()], ['b', '__proto__']);
    assert.deepEqual([...tensors.get('__proto__')!.data], [9]);
    const source = { name: 'x', size: bytes.length, read: async (o: number, n: number) => bytes.slice(o, o + n) };
    const opened = await openSafetensors(source);
    assert.deepEqual([...opened.metadata], [['a', 'é']]);
    assert.deepEqual([...(await opened.readRange('b', 1, 1))], [8]);
    for (const attempt of [
      () => opened.read('c'),
      () => opened.readRange('b', 1, 2),
      () => opened.readRange('b', -1, 1),
    ]) {
      assert.instanceOf(await attempt().catch((e) => e), FusionclipError);
    }
  });

  test('refuses every broken promise of a header', async () => {
    const f = tensor('F32', [1], 0, 4);
    const cases: [string, number, RegExp][] = [
      [`{"a":${f},"a":${f}}`, 4, /twice/],
      ['{"__metadata__":{"k":"1","k":"2"}}', 0, /twice/],
      ['{"__metadata__":{"k":1}}', 0, /malformed/],
      ['{"__metadata__":{},"__metadata__":{}}', 0, /twice/],
      ['{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}', 4, /unknown field "more"/],
      ['{"a":{"dtype":"F32","shape":[1]}}', 0, /lacks/],
      ['{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}', 4, /lacks/],
      [`{"a":${tensor('F32', [1], 4, 0)}}`, 4, /span -4/],
      [`{"a":${tensor('F32', [1.5], 0, 6)}}`, 6, /malformed/],
      ['{"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}', 4, /malformed/],
      ['{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}', 4, /malformed/],
      ['{"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,4]}}', 4, /malformed/],
      ['{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}', 4, /overflows/],
      ['{"a":{"dtype":"F32","shape":[4611686018427387904,0],"data_offsets":[0,0]}}', 0, /overflows/],
      // Rounded to a double, the span of the offsets would be the 4 bytes that the shape needs.
      ['{"a":{"dtype":"F32","shape":[1],"data_offsets":[9007199254740989,9007199254740994]}}', 4, /span 5/],
      [`{"a":${tensor('F32', [1], 8, 12)}}`, 4, /behind the file/],
      [`{"a":${tensor('F32', [1], 4, 8)}}`, 8, /"a" leaves a hole before it/],
      [`{"a":${f},"b":${tensor('F32', [1], 2, 6)}}`, 6, /"b" overlaps/],
      [`{"a":${f}}`, 5, /end at byte \d+, the file has \d+/],
      [`{"a":${tensor('X16', [2], 0, 4)}}`, 4, /unknown type "X16"/],
      ...['U16', 'U32', 'U64', 'F8_E4M3', 'F8_E5M2', 'F4'].map((type): [string, number, RegExp] => [
        `{"a":${tensor(type, [4], 0, 4)}}`,
        4,
        new RegExp(`^m\\.safetensors has "a" as ${type}, which is not read here; take the model in float16`),
      ]),
      [`{"a":{"dtype":"F32","shape":[${'9'.repeat(5000)}],"data_offsets":[0,4]}}`, 4, /malformed/],
      [`{"a":${tensor('F32', [2 ** 30, 2 ** 30], 0, 4)}}`, 4, /needs 4611686018427387904 bytes/],
      [`{"a":${tensor('F32', [2 ** 31, 2 ** 31], 0, 4)}}`, 4, /overflows/],
      [`{"a":${f},}`, 4, /malformed/],
      [`{"a":${f}} x`, 4, /malformed/],
      [`{"a":${f}`, 4, /malformed/],
      ['{"a\u0001":{}}', 0, /malformed/],
      ['{"\\ud800":{}}', 0, /malformed/],
      ['[]', 0, /malformed/],
      ['', 0, /malformed/],
      ['\ufeff{}', 0, /malformed/],
      ['['.repeat(100_000), 0, /malformed/],
    ];
    for (const [header, data, message] of cases)
      assert.match(await refusal(fileOf(header, data)), message, header.slice(0, 80));
  });

  test('a header of bytes that are no text is said to be that', async () => {
    const bytes = fileOf(`{"aa":${tensor('F32', [1], 0, 4)}}`, 4);
    bytes[bytes.indexOf(0x61)] = 0xff;
    assert.match(await refusal(bytes), /its header is not UTF-8/);
  });

  for (const [dtype, width] of Object.entries({
    F64: 8,
    I64: 8,
    F32: 4,
    I32: 4,
    F16: 2,
    BF16: 2,
    I16: 2,
    I8: 1,
    BOOL: 1,
  })) {
    test(`an element of type ${dtype} has ${width} bytes`, async () => {
      const tensors = await readBoth(fileOf(`{"a":${tensor(dtype, [3], 0, 3 * width)}}`, 3 * width), 'x');
      assert.lengthOf(tensors.get('a')!.data, 3 * width);
    });
  }

  test('evaluates a header by its length before anything is read', () => {
    const prefix = (length: bigint) => new Uint8Array(new BigUint64Array([length]).buffer);
    assert.equal(headerLength(prefix(100_000_000n), 2 ** 32, 'x'), 100_000_000);
    assert.throws(() => headerLength(prefix(100_000_001n), 2 ** 32, 'x'), FusionclipError, /claims/);
    assert.throws(() => headerLength(prefix(2n ** 64n - 1n), 2 ** 32, 'x'), FusionclipError, /claims/);
    // Its lower half alone would be a header of 16 bytes.
    assert.throws(() => headerLength(prefix(2n ** 32n + 16n), 2 ** 32, 'x'), FusionclipError, /claims 4294967312/);
    assert.throws(() => headerLength(prefix(93n), 100, 'x'), FusionclipError, /behind/);
    assert.equal(headerLength(prefix(92n), 100, 'x'), 92);
  });

  test('says how to convert a PyTorch file, and knows pages and pointers', async () => {
    for (const name of ['ViT-L-14.pt', 'a/pytorch_model.bin', 'last.ckpt', 'X.PTH']) {
      const message = await refusal(fileOf('{}'), name);
      assert.include(message, 'safetensors.torch');
      assert.include(message, `"${name.replace(/\.\w+$/, '.safetensors')}"`);
    }
    assert.include(await refusal(new Uint8Array([0x50, 0x4b, 3, 4, 0, 0]), 'renamed.safetensors'), 'PyTorch');
    assert.include(await refusal(new Uint8Array([0x80, 2, 0x8a, 10, 1]), 'renamed.safetensors'), 'PyTorch');
    const bytes = (...begin: number[]) =>
      refusal(new Uint8Array([...begin, ...new Array(60).fill(1)]), 'a.safetensors');
    assert.include(await bytes(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10), 'a picture, not a model');
    assert.include(await bytes(0x47, 0x47, 0x55, 0x46, 3, 0, 0, 0), 'a GGUF file');
    assert.include(await refusal(new TextEncoder().encode('\n<!DOCTYPE html><html>')), 'web page');
    assert.include(
      await refusal(new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\n')),
      'git lfs pull',
    );
  });

  test('notices a file that shrinks while it is read', async () => {
    const bytes = writeSafetensors([['a', { dtype: 'U8', shape: [4], data: new Uint8Array(4) }]]);
    let cut = 0;
    const read = async (o: number, n: number) => bytes.slice(o, Math.min(o + n, bytes.length - cut));
    const opened = await openSafetensors({ name: 'x', size: bytes.length, read });
    cut = 1;
    assert.match((await opened.read('a').catch((e) => e)).message, /ends inside/);
  });

  test('survives any bytes, and any damage to a good file', async () => {
    const good = writeSafetensors(
      [
        ['weight', { dtype: 'F32', shape: [2, 3], data: new Uint8Array(24) }],
        ['bias', { dtype: 'F16', shape: [3], data: new Uint8Array(6) }],
      ],
      { format: 'pt' },
    );
    const tolerate = async (bytes: Uint8Array) => {
      await readBoth(bytes, 'fuzz.safetensors').catch((error) => assert.instanceOf(error, FusionclipError));
    };
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), tolerate), { numRuns: 300, seed: 1 });
    const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(good.length), async (changes, length) => {
        const bytes = good.slice(0, length < 20 ? good.length : length);
        for (const [at, value] of changes) bytes[at] = value;
        await tolerate(bytes);
      }),
      { numRuns: 500, seed: 2 },
    );
    const number = fc.oneof(fc.nat(40), fc.maxSafeNat(), fc.integer(), fc.double(), fc.constant('x'));
    const info = fc.record(
      {
        dtype: fc.constantFrom('F32', 'U8', 'F8', ''),
        shape: fc.array(number, { maxLength: 3 }),
        data_offsets: fc.array(number, { maxLength: 3 }),
      },
      { requiredKeys: [] },
    );
    const header = fc.dictionary(fc.oneof(fc.string(), fc.constant('__metadata__')), fc.oneof(info, fc.json()));
    await fc.assert(
      fc.asyncProperty(header, fc.nat(40), (value, data) => tolerate(fileOf(JSON.stringify(value), data))),
      { numRuns: 500, seed: 3 },
    );
  });
});
