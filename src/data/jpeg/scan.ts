import type { Component, Frame } from './frame.ts';
import { BitReader } from './huffman.ts';
import { inverse, inverseFlat } from './inverse.ts';
import { ProgressiveBlocks } from './progressive.ts';
import type { ScanHeader, Scanned } from './scan_header.ts';
import { ZIGZAG } from './zigzag.ts';

/** Decodes a block: the block's index in a component. */
type BlockReader = (reader: BitReader, part: number, block: number) => void;

/**
 * Decodes a scan, and gives the index behind it.
 * @throws Error that says what is wrong with its data
 */
export function decodeScan(data: Uint8Array, at: number, frame: Frame, header: ScanHeader): number {
  const reader = new BitReader(data, at);
  const blocks = frame.progressive ? new ProgressiveBlocks(header) : new SequentialBlocks(header);
  const read: BlockReader = (...args) => blocks.read(...args);
  const [only] = header.parts;
  const units = header.parts.length === 1 ? blocksOf(only.component, read) : unitsOf(frame, header, read);
  for (let unit = 0; unit < units.count; unit++) {
    if (header.restart > 0 && unit > 0 && unit % header.restart === 0) {
      reader.restart((unit / header.restart - 1) & 7);
      blocks.restart();
    }
    units.read(reader, unit);
    reader.check();
  }
  return reader.at;
}

interface Units {
  readonly count: number;
  read(reader: BitReader, unit: number): void;
}

/** A scan of one component has the blocks that the picture has. */
function blocksOf(component: Component, read: BlockReader): Units {
  const across = Math.ceil(component.width / 8);
  const count = across * Math.ceil(component.height / 8);
  return {
    count,
    read: (reader, unit) => read(reader, 0, Math.floor(unit / across) * component.columns + (unit % across)),
  };
}

/** A scan of several components has some blocks of each in turn. */
function unitsOf({ unitsAcross, unitsDown }: Frame, { parts }: ScanHeader, read: BlockReader): Units {
  return {
    count: unitsAcross * unitsDown,
    read(reader, unit) {
      const row = Math.floor(unit / unitsAcross);
      const column = unit % unitsAcross;
      for (let part = 0; part < parts.length; part++) {
        const { across, down, columns } = parts[part].component;
        for (let y = 0; y < down; y++) {
          const block = (row * down + y) * columns + column * across;
          for (let x = 0; x < across; x++) read(reader, part, block + x);
        }
      }
    },
  };
}

/** Blocks that are whole in one scan: they become samples at once. */
class SequentialBlocks {
  readonly #parts: readonly Scanned[];
  readonly #last: Int32Array;
  readonly #block = new Int16Array(64);

  constructor({ parts }: ScanHeader) {
    this.#parts = parts;
    this.#last = new Int32Array(parts.length);
  }

  restart(): void {
    this.#last.fill(0);
  }

  read(reader: BitReader, part: number, block: number): void {
    const { component, first, others } = this.#parts[part];
    const length = reader.symbol(first!);
    if (length > 0) this.#last[part] += reader.signed(length);
    const coefficients = this.#block;
    const { columns, samples } = component;
    const table = component.table!;
    const stride = 8 * columns;
    const to = Math.floor(block / columns) * 8 * stride + (block % columns) * 8;
    let flat = true;
    for (let k = 1; k < 64; k++) {
      const code = reader.symbol(others!);
      const size = code & 15;
      k += code >> 4;
      if (size === 0) {
        if (code === 0xf0) continue;
        break;
      }
      if (k > 63) throw new Error('a block has more than 64 numbers');
      if (flat) coefficients.fill(0);
      flat = false;
      coefficients[ZIGZAG[k]] = reader.signed(size);
    }
    const last = this.#last[part];
    if (!flat) {
      coefficients[0] = last;
      inverse(coefficients, 0, table, samples, to, stride);
    } else inverseFlat(last, table, samples, to, stride);
  }
}
