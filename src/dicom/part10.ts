import { Inflate } from 'fflate';
import type { DataSet, Writing } from './data_set.ts';
import { parseDataSet, parseMeta } from './parse.ts';
import { EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, type TransferSyntax, transferSyntax } from './syntaxes.ts';
import { UnreadDicom } from './unread.ts';

/** Bytes that a deflated data set may have: more than any file holds that this program reads whole. */
const MOST_INFLATED = 2 ** 30;

/** A data set and how it was written. */
export interface Part10 {
  readonly dataSet: DataSet;
  readonly syntax: TransferSyntax;
}

/**
 * Whether a file looks like DICOM: `DICM` after 128 bytes, a meta header at the very beginning, or a bare data set.
 * @param bytes its first 144 bytes or more
 */
export function isDicom(bytes: Uint8Array): boolean {
  return metaAt(bytes) !== null || bareWriting(bytes) !== null;
}

/**
 * Reads a file with or without preamble, or a bare data set. Lengths of groups are not believed, and neither is a header
 * that says explicit of what is implicit.
 * Throws an `Error` that says what is wrong, and `UnreadDicom` for a transfer syntax that is not read.
 */
export function readPart10(bytes: Uint8Array): Part10 {
  const at = metaAt(bytes);
  if (at === null) {
    const bare = bareWriting(bytes);
    if (!bare) throw new Error('it is no DICOM file');
    return { dataSet: parseDataSet(bytes, 0, bare), syntax: bare };
  }
  const meta = parseMeta(bytes, at);
  const uid = meta.dataSet.string('transferSyntax');
  const stated = uid === '' ? null : transferSyntax(uid);
  if (uid !== '' && !stated) {
    throw new UnreadDicom(`its transfer syntax ${/^[0-9.]{1,64}$/.test(uid) ? uid : 'is not one, and'} is not read`);
  }
  if (stated?.deflated) {
    const inflated = inflate(bytes.subarray(meta.end));
    return { dataSet: parseDataSet(inflated, 0, EXPLICIT_LITTLE), syntax: stated };
  }
  const found = bareWriting(bytes.subarray(meta.end));
  const syntax = stated ?? found ?? IMPLICIT_LITTLE;
  // Pixels are as the header says; the letters of the elements speak for themselves.
  const writing: Writing = found && found.bigEndian === syntax.bigEndian ? found : syntax;
  return { dataSet: parseDataSet(bytes, meta.end, writing), syntax };
}

/** Where the meta header begins, or null without one. */
function metaAt(bytes: Uint8Array): number | null {
  for (const at of [132, 4]) {
    if (bytes.length >= at && String.fromCharCode(...bytes.subarray(at - 4, at)) === 'DICM') return at;
  }
  return bytes.length > 8 && bytes[0] === 2 && bytes[1] === 0 && bytes[3] === 0 && letters(bytes, 4) ? 0 : null;
}

/** How a data set without a header is written, by its first element; null where that is none. */
function bareWriting(bytes: Uint8Array): TransferSyntax | null {
  if (bytes.length < 8) return null;
  const little = bytes[0] | (bytes[1] << 8);
  const big = (bytes[0] << 8) | bytes[1];
  // Data sets begin with group 0008, or lower in very old files; with 0010 or so when they were stripped.
  const plausible = (group: number) => group > 0 && group <= 0x20;
  if (letters(bytes, 4)) return plausible(little) ? EXPLICIT_LITTLE : plausible(big) ? EXPLICIT_BIG : null;
  const length = bytes[4] | (bytes[5] << 8) | (bytes[6] << 16);
  return plausible(little) && bytes[3] < 0x30 && bytes[7] === 0 && length < 0x10000 ? IMPLICIT_LITTLE : null;
}

/** The types that there are: any two capital letters would take much text for a data set. */
const TYPES =
  /^(AE|AS|AT|CS|DA|DS|DT|FD|FL|IS|LO|LT|OB|OD|OF|OL|OV|OW|PN|SH|SL|SQ|SS|ST|SV|TM|UC|UI|UL|UN|UR|US|UT|UV)$/;

function letters(bytes: Uint8Array, at: number): boolean {
  return TYPES.test(String.fromCharCode(bytes[at], bytes[at + 1]));
}

function inflate(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let total = 0;
  const stream = new Inflate((part) => {
    total += part.length;
    if (total > MOST_INFLATED) throw new Error('its deflated data set is too large');
    parts.push(part);
  });
  try {
    stream.push(bytes, true);
  } catch (cause) {
    throw new Error('its deflated data set is broken', { cause });
  }
  const out = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
