import type { FileSystem } from '../../base/file_system.ts';
import { sha256 } from '../audit/identical.ts';
import type { Sample, Split } from './dataset.ts';

/**
 * One SHA-256 for all that a split holds: that of a text with a line `SHA256  PATH` for each image and mask, in the order of their
 * paths below the folder of the set. `sha256sum` prints such lines, and `LC_ALL=C sort -k2` puts them in this order.
 */
export class SplitSums {
  readonly #fs: FileSystem;
  readonly #folder: string;
  /** Path below the folder → hash. */
  readonly #files: Record<Split, Map<string, string>> = { valid: new Map(), test: new Map() };

  /** @param folder of the data set */
  constructor(fs: FileSystem, folder: string) {
    this.#fs = fs;
    this.#folder = folder.endsWith('/') ? folder : `${folder}/`;
  }

  /** Takes an image with its masks. @param hash of the image's file; a mask that cannot be read is a problem elsewhere */
  async add({ id, split, mask }: Sample, hash: string): Promise<void> {
    const files = this.#files[split];
    files.set(id, hash);
    for (const path of mask?.paths ?? []) {
      const bytes = await this.#fs.readFile(path).catch(() => null);
      if (bytes) files.set(this.#below(path), await sha256(bytes));
    }
  }

  /** The sums of both splits. */
  async all(): Promise<Record<Split, string>> {
    return { valid: await sumOf(this.#files.valid), test: await sumOf(this.#files.test) };
  }

  #below(path: string): string {
    return path.startsWith(this.#folder) ? path.slice(this.#folder.length) : path;
  }
}

function sumOf(files: ReadonlyMap<string, string>): Promise<string> {
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return sha256(new TextEncoder().encode(sorted.map(([path, hash]) => `${hash}  ${path}\n`).join('')));
}
