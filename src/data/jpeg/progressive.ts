import type { BitReader } from './huffman.ts';
import type { ScanHeader, Scanned } from './scan_header.ts';
import { ZIGZAG } from './zigzag.ts';

/** Blocks of which a scan tells some coefficients, or some bits of them. */
export class ProgressiveBlocks {
  readonly #header: ScanHeader;
  readonly #last: Int32Array;
  /** Blocks that follow without anything new. */
  #empty = 0;

  constructor(header: ScanHeader) {
    this.#header = header;
    this.#last = new Int32Array(header.parts.length);
  }

  restart(): void {
    this.#last.fill(0);
    this.#empty = 0;
  }

  read(reader: BitReader, part: number, block: number): void {
    const { parts, from, known, shift } = this.#header;
    const coefficients = parts[part].component.coefficients!;
    const at = 64 * block;
    if (from > 0) {
      if (known === 0) this.#others(reader, parts[part], at);
      else this.#moreOfOthers(reader, parts[part], at);
    } else if (known > 0) {
      coefficients[at] |= reader.number(1) << shift;
    } else {
      const length = reader.symbol(parts[part].first!);
      if (length > 0) this.#last[part] += reader.signed(length);
      coefficients[at] = this.#last[part] << shift;
    }
  }

  #others(reader: BitReader, { component, others }: Scanned, at: number): void {
    if (this.#empty > 0) {
      this.#empty--;
      return;
    }
    const { from, to, shift } = this.#header;
    const coefficients = component.coefficients!;
    for (let k = from; k <= to; k++) {
      const code = reader.symbol(others!);
      const run = code >> 4;
      const size = code & 15;
      if (size === 0 && run < 15) {
        this.#empty = (1 << run) - 1 + reader.number(run);
        return;
      }
      k += run;
      if (size === 0) continue;
      if (k > 63) throw new Error('a block has more than 64 numbers');
      coefficients[at + ZIGZAG[k]] = reader.signed(size) << shift;
    }
  }

  /** One more bit of the coefficients that are not 0, and those that become 1 or −1 by it. */
  #moreOfOthers(reader: BitReader, { component, others }: Scanned, at: number): void {
    const { from, to, shift } = this.#header;
    const coefficients = component.coefficients!;
    const bit = 1 << shift;
    const refine = (index: number) => {
      const value = coefficients[index];
      if (reader.number(1) === 1 && (value & bit) === 0) coefficients[index] = value < 0 ? value - bit : value + bit;
    };
    let k = from;
    while (k <= to && this.#empty === 0) {
      const code = reader.symbol(others!);
      let run = code >> 4;
      let value = 0;
      if ((code & 15) > 0) value = reader.number(1) === 1 ? bit : -bit;
      else if (run < 15) {
        this.#empty = (1 << run) + reader.number(run);
        break;
      }
      for (; k <= to; k++) {
        const index = at + ZIGZAG[k];
        if (coefficients[index] !== 0) refine(index);
        else if (run-- === 0) break;
      }
      if (value !== 0 && k <= to) coefficients[at + ZIGZAG[k]] = value;
      k++;
    }
    if (this.#empty === 0) return;
    for (; k <= to; k++) if (coefficients[at + ZIGZAG[k]] !== 0) refine(at + ZIGZAG[k]);
    this.#empty--;
  }
}
