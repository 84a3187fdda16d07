import { assert } from 'chai';
import fc from 'fast-check';
import { suite, test } from '../harness/registry.ts';
import { fileOf, readBoth, refusal } from './safetensors_cases.ts';

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
