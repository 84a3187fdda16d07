import type { Gpu } from '../gpu/gpu.ts';
import { type Index, uploadIndex } from '../kernels/row_index.ts';
import type { RowsBefore, Tensor } from '../nn/index.ts';

/** A sentence that begins with tokens which no training changes. */
export interface PrefixedSentence {
  /** Token ids of its constant beginning, the start token among them; one at least. */
  readonly prefix: readonly number[];
  /** Tokens and learnable vectors after that, up to the end-of-text token, which is the last. */
  readonly rest: number;
}

/**
 * The constant beginnings of S sentences, run through the text tower once, and where the R rows after them belong. The
 * tower is causal, so nothing behind a row can change it: keys and values of a beginning stay what they are, and rows
 * after the end of text do not exist.
 */
export class TextPrefix {
  /** Positions of the R rows in their sentences. */
  readonly positions: Index;
  /** The last row of each sentence among the R. */
  readonly ends: Index;
  /** R */
  readonly rows: number;
  readonly #tables: readonly Tensor[];
  readonly #places: Index;
  readonly #own: Index;
  readonly #batch: number;

  /**
   * @param unique the distinct beginnings; row `i` of beginning `u` is row `u · length + i` of the tables
   * @param tables queries, keys and values of the beginnings for each block [unique · length, 3W]; released with this
   */
  constructor(gpu: Gpu, sentences: readonly PrefixedSentence[], unique: readonly string[], tables: readonly Tensor[]) {
    const constant = tables[0].value.rows;
    const width = constant / unique.length;
    const length = Math.max(...sentences.map(({ prefix, rest }) => prefix.length + rest));
    const places = new Uint32Array(sentences.length * length);
    const positions: number[] = [];
    const own: number[] = [];
    const ends: number[] = [];
    sentences.forEach(({ prefix, rest }, s) => {
      const table = unique.indexOf(prefix.join()) * width;
      for (let i = 0; i < prefix.length; i++) places[s * length + i] = table + i;
      for (let i = prefix.length; i < prefix.length + rest; i++) {
        places[s * length + i] = constant + own.length;
        positions.push(i);
        own.push(s * length + i);
      }
      ends.push(own.length - 1);
      // What is left is behind the end of text: any row will do.
    });
    const keep = (numbers: Uint32Array | readonly number[]): Index => {
      const index = uploadIndex(gpu, numbers);
      index.device.keep();
      return index;
    };
    this.rows = own.length;
    this.positions = keep(positions);
    this.ends = keep(ends);
    this.#places = keep(places);
    this.#own = keep(own);
    this.#batch = sentences.length;
    this.#tables = tables;
  }

  /** What block `i` (0-based) of the tower sees before the R rows. */
  before(i: number): RowsBefore {
    return { qkv: this.#tables[i], places: this.#places, own: this.#own, batch: this.#batch };
  }

  /** Frees the memory of the GPU. */
  release(): void {
    for (const { device } of [this.positions, this.ends, this.#places, this.#own]) device.release();
    for (const { value } of this.#tables) value.release();
  }
}
