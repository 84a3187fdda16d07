import { DataSet, type Element, type Range, type Writing } from './data_set.ts';
import { tagText } from './tags.ts';

const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const PIXELS = 0x7fe00010;
/** A length that is not said: an end mark follows. */
const UNDEFINED = 0xffffffff;

/** Types whose length has four bytes, after two that are not used. */
const LONG = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);

/** Sequences within sequences: more is a broken or a hostile file. */
const MOST_LEVELS = 64;

const IMPLICIT: Writing = { implicit: true, bigEndian: false };

/** Where a data set ends, and whether its pixels are cut short. */
export interface Parsed {
  readonly dataSet: DataSet;
  readonly end: number;
}

/**
 * The data set in `bytes` from `at` on. Each byte is looked at once; values stay where they are. Of the pixels as much is kept
 * as there is; after them, what does not read as an element is padding.
 * Throws an `Error` that says what is wrong.
 */
export function parseDataSet(bytes: Uint8Array, at: number, writing: Writing): DataSet {
  return new Parser(bytes).dataSet(at, bytes.length, writing, null, 0, false).dataSet;
}

/** The elements of group 0002 at the beginning of a file, which are always explicit and little endian. */
export function parseMeta(bytes: Uint8Array, at: number): Parsed {
  const writing = { implicit: false, bigEndian: false };
  return new Parser(bytes).dataSet(at, bytes.length, writing, null, 0, false, 0x0002);
}

class Parser {
  private readonly view: DataView;

  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /**
   * @param marked whether an end mark ends it, not `end` alone
   * @param group where only elements of this group are taken
   */
  dataSet(
    at: number,
    end: number,
    writing: Writing,
    parent: DataSet | null,
    level: number,
    marked: boolean,
    group?: number,
  ): Parsed {
    const elements = new Map<number, Element>();
    const dataSet = new DataSet(
      this.bytes,
      writing,
      elements,
      (owner, element) =>
        this.items(element.at, element.at + element.length, owner, element.vr, level + 1, false).items,
      parent,
    );
    while (at < end) {
      const afterPixels = level === 0 && elements.has(PIXELS);
      if (at + 8 > end) {
        if (!marked && (afterPixels || this.isPadding(at, end))) break;
        throw new Error('the file is truncated');
      }
      const tag = this.tag(at, writing);
      if (group !== undefined && tag >>> 16 !== group) return { dataSet, end: at };
      if (tag === ITEM_END && marked) return { dataSet, end: at + 8 };
      if (tag >>> 16 === 0xfffe || (tag === 0 && this.view.getUint32(at + 4) === 0)) {
        at += 8; // a stray mark, or zeros that fill up
        continue;
      }
      try {
        const element = this.element(at, end, writing, dataSet, level);
        elements.set(tag, element);
        at = element.next;
      } catch (error) {
        if (afterPixels) break;
        throw error;
      }
    }
    if (marked) throw new Error('a sequence has no end');
    return { dataSet, end: Math.min(at, end) };
  }

  private element(
    at: number,
    end: number,
    writing: Writing,
    owner: DataSet,
    level: number,
  ): Element & { next: number } {
    const little = !writing.bigEndian;
    const tag = this.tag(at, writing);
    let vr = '';
    let length: number;
    let start = at + 8;
    if (!writing.implicit) vr = this.letters(at + 4);
    // An element without its letters within an explicit file is written as in an implicit one.
    if (vr === '') length = this.view.getUint32(at + 4, little);
    else if (LONG.has(vr)) {
      if (at + 12 > end) throw new Error('the file is truncated');
      length = this.view.getUint32(at + 8, little);
      start = at + 12;
    } else length = this.view.getUint16(at + 6, little);

    if (length === UNDEFINED) {
      if (tag === PIXELS) {
        const { fragments, next } = this.fragments(start, end, writing);
        return { tag, vr, at: start, length: next - start, items: null, fragments, next };
      }
      const { items, next } = this.items(start, end, owner, vr, level + 1, true);
      return { tag, vr, at: start, length: next - start, items, fragments: null, next };
    }
    if (start + length > end) {
      if (tag !== PIXELS || level > 0) throw new Error(`${tagText(tag)} is longer than what holds it`);
      length = end - start;
    }
    return { tag, vr, at: start, length, items: null, fragments: null, next: start + length };
  }

  private items(
    at: number,
    end: number,
    owner: DataSet,
    vr: string,
    level: number,
    marked: boolean,
  ): { items: DataSet[]; next: number } {
    if (level > MOST_LEVELS) throw new Error('its sequences are nested too deeply');
    const items: DataSet[] = [];
    while (at < end) {
      if (at + 8 > end) throw new Error('the file is truncated');
      // What is of unknown type is implicit and little endian whatever its file is, but not every program knows that.
      const unknown = vr === 'UN' && !this.hasLetters(at, end);
      const writing = unknown ? IMPLICIT : owner.writing;
      const tag = this.tag(at, writing);
      const length = this.view.getUint32(at + 4, !writing.bigEndian);
      at += 8;
      if (tag === SEQUENCE_END && marked) return { items, next: at };
      if (tag === SEQUENCE_END || (tag === 0 && length === 0)) continue;
      if (tag !== ITEM) throw new Error(`a sequence holds ${tagText(tag)} where an item should be`);
      const open = length === UNDEFINED;
      const stop = open ? end : at + length;
      if (stop > end) throw new Error('an item is longer than its sequence');
      const parsed = this.dataSet(at, stop, writing, owner, level, open);
      items.push(parsed.dataSet);
      at = open ? parsed.end : stop;
    }
    if (marked) throw new Error('a sequence has no end');
    return { items, next: at };
  }

  /** Parts of encapsulated pixels; where the file ends before their end mark does, the last is as long as it is. */
  private fragments(at: number, end: number, writing: Writing): { fragments: Range[]; next: number } {
    const fragments: Range[] = [];
    while (at + 8 <= end) {
      const tag = this.tag(at, writing);
      const length = this.view.getUint32(at + 4, !writing.bigEndian);
      at += 8;
      if (tag === SEQUENCE_END) return { fragments, next: at };
      if (tag !== ITEM) throw new Error(`its pixels hold ${tagText(tag)} where a fragment should be`);
      fragments.push({ at, length: Math.min(length, end - at) });
      at += length;
    }
    return { fragments, next: Math.min(at, end) };
  }

  private tag(at: number, { bigEndian }: Writing): number {
    return ((this.view.getUint16(at, !bigEndian) << 16) | this.view.getUint16(at + 2, !bigEndian)) >>> 0;
  }

  /** The two capital letters at a place, or ''. */
  private letters(at: number): string {
    const [a, b] = [this.bytes[at], this.bytes[at + 1]];
    return a >= 65 && a <= 90 && b >= 65 && b <= 90 ? String.fromCharCode(a, b) : '';
  }

  /** Whether the first element of the item at a place says what it holds. */
  private hasLetters(at: number, end: number): boolean {
    return at + 16 <= end && this.letters(at + 12) !== '';
  }

  private isPadding(at: number, end: number): boolean {
    for (let i = at; i < end; i++) if (this.bytes[i] !== 0) return false;
    return true;
  }
}
