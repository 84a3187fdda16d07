import { MemoryFileSystem } from '../data/memory_file_system.ts';

/** What a NIfTI file is made of. */
export interface MadeNifti {
  readonly version?: 1 | 2;
  readonly big?: boolean;
  readonly shape: readonly number[];
  /** NIfTI's number of the type, and bytes of it. */
  readonly type?: number;
  readonly bytes?: number;
  readonly slope?: number;
  readonly intercept?: number;
  readonly spacing?: readonly number[];
  /** b, c, d, and the offset: a qform, with pixdim[0] as `side`. */
  readonly qform?: readonly number[];
  readonly side?: number;
  readonly sform?: readonly (readonly number[])[];
  readonly values: readonly number[];
  /** Of a pair: only the header. */
  readonly alone?: boolean;
}

/** The numbers as bytes. */
export function numbersOf({ type = 4, bytes = 2, big = false, values }: MadeNifti): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(values.length * bytes);
  const view = new DataView(out.buffer);
  for (const [i, value] of values.entries()) {
    const at = i * bytes;
    if (type === 16) view.setFloat32(at, value, !big);
    else if (type === 64) view.setFloat64(at, value, !big);
    else if (bytes === 8) view.setBigInt64(at, BigInt(value), !big);
    else if (bytes === 4) view.setInt32(at, value, !big);
    else if (bytes === 2) view.setInt16(at, value, !big);
    else view.setInt8(at, value);
  }
  return out;
}

/** A NIfTI file (or the header of a pair). */
export function nifti(made: MadeNifti): Uint8Array<ArrayBuffer> {
  const { version = 1, big = false, shape, type = 4, bytes = 2, slope = 0, intercept = 0, spacing = [1, 1, 1] } = made;
  const one = version === 1;
  const start = one ? 352 : 544;
  const head = new Uint8Array(start);
  const view = new DataView(head.buffer);
  const short = (at: number, value: number) => view.setInt16(at, value, !big);
  const long = (at: number, value: number) => view.setBigInt64(at, BigInt(value), !big);
  const float = (at: number, value: number) =>
    one ? view.setFloat32(at, value, !big) : view.setFloat64(at, value, !big);
  const width = one ? 4 : 8;
  view.setInt32(0, one ? 348 : 540, !big);
  const magic = `${made.alone ? 'ni' : 'n+'}${version}\0${one ? '' : '\r\n\x1a\n'}`;
  for (let i = 0; i < magic.length; i++) head[(one ? 344 : 4) + i] = magic.charCodeAt(i);
  for (const [i, n] of [shape.length, ...shape].entries()) one ? short(40 + 2 * i, n) : long(16 + 8 * i, n);
  short(one ? 70 : 12, type);
  short(one ? 72 : 14, 8 * bytes);
  for (const [i, n] of [made.side ?? 1, ...spacing].entries()) float((one ? 76 : 104) + width * i, n);
  if (one) view.setFloat32(108, made.alone ? 0 : start, !big);
  else long(168, made.alone ? 0 : start);
  float(one ? 112 : 176, slope);
  float(one ? 116 : 184, intercept);
  const code = (at: number, n: number) => (one ? short(at, n) : view.setInt32(at, n, !big));
  code(one ? 252 : 344, made.qform ? 1 : 0);
  code(one ? 254 : 348, made.sform ? 1 : 0);
  for (const [i, n] of (made.qform ?? []).entries()) float((one ? 256 : 352) + width * i, n);
  for (const [i, n] of (made.sform ?? []).flat().entries()) float((one ? 280 : 400) + width * i, n);
  if (made.alone) return head;
  const data = numbersOf(made);
  const out = new Uint8Array(start + data.length);
  out.set(head);
  out.set(data, start);
  return out;
}

/** A file system of these files. */
export function files(entries: Record<string, Uint8Array>): MemoryFileSystem {
  return new MemoryFileSystem(Object.entries(entries));
}
