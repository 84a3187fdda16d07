import { joined, swapBytes } from '../base/bytes.ts';
import type { DataSet, Element, Range } from './data_set.ts';
import type { PixelFormat } from './pixel_format.ts';

/** Whether the two chroma samples of a pair of pixels are stored once. */
export function halvesChroma({ photometric, samples, syntax, planar }: PixelFormat): boolean {
  return samples === 3 && syntax.packing === 'native' && !planar && /^YBR_(FULL|PARTIAL)_422$/.test(photometric);
}

/**
 * The bytes of one frame: uncompressed as they lie in the file (1-bit frames may begin within a byte, see `unpack`), or the
 * stream of its codec. Throws an `Error` when the frame is not there.
 */
export class FrameReader {
  private readonly element: Element;
  /** Of encapsulated pixels: the parts of each frame. */
  private readonly parts: readonly (readonly Range[])[] | null;

  private readonly dataSet: DataSet;
  private readonly format: PixelFormat;

  constructor(dataSet: DataSet, format: PixelFormat) {
    this.dataSet = dataSet;
    this.format = format;
    const element = dataSet.element('pixels') ?? dataSet.element('floatPixels') ?? dataSet.element('doublePixels');
    if (!element) throw new Error('it holds no pixels');
    this.element = element;
    const encapsulated = format.syntax.packing !== 'native';
    if (encapsulated && !element.fragments) throw new Error('its pixels are not encapsulated, as its syntax says');
    if (!encapsulated && element.fragments) throw new Error('its pixels are encapsulated, and no header says how');
    this.parts = element.fragments ? framesOf(dataSet, element.fragments, format.frames) : null;
  }

  /** The bytes of frame `index`. */
  read(index: number): Uint8Array {
    const { frames } = this.format;
    if (!(index >= 0 && index < frames)) throw new Error(`it has ${frames} frames, and none of number ${index}`);
    if (this.parts) {
      const parts = this.parts[index];
      if (!parts?.length) throw new Error(`the pixels of frame ${index + 1} of ${frames} are missing`);
      if (parts.length === 1) return this.dataSet.value(parts[0]);
      return joined(parts.map((part) => this.dataSet.value(part)));
    }
    const { first, last } = nativeBytes(this.format, index);
    if (last > this.element.length) {
      throw new Error(`its pixels are cut short in frame ${index + 1} of ${frames}`);
    }
    if (!this.inPairs()) return this.dataSet.value({ at: this.element.at + first, length: last - first });
    const even = first & ~1;
    const pairs = this.dataSet.value({
      at: this.element.at + even,
      length: Math.min(last + 1, this.element.length) - even,
    });
    const bytes = pairs.slice();
    swapBytes(bytes, 2);
    return bytes.subarray(first - even, last - even);
  }

  /** Whether single bytes are written as words of two in a big endian file: the first is the lower one, and lies second. */
  private inPairs(): boolean {
    return this.format.syntax.bigEndian && this.format.bitsAllocated <= 8 && this.element.vr === 'OW';
  }
}

/** Where an uncompressed frame lies. */
function nativeBytes(format: PixelFormat, index: number): { first: number; last: number } {
  const { rows, columns, samples, bitsAllocated } = format;
  // Two pixels share two chroma samples: two samples a pixel in place of three.
  const bits = rows * columns * (halvesChroma(format) ? 2 : samples) * bitsAllocated;
  return { first: Math.floor((index * bits) / 8), last: Math.ceil(((index + 1) * bits) / 8) };
}

/**
 * Which fragments make up which frame: by the extended offset table, by the basic one, or, where that is empty, by counting:
 * one frame has all, as many frames as fragments have one each, and others are told apart by the marks at the beginning of a
 * JPEG stream. Throws an `Error` where none of that leads to a division.
 */
function framesOf(dataSet: DataSet, fragments: readonly Range[], frames: number): Range[][] {
  const [table, ...parts] = fragments;
  if (!table || parts.length === 0) throw new Error('its pixels are missing');
  const offsets = dataSet.numbers('extendedOffsets');
  if (offsets.length === 0 && table.length >= 4) {
    const bytes = dataSet.value(table);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + 4 <= bytes.length; at += 4) offsets.push(view.getUint32(at, true));
  }
  if (frames === 1) return [parts];
  const byTable = offsets.length === frames ? divided(parts, offsets) : null;
  if (byTable) return byTable;
  if (parts.length === frames) return parts.map((part) => [part]);
  const starts = parts.map((part) => startsStream(dataSet.value(part)));
  if (starts[0] && starts.filter(Boolean).length === frames) {
    const out: Range[][] = [];
    for (const [i, part] of parts.entries()) {
      if (starts[i]) out.push([]);
      out[out.length - 1].push(part);
    }
    return out;
  }
  if (parts.length < frames) return parts.map((part) => [part]);
  throw new Error(`its ${parts.length} fragments do not divide into ${frames} frames`);
}

/** By offsets of the first fragments, counted from the first fragment's header; null where they do not meet fragments. */
function divided(parts: readonly Range[], offsets: readonly number[]): Range[][] | null {
  const origin = parts[0].at;
  const at = new Map(parts.map((part, i) => [part.at - origin, i]));
  const firsts = offsets.map((offset) => at.get(offset));
  if (firsts[0] !== 0) return null;
  const out: Range[][] = [];
  for (const [i, first] of firsts.entries()) {
    const next = i + 1 < firsts.length ? firsts[i + 1] : parts.length;
    if (first === undefined || next === undefined || next <= first) return null;
    out.push(parts.slice(first, next));
  }
  return out;
}

/** Whether a stream of JPEG, JPEG-LS or JPEG 2000 begins here. */
function startsStream(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && (bytes[1] === 0xd8 || bytes[1] === 0x4f);
}
