import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { bankDistance } from '../kernels/bank_distance.ts';
import { addInto } from '../kernels/elementwise.ts';

/** Rows [n, D] on the host. */
export interface StoredRows {
  readonly shape: readonly number[];
  readonly values: Float32Array<ArrayBuffer>;
}

/** The rows of a bank by key, an entry for each image. */
export type StoredBank = ReadonlyMap<string, readonly StoredRows[]>;

/**
 * Features of the normal support images by key (a layer, or a branch and layer); a query's anomaly is the distance to
 * its nearest neighbour: S_i = Σ_key min_m (1 − cos(query_i, bank_m)).
 */
export class MemoryBank {
  /** A bank of rows that were read from another. */
  static of(gpu: Gpu, stored: StoredBank): MemoryBank {
    const bank = new MemoryBank(gpu);
    using _scope = gpu.scope();
    for (const [key, entries] of stored) {
      for (const { shape, values } of entries) bank.add(key, GpuArray.from(gpu, values, shape));
    }
    return bank;
  }

  readonly #gpu: Gpu;
  readonly #banks = new Map<string, GpuArray[]>();

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** Adds rows [..., D] under a key; the bank takes them over and releases them with itself. */
  add(key: string, rows: GpuArray): void {
    const flat = rows.keep().reshape([rows.rows, rows.width]);
    const list = this.#banks.get(key);
    if (list) list.push(flat);
    else this.#banks.set(key, [flat]);
  }

  /** All rows, on the host. */
  async read(): Promise<StoredBank> {
    const out = new Map<string, StoredRows[]>();
    for (const [key, list] of this.#banks) {
      const entries: StoredRows[] = [];
      for (const rows of list) entries.push({ shape: [...rows.shape], values: await rows.read() });
      out.set(key, entries);
    }
    return out;
  }

  /** Number of rows under all keys. */
  get rows(): number {
    return [...this.#banks.values()].flat().reduce((n, a) => n + a.rows, 0);
  }

  /**
   * Summed nearest-neighbour distances of query rows.
   * @param queries [rows, D] by key, the same keys as the bank's
   * @param skip arrays of each key to leave out (leave-one-out): index in the order of `add`
   * @returns [rows]
   */
  distance(queries: ReadonlyMap<string, GpuArray>, skip: number | null = null): GpuArray {
    let total: GpuArray | null = null;
    for (const [key, query] of queries) {
      const bank = this.#banks.get(key);
      if (!bank) throw new Error(`the memory bank has nothing for ${key}`);
      const used = skip === null ? bank : bank.filter((_, i) => i !== skip);
      const nearest = bankDistance(query.reshape([query.rows, query.width]), used);
      if (total) addInto(total, nearest);
      else total = nearest;
    }
    return total ?? GpuArray.zeros(this.#gpu, [0]);
  }

  /** Frees the memory of the GPU. */
  release(): void {
    for (const rows of [...this.#banks.values()].flat()) rows.release();
    this.#banks.clear();
  }
}
