import { joined } from '../base/bytes.ts';
import type { Writing } from './data_set.ts';
import { tagText } from './tags.ts';

/** An element to be written: tag, type, and text, numbers in the bits of the type, bytes, or the items of a sequence. */
export type DicomElement = readonly [
  tag: number,
  vr: string,
  value: string | readonly number[] | Uint8Array | { readonly items: readonly (readonly DicomElement[])[] },
];

/** Types whose length has four bytes. */
const LONG = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);

const EXPLICIT = '1.2.840.10008.1.2.1';

/** This program's own root below that of UUIDs, which nobody has to give out (PS3.5 B.2), as a class and version. */
const IMPLEMENTATION = '2.25.153184929710264113852013874229466817331';

/**
 * A Part 10 file in explicit little endian. Elements are sorted by tag; class and instance are taken over into its header.
 * @throws Error where class or instance is missing
 */
export function encodeDicom(elements: readonly DicomElement[]): Uint8Array<ArrayBuffer> {
  const text = (tag: number) => elements.find((one) => one[0] === tag)?.[2];
  const [sopClass, instance] = [text(0x00080016), text(0x00080018)];
  if (typeof sopClass !== 'string' || typeof instance !== 'string')
    throw new Error('an object needs class and instance');
  return part10(sopClass, instance, EXPLICIT, encodeElements(elements));
}

/** A Part 10 file of a data set that is written already, in the transfer syntax that is named. */
export function part10(
  sopClass: string,
  instance: string,
  syntax: string,
  dataSet: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const meta = encodeElements([
    [0x00020001, 'OB', new Uint8Array([0, 1])],
    [0x00020002, 'UI', sopClass],
    [0x00020003, 'UI', instance],
    [0x00020010, 'UI', syntax],
    [0x00020012, 'UI', IMPLEMENTATION],
    [0x00020013, 'SH', 'FUSIONCLIP'],
  ]);
  const start = new Uint8Array(132);
  for (const [i, letter] of [...'DICM'].entries()) start[128 + i] = letter.charCodeAt(0);
  return joined([start, encodeElements([[0x00020000, 'UL', [meta.length]]]), meta, dataSet]);
}

/** A number with a UID's root for those that are made here (2.25), of a text: the same text gives the same UID. */
export async function uidOf(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  let number = 0n;
  for (const byte of digest.subarray(0, 16)) number = (number << 8n) | BigInt(byte);
  return `2.25.${number}`;
}

/** How a file made here is written. */
const PLAIN: Writing = { implicit: false, bigEndian: false };

/** Elements in a writing, sorted by tag; numbers in bits are little endian. */
export function encodeElements(elements: readonly DicomElement[], writing = PLAIN): Uint8Array<ArrayBuffer> {
  return joined([...elements].sort(([a], [b]) => a - b).flatMap((element) => encodeElement(element, writing)));
}

function encodeElement([tag, vr, value]: DicomElement, writing: Writing): Uint8Array[] {
  let bytes: Uint8Array;
  if (value instanceof Uint8Array) bytes = value;
  else if (typeof value === 'string') bytes = new TextEncoder().encode(value);
  else if ('items' in value) {
    bytes = joined(
      value.items.flatMap((item) => {
        const inside = encodeElements(item, writing);
        return [markOf(0xe000, writing, inside.length), inside];
      }),
    );
  } else bytes = numbers(vr, value);
  // Values have an even length: identifiers end with a zero, text with a space.
  if (bytes.length % 2) bytes = joined([bytes, new Uint8Array([vr === 'UI' || vr === 'OB' ? 0 : 32])]);
  return [headOf({ tag, vr }, bytes.length, writing), bytes];
}

/** What comes before a value; without letters it is as in an implicit file. Throws an `Error` where the type cannot be that long. */
export function headOf(
  { tag, vr }: { readonly tag: number; readonly vr: string },
  length: number,
  { implicit, bigEndian }: Writing,
): Uint8Array {
  const letters = !implicit && vr !== '';
  const long = letters && LONG.has(vr);
  if (letters && !long && length > 0xffff) throw new Error(`${tagText(tag)} is too long for its type`);
  const head = new Uint8Array(long ? 12 : 8);
  const view = new DataView(head.buffer);
  view.setUint16(0, tag >>> 16, !bigEndian);
  view.setUint16(2, tag & 0xffff, !bigEndian);
  if (letters) for (let i = 0; i < 2; i++) head[4 + i] = vr.charCodeAt(i);
  if (long) view.setUint32(8, length, !bigEndian);
  else if (letters) view.setUint16(6, length, !bigEndian);
  else view.setUint32(4, length, !bigEndian);
  return head;
}

/** A mark of group FFFE: the beginning of an item, or the end of something. */
export function markOf(element: number, { bigEndian }: Writing, length = 0): Uint8Array {
  const out = new Uint8Array(8);
  const view = new DataView(out.buffer);
  view.setUint16(0, 0xfffe, !bigEndian);
  view.setUint16(2, element, !bigEndian);
  view.setUint32(4, length, !bigEndian);
  return out;
}

function numbers(vr: string, values: readonly number[]): Uint8Array {
  const size = { US: 2, SS: 2, UL: 4, SL: 4, FL: 4, FD: 8 }[vr];
  if (!size) throw new Error(`${vr} does not hold numbers in bits`);
  const out = new Uint8Array(values.length * size);
  const view = new DataView(out.buffer);
  for (const [i, value] of values.entries()) {
    if (vr === 'FD') view.setFloat64(8 * i, value, true);
    else if (vr === 'FL') view.setFloat32(4 * i, value, true);
    else if (size === 4) view.setInt32(4 * i, value, true);
    else view.setInt16(2 * i, value, true);
  }
  return out;
}
