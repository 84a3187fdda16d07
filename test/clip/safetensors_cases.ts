import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { openSafetensors, parseSafetensors } from '../../src/clip/safetensors.ts';

/** A file of this header (text or bytes) and so many zero bytes of data. */
export function fileOf(header: string | Uint8Array, dataBytes = 0): Uint8Array<ArrayBuffer> {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const out = new Uint8Array(8 + json.length + dataBytes);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true);
  out.set(json, 8);
  return out;
}

/** An entry of a header as JSON. */
export function tensor(dtype: string, shape: number[], begin: number, end: number): string {
  return JSON.stringify({ dtype, shape, data_offsets: [begin, end] });
}

/** Reads as parsing and as streaming do; both must agree. */
export async function readBoth(
  bytes: Uint8Array,
  name: string,
): Promise<Map<string, { shape: number[]; data: Uint8Array }>> {
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

/** The message with which both ways of reading refuse a file. */
export async function refusal(bytes: Uint8Array, name = 'm.safetensors'): Promise<string> {
  try {
    await readBoth(bytes, name);
  } catch (error) {
    assert.instanceOf(error, FusionclipError);
    assert.equal((error as FusionclipError).code, 'bad_model');
    return (error as FusionclipError).message;
  }
  return assert.fail('was accepted');
}
