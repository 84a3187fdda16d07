import { TAGS, type TagName, tagText } from './tags.ts';
import { decodeText } from './text.ts';

/** How the elements of a data set are written; a sequence of unknown type is implicit within an explicit file. */
export interface Writing {
  readonly implicit: boolean;
  readonly bigEndian: boolean;
}

/** A stretch of a file. */
export interface Range {
  readonly at: number;
  readonly length: number;
}

/** An element as it lies in the file; its value is read when it is asked for. */
export interface Element extends Range {
  readonly tag: number;
  /** Two letters, or '' where the file does not say. */
  readonly vr: string;
  /** Items that had to be read to find the end of the element; others are read when they are asked for. */
  items: readonly DataSet[] | null;
  /** The parts of encapsulated pixels, the offset table first. */
  readonly fragments: readonly Range[] | null;
}

/** Reads the items of a sequence of known length. */
export type ItemReader = (parent: DataSet, element: Element) => readonly DataSet[];

/** Bytes of one number of each binary type. */
const BYTES: Readonly<Record<string, number>> = {
  US: 2,
  SS: 2,
  OW: 2,
  UL: 4,
  SL: 4,
  OL: 4,
  FL: 4,
  OF: 4,
  FD: 8,
  OD: 8,
  UV: 8,
  SV: 8,
  OV: 8,
};

/**
 * A data set, or an item of a sequence. Its methods throw an `Error` with the tag for a value that is not what it must be,
 * and never with the value itself, which may be about a patient.
 */
export class DataSet {
  readonly bytes: Uint8Array;
  readonly writing: Writing;
  readonly elements: ReadonlyMap<number, Element>;
  private readonly readItems: ItemReader;
  /** The data set that this is an item in. */
  readonly parent: DataSet | null;

  constructor(
    bytes: Uint8Array,
    writing: Writing,
    elements: ReadonlyMap<number, Element>,
    readItems: ItemReader,
    parent: DataSet | null,
  ) {
    this.bytes = bytes;
    this.writing = writing;
    this.elements = elements;
    this.readItems = readItems;
    this.parent = parent;
  }

  /** The element of a name, or undefined where it is missing or empty. */
  element(name: TagName): Element | undefined {
    const element = this.elements.get(TAGS[name][0]);
    return element && (element.length > 0 || element.fragments) ? element : undefined;
  }

  /** Items of a sequence; none where it is missing. */
  items(tag: number): readonly DataSet[] {
    const element = this.elements.get(tag);
    if (!element) return [];
    element.items ??= this.readItems(this, element);
    return element.items;
  }

  /** The bytes of a value, as they lie in the file. */
  value(element: Range): Uint8Array {
    return this.bytes.subarray(element.at, element.at + element.length);
  }

  /** Text of letters and digits (codes, identifiers), one for each value; spaces and zeros around them are left out. */
  strings(name: TagName): string[] {
    const element = this.element(name);
    if (!element) return [];
    // At most as long as a value of this kind can be in earnest: a broken length must not make a string of a whole file.
    const bytes = this.bytes.subarray(element.at, element.at + Math.min(element.length, 1 << 16));
    let text = '';
    for (const byte of bytes) text += String.fromCharCode(byte);
    return text.split('\\').map((part) => part.replace(/^[\s\0]+|[\s\0]+$/g, ''));
  }

  /** The first of {@link strings}, or ''. */
  string(name: TagName): string {
    return this.strings(name)[0] ?? '';
  }

  /** Free text in the character set that the data set (or the one around it) names. */
  label(name: TagName): string {
    const element = this.element(name);
    return element ? decodeText(this.value(element).subarray(0, 1 << 16), this.characterSets()) : '';
  }

  private characterSets(): readonly string[] {
    const own = this.strings('characterSet');
    return own.length > 0 ? own : (this.parent?.characterSets() ?? []);
  }

  /** All numbers of an element, whether it is written in letters or in bits; none where it is missing. */
  numbers(name: TagName): number[] {
    const element = this.element(name);
    if (!element) return [];
    const [tag, usual] = TAGS[name];
    const vr = element.vr === '' || element.vr === 'UN' ? usual : element.vr;
    if (vr === 'DS' || vr === 'IS') {
      const parts = this.strings(name).filter((part) => part !== '');
      return parts.map((part) => {
        const value = Number(part);
        if (!Number.isFinite(value)) throw new Error(`${tagText(tag)} is not a number`);
        return value;
      });
    }
    const size = BYTES[vr];
    if (!size) throw new Error(`${tagText(tag)} is not a number`);
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + element.at, element.length);
    const little = !this.writing.bigEndian;
    return Array.from({ length: Math.floor(element.length / size) }, (_, i) => numberAt(view, vr, i * size, little));
  }

  /** The first of {@link numbers}, or `fallback`. */
  number(name: TagName): number | undefined;
  number(name: TagName, fallback: number): number;
  number(name: TagName, fallback?: number): number | undefined {
    return this.numbers(name)[0] ?? fallback;
  }
}

function numberAt(view: DataView, vr: string, at: number, little: boolean): number {
  switch (vr) {
    case 'SS':
      return view.getInt16(at, little);
    case 'US':
    case 'OW':
      return view.getUint16(at, little);
    case 'SL':
      return view.getInt32(at, little);
    case 'FL':
    case 'OF':
      return view.getFloat32(at, little);
    case 'FD':
    case 'OD':
      return view.getFloat64(at, little);
    case 'UV':
    case 'OV':
      return Number(view.getBigUint64(at, little));
    case 'SV':
      return Number(view.getBigInt64(at, little));
    default:
      return view.getUint32(at, little);
  }
}
