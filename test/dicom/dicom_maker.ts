import { DicomFile, type DicomFrame } from '../../src/dicom/dicom_file.ts';

/** An element: tag, type, and what it holds. Items of a sequence are lists of elements, `parts` fragments of pixels. */
export type El = readonly [tag: number, vr: string, value: string | readonly number[] | Uint8Array | Items | Parts];
/** Items of a sequence; `open`: without lengths, with end marks. */
export interface Items {
  readonly items: readonly (readonly El[])[];
  readonly open?: boolean;
}
/** Encapsulated pixels: the offset table, then the fragments. */
export interface Parts {
  readonly parts: readonly Uint8Array[];
}

/** How a file is written. */
export interface Made {
  readonly syntax?: string;
  readonly implicit?: boolean;
  readonly big?: boolean;
  readonly preamble?: boolean;
  /** The elements of group 2 and what comes before them. */
  readonly meta?: boolean;
  /** What the length of group 2 is said to be, where it is to be wrong. */
  readonly metaLength?: number;
}

export const EXPLICIT = '1.2.840.10008.1.2.1';
const LONG = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const SIZES: Readonly<Record<string, number>> = { US: 2, SS: 2, OW: 2, UL: 4, SL: 4, FL: 4, FD: 8, UV: 8, OV: 8 };

/** Bytes one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The letters of a text as bytes. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** A few numbers in bits. */
export function binary(vr: string, values: readonly number[], big = false): Uint8Array {
  const size = SIZES[vr] ?? 1;
  const out = new Uint8Array(values.length * size);
  const view = new DataView(out.buffer);
  for (const [i, value] of values.entries()) {
    const at = i * size;
    if (vr === 'FD') view.setFloat64(at, value, !big);
    else if (vr === 'FL') view.setFloat32(at, value, !big);
    else if (size === 8) view.setBigUint64(at, BigInt(value), !big);
    else if (size === 4) view.setInt32(at, value, !big);
    else if (size === 2) view.setInt16(at, value, !big);
    else out[at] = value;
  }
  return out;
}

/** The elements of a data set, in order, as bytes. */
export function elements(list: readonly El[], how: Made = {}): Uint8Array {
  return joined(list.map((el) => element(el, how)));
}

function head(tag: number, length: number, big: boolean, vr = ''): Uint8Array {
  const long = vr !== '' && LONG.has(vr);
  const out = new Uint8Array(long ? 12 : 8);
  const view = new DataView(out.buffer);
  view.setUint16(0, tag >>> 16, !big);
  view.setUint16(2, tag & 0xffff, !big);
  out.set(ascii(vr), 4);
  if (vr === '') view.setUint32(4, length, !big);
  else if (long) view.setUint32(8, length, !big);
  else view.setUint16(6, length, !big);
  return out;
}

function element([tag, vr, value]: El, how: Made): Uint8Array {
  const big = how.big ?? false;
  const open = 0xffffffff;
  const shown = how.implicit ? '' : vr;
  const end = (mark: number) => head(mark, 0, big);
  if (typeof value === 'object' && 'parts' in value) {
    const parts = value.parts.flatMap((part) => [head(0xfffee000, part.length, big), part]);
    return joined([head(tag, open, big, shown), ...parts, end(0xfffee0dd)]);
  }
  if (typeof value === 'object' && 'items' in value) {
    const items = value.items.map((item) => {
      const bytes = elements(item, how);
      if (!value.open) return joined([head(0xfffee000, bytes.length, big), bytes]);
      return joined([head(0xfffee000, open, big), bytes, end(0xfffee00d)]);
    });
    const bytes = joined(items);
    if (value.open) return joined([head(tag, open, big, shown), bytes, end(0xfffee0dd)]);
    return joined([head(tag, bytes.length, big, shown), bytes]);
  }
  let bytes: Uint8Array;
  if (value instanceof Uint8Array) bytes = value;
  else if (typeof value === 'string') bytes = ascii(value.length % 2 ? `${value}${vr === 'UI' ? '\0' : ' '}` : value);
  else bytes = binary(vr, value as readonly number[], big);
  return joined([head(tag, bytes.length, big, shown), bytes]);
}

/** A file of these elements: Part 10, explicit and little endian, unless `how` says another way. */
export function dicom(list: readonly El[], how: Made = {}): Uint8Array<ArrayBuffer> {
  const data = elements(list, how);
  if (how.meta === false) return joined([data]);
  const syntax = how.syntax ?? (how.implicit ? '1.2.840.10008.1.2' : how.big ? '1.2.840.10008.1.2.2' : EXPLICIT);
  const meta = elements([[0x00020010, 'UI', syntax]]);
  const group = elements([[0x00020000, 'UL', [how.metaLength ?? meta.length]]]);
  const start = how.preamble === false ? [] : [new Uint8Array(128), ascii('DICM')];
  return joined([...start, group, meta, data]);
}

/** What a grey picture is made of, besides `more` elements that come before the pixels (in the order of their tags). */
export interface Grey {
  readonly rows?: number;
  readonly columns?: number;
  readonly allocated?: number;
  readonly stored?: number;
  readonly high?: number;
  readonly signed?: boolean;
  readonly photometric?: string;
  readonly samples?: number;
  readonly planar?: number;
  readonly frames?: number;
  readonly pixels: readonly number[] | Uint8Array | Parts;
  readonly pixelVr?: string;
  readonly more?: readonly El[];
}

/** The elements of a picture, sorted by tag: one row of as many columns as it has pixels, 16 bits, unless it says otherwise. */
export function picture(grey: Grey): El[] {
  const { allocated = 16, samples = 1, pixels } = grey;
  const columns = grey.columns ?? ('length' in pixels ? pixels.length / samples : 1);
  const stored = grey.stored ?? allocated;
  const vr = grey.pixelVr ?? (allocated === 16 ? 'OW' : 'OB');
  const list: El[] = [
    [0x00280002, 'US', [samples]],
    [0x00280004, 'CS', grey.photometric ?? (samples === 3 ? 'RGB' : 'MONOCHROME2')],
    [0x00280010, 'US', [grey.rows ?? 1]],
    [0x00280011, 'US', [columns]],
    [0x00280100, 'US', [allocated]],
    [0x00280101, 'US', [stored]],
    [0x00280102, 'US', [grey.high ?? stored - 1]],
    [0x00280103, 'US', [grey.signed ? 1 : 0]],
    [0x7fe00010, vr, pixels],
    ...(grey.more ?? []),
  ];
  if (samples === 3) list.push([0x00280006, 'US', [grey.planar ?? 0]]);
  if (grey.frames) list.push([0x00280008, 'IS', String(grey.frames)]);
  return list.sort(([a], [b]) => a - b);
}

/** A file of a picture, read. */
export function made(grey: Grey, how: Made = {}): DicomFile {
  return DicomFile.read(dicom(picture(grey), how), 'made.dcm');
}

/** The numbers of a frame of stored values. */
export async function storedOf(file: DicomFile, index = 0): Promise<number[]> {
  return Array.from((await file.stored(index)).data);
}

/** A frame that must be grey. */
export async function greyOf(file: DicomFile, index = 0): Promise<Extract<DicomFrame, { kind: 'grey' }>> {
  const frame = await file.frame(index);
  if (frame.kind !== 'grey') throw new Error('the frame has colours');
  return frame;
}

/** The RGB of a frame that must have colours. */
export async function rgbOf(file: DicomFile, index = 0): Promise<number[]> {
  const frame = await file.frame(index);
  if (frame.kind !== 'colour') throw new Error('the frame is grey');
  return Array.from(frame.rgb);
}
