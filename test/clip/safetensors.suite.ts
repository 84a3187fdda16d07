import { assert } from 'chai';
import fc from 'fast-check';
import { firstNonFinite, floatToBfloat, floatToHalf, halfToFloat, packHalf, toFloat32 } from '../../src/clip/half.ts';
import { openSafetensors, parseSafetensors } from '../../src/clip/safetensors.ts';
import { headerLength } from '../../src/clip/safetensors_header.ts';
import { openShards } from '../../src/clip/safetensors_shards.ts';
import { SafetensorsWriter, writeSafetensors } from '../../src/clip/safetensors_writer.ts';
import { FusionclipError } from '../../src/gpu/errors.ts';
import { suite, test } from '../harness/registry.ts';
import { MemoryFiles } from './memory_files.ts';

interface CorpusEntry {
  file: string;
  bytes: number;
  expect: 'ok' | 'error';
}

/** A file of this header (text or bytes) and so many zero bytes of data. */
function fileOf(header: string | Uint8Array, dataBytes = 0): Uint8Array<ArrayBuffer> {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const out = new Uint8Array(8 + json.length + dataBytes);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true);
  out.set(json, 8);
  return out;
}

function tensor(dtype: string, shape: number[], begin: number, end: number): string {
  return JSON.stringify({ dtype, shape, data_offsets: [begin, end] });
}

/** Reads as parsing and as streaming do; both must agree. */
async function readBoth(bytes: Uint8Array, name: string): Promise<Map<string, { shape: number[]; data: Uint8Array }>> {
  let longest = 0;
  const read = async (offset: number, length: number) => {
    longest = Math.max(longest, length);
    return bytes.slice(offset, offset + length);
  };
  let parsed: ReturnType<typeof parseSafetensors> | undefined;
  let error: unknown;
  try {
    parsed = parseSafetensors(bytes, name);
  } catch (e) {
    error = e;
  }
  try {
    const opened = await openSafetensors({ name, size: bytes.length, read });
    assert.isUndefined(error, 'parseSafetensors refused what openSafetensors took');
    assert.deepEqual([...opened.tensors.keys()], [...parsed!.keys()]);
    for (const [key, { data, shape, dtype }] of parsed!) {
      assert.deepEqual([...(await opened.read(key))], [...data]);
      const info = opened.tensors.get(key)!;
      assert.deepEqual([info.shape, info.dtype], [shape, dtype] as never);
    }
  } catch (e) {
    if (error === undefined) throw e;
    assert.equal(String(e), String(error));
  }
  assert.isAtMost(longest, Math.max(bytes.length, 64), 'asked for more than the file holds');
  if (error !== undefined) throw error;
  return parsed!;
}

async function refusal(bytes: Uint8Array, name = 'm.safetensors'): Promise<string> {
  try {
    await readBoth(bytes, name);
  } catch (error) {
    assert.instanceOf(error, FusionclipError);
    assert.equal((error as FusionclipError).code, 'bad_model');
    return (error as FusionclipError).message;
  }
  return assert.fail('was accepted');
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
      [`{"a":${tensor('U16', [2], 0, 4)}}`, 4, /unknown type "U16"/],
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

  test('judges a header by its length before anything is read', () => {
    const prefix = (length: bigint) => new Uint8Array(new BigUint64Array([length]).buffer);
    assert.equal(headerLength(prefix(100_000_000n), 2 ** 32, 'x'), 100_000_000);
    assert.throws(() => headerLength(prefix(100_000_001n), 2 ** 32, 'x'), FusionclipError, /claims/);
    assert.throws(() => headerLength(prefix(2n ** 64n - 1n), 2 ** 32, 'x'), FusionclipError, /claims/);
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

suite('safetensors fuzz', () => {
  /** Widths by type, and a whole header for them, as a list of fields that a fault is put into. */
  const WIDTH: Record<string, number> = {
    F64: 8,
    I64: 8,
    F32: 4,
    I32: 4,
    F16: 2,
    BF16: 2,
    I16: 2,
    I8: 1,
    U8: 1,
    BOOL: 1,
  };
  const layout = fc.uniqueArray(
    fc.record({
      name: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('__proto__', 'constructor', 'toString')),
      dtype: fc.constantFrom(...Object.keys(WIDTH)),
      shape: fc.array(fc.nat(4), { maxLength: 3 }),
    }),
    { selector: ({ name }) => name, minLength: 1, maxLength: 5 },
  );
  interface Field {
    name: string;
    dtype: string;
    shape: (number | bigint)[];
    offsets: (number | bigint)[];
  }

  function fields(entries: { name: string; dtype: string; shape: number[] }[]): { all: Field[]; bytes: number } {
    let at = 0;
    const all = entries
      .filter(({ name }) => name !== '__metadata__')
      .map(({ name, dtype, shape }) => {
        const begin = at;
        at += shape.reduce((a, b) => a * b, WIDTH[dtype]);
        return { name, dtype, shape: [...shape], offsets: [begin, at] };
      });
    return { all, bytes: at };
  }

  const spelled = (all: readonly Field[]) =>
    `{${all.map(({ name, dtype, shape, offsets }) => `${JSON.stringify(name)}:{"dtype":${JSON.stringify(dtype)},"shape":[${shape}],"data_offsets":[${offsets}]}`)}}`;

  /** Each makes a true header false; where it cannot, it gives null. */
  const FAULTS: Record<string, (all: Field[], bytes: number, n: number) => [string, number] | null> = {
    'a type of another width': (all, bytes, n) => {
      const one = all[n % all.length];
      if (one.shape.includes(0)) return null;
      one.dtype = WIDTH[one.dtype] === 8 ? 'F32' : 'F64';
      return [spelled(all), bytes];
    },
    'an unknown type': (all, bytes, n) => {
      all[n % all.length].dtype = ['f32', 'F8_E4M3', 'U32', ''][n % 4];
      return [spelled(all), bytes];
    },
    'an extent too many': (all, bytes, n) => {
      all[n % all.length].shape.push(2n ** BigInt(n % 80) + 1n);
      return all[n % all.length].shape.includes(0) ? null : [spelled(all), bytes];
    },
    'a shifted tensor': (all, bytes, n) => {
      const one = all[n % all.length];
      const by = 2n ** BigInt(n % 70);
      one.offsets = one.offsets.map((x) => BigInt(x) + by);
      return [spelled(all), bytes];
    },
    'a tensor twice': (all, bytes, n) => [spelled([...all, all[n % all.length]]), bytes],
    'bytes behind the last tensor': (all, bytes, n) => [spelled(all), bytes + 1 + (n % 9)],
    'bytes missing at the end': (all, bytes, n) => (bytes === 0 ? null : [spelled(all), bytes - 1 - (n % bytes)]),
    'a cut header': (all, bytes, n) => {
      const text = spelled(all);
      return [text.slice(0, n % text.length), bytes];
    },
    'a list too many': (all, bytes, n) => [`${'['.repeat(1 + (n % 5000))}${spelled(all)}`, bytes],
  };

  test('takes every true header and refuses it with any one fault', async () => {
    const seen = new Map<string, number>();
    const fault = fc.constantFrom(...Object.keys(FAULTS));
    await fc.assert(
      fc.asyncProperty(layout, fault, fc.nat(1e6), async (entries, kind, n) => {
        const { all, bytes } = fields(entries);
        const names = await readBoth(fileOf(spelled(all), bytes), 'true.safetensors');
        assert.sameMembers(
          [...names.keys()],
          all.map(({ name }) => name),
        );
        if (all.length === 0) return;
        const broken = FAULTS[kind](all, bytes, n);
        if (broken === null) return;
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
        await refusal(fileOf(...broken));
      }),
      { numRuns: 600, seed: 6 },
    );
    for (const kind of Object.keys(FAULTS)) assert.isAbove(seen.get(kind) ?? 0, 10, kind);
  });

  test('refuses a large hostile header in time that grows with its length alone', async () => {
    const tensors = Array.from({ length: 60_000 }, (_, i) => `"${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`);
    const start = performance.now();
    await readBoth(fileOf(`{${tensors}}`), 'many.safetensors').catch(() => {});
    for (const text of ['"'.repeat(2e6), `{"${'\\"'.repeat(1e6)}`, ' '.repeat(2e6), '{'.repeat(2e6)]) {
      await refusal(fileOf(text));
    }
    assert.isBelow(performance.now() - start, 20_000);
  });
});

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

suite('half precision', () => {
  test('goes through float32 and back for all 65,536 halves', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = halfToFloat(bits);
      if (Number.isNaN(value)) assert.isTrue(Number.isNaN(halfToFloat(floatToHalf(value))));
      else if (floatToHalf(value) !== bits) assert.fail(`0x${bits.toString(16)} came back as another half`);
    }
  });

  test('rounds to the nearest half, ties to even', () => {
    const cases: [number, number][] = [
      [1, 0x3c00],
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [1 + 2 ** -11 + 2 ** -23, 0x3c01],
      [65504, 0x7bff],
      [65519.996, 0x7bff],
      [65520, 0x7c00],
      [-1e30, 0xfc00],
      [2 ** -25, 0],
      [2 ** -25 * (1 + 2 ** -20), 1],
      [3 * 2 ** -25, 2],
      [2 ** -14 - 2 ** -26, 0x0400],
      [-0, 0x8000],
      [Number.NEGATIVE_INFINITY, 0xfc00],
    ];
    for (const [value, bits] of cases) assert.equal(floatToHalf(value), bits, `${value}`);
    const nearest = fc.double({ min: -70000, max: 70000, noNaN: true });
    fc.assert(
      fc.property(nearest, (x) => {
        const value = Math.fround(x);
        const bits = floatToHalf(value);
        const error = Math.abs(halfToFloat(bits) - value);
        for (const neighbour of [bits - 1, bits + 1]) {
          const other = halfToFloat(neighbour & 0xffff);
          if (Number.isFinite(other)) assert.isAtLeast(Math.abs(other - value), Number.isFinite(error) ? error : 0);
        }
      }),
      { numRuns: 500, seed: 5 },
    );
    assert.deepEqual([...packHalf(new Float32Array([1, -2]))], [0, 0x3c, 0, 0xc0]);
  });

  test('rounds to bfloat16, ties to even', () => {
    const cases: [number, number][] = [
      [1, 0x3f80],
      [1 + 2 ** -8, 0x3f80],
      [1 + 3 * 2 ** -8, 0x3f82],
      [3.4e38, 0x7f80],
      [Number.POSITIVE_INFINITY, 0x7f80],
      [-0, 0x8000],
    ];
    for (const [value, bits] of cases) assert.equal(floatToBfloat(value), bits, `${value}`);
    assert.equal(floatToBfloat(Number.NaN) & 0x7fc0, 0x7fc0);
  });

  test('reads every type as float32 from unaligned bytes', () => {
    const unaligned = (array: ArrayBufferView) => {
      const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
      const padded = new Uint8Array(bytes.length + 1);
      padded.set(bytes, 1);
      return padded.subarray(1);
    };
    const cases: [string, ArrayBufferView, number[]][] = [
      ['F64', new Float64Array([0.1, -3]), [Math.fround(0.1), -3]],
      ['F32', new Float32Array([0.1, -3]), [Math.fround(0.1), -3]],
      ['F16', new Uint16Array([0x3c00, 1, 0xfc00]), [1, 2 ** -24, Number.NEGATIVE_INFINITY]],
      ['BF16', new Uint16Array([0x3f80, 0xc040]), [1, -3]],
      ['I64', new BigInt64Array([-5n]), [-5]],
      ['I32', new Int32Array([-7]), [-7]],
      ['I16', new Int16Array([-7]), [-7]],
      ['I8', new Int8Array([-7]), [-7]],
      ['U8', new Uint8Array([200]), [200]],
      ['BOOL', new Uint8Array([1, 0]), [1, 0]],
    ];
    for (const [dtype, array, expected] of cases) {
      assert.deepEqual([...toFloat32(dtype, unaligned(array))], expected, dtype);
    }
    assert.throws(() => toFloat32('F8', new Uint8Array(1)), FusionclipError);
    assert.equal(firstNonFinite([1, 2, Number.NaN, 1 / 0]), 2);
    assert.equal(firstNonFinite(new Float32Array(3)), -1);
  });
});
