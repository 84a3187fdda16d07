import type { DicomElement } from '../write.ts';

/** A concept of a coding scheme: value, scheme (`SCT`, `DCM`, `UCUM`, …), meaning. */
export type Code = readonly [value: string, scheme: string, meaning: string];

/** The scheme of this program's own concepts, for which no public one has a code. */
export const OWN_SCHEME = '99FUSIONCLIP';

/** A sequence of some items. */
export function sequence(tag: number, ...items: readonly (readonly DicomElement[])[]): DicomElement {
  return [tag, 'SQ', { items }];
}

/** A sequence of one coded concept. */
export function coded(tag: number, [value, scheme, meaning]: Code): DicomElement {
  return sequence(tag, [
    [0x00080100, 'SH', value],
    [0x00080102, 'SH', scheme],
    [0x00080104, 'LO', meaning],
  ]);
}

/** Numbers in letters (DS), each in at most 16 of them. */
export function decimals(values: readonly number[]): string {
  return values.map(decimal).join('\\');
}

/** A number in at most 16 letters, as exactly as these allow. */
export function decimal(value: number): string {
  const plain = String(value + 0);
  if (plain.length <= 16) return plain;
  for (let digits = 16; digits > 0; digits--) {
    const shorter = String(Number(value.toPrecision(digits)));
    if (shorter.length <= 16) return shorter;
  }
  return value.toExponential(8);
}

/** Tags as values (AT). */
export function tags(...values: readonly number[]): Uint8Array {
  const out = new Uint8Array(4 * values.length);
  const view = new DataView(out.buffer);
  for (const [i, tag] of values.entries()) {
    view.setUint16(4 * i, tag >>> 16, true);
    view.setUint16(4 * i + 2, tag & 0xffff, true);
  }
  return out;
}

/** Text that every character set of DICOM has, of at most so many letters: others become `?`. */
export function plainText(text: string, most = 64): string {
  const letters = text.replace(/[^\x20-\x7e]|\\/g, '?');
  return letters.length > most ? `${letters.slice(0, most - 3)}...` : letters;
}

/** Date (DA) and time (TM) of a moment, where this program runs. */
export function dateAndTime(now: Date): readonly [string, string] {
  const two = (value: number) => String(value).padStart(2, '0');
  return [
    `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`,
    `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`,
  ];
}

/** A UID that no one else has. */
export function newUid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  // As a random UUID has it (PS3.5 B.2).
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return `2.25.${bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)}`;
}
