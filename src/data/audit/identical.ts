import { type Raster, sampleKind } from '../image.ts';
import { plainSamples } from '../plain.ts';

/** Where an image lies: `train` and `valid` are what support images come from. */
export type Part = 'train' | 'valid' | 'test';

/** Files with equal bytes. */
export interface IdenticalFiles {
  readonly sha256: string;
  readonly files: readonly string[];
  /** Whether support and test have it both. */
  readonly across: boolean;
}

/** An image that has been read. */
export interface HashedFile {
  readonly id: string;
  readonly part: Part;
  readonly sha256: string;
}

/** Groups of equal files, those on both sides first. */
export function identicalFiles(entries: readonly HashedFile[]): IdenticalFiles[] {
  const byHash = new Map<string, HashedFile[]>();
  for (const entry of entries) {
    const same = byHash.get(entry.sha256);
    if (same) same.push(entry);
    else byHash.set(entry.sha256, [entry]);
  }
  return [...byHash]
    .filter(([, same]) => same.length > 1)
    .map(([hash, same]) => ({
      sha256: hash,
      files: same.map(({ id }) => id),
      across: same.some(({ part }) => part === 'test') && same.some(({ part }) => part !== 'test'),
    }))
    .sort((a, b) => Number(b.across) - Number(a.across));
}

/** SHA-256 of what is read of a picture, whatever its file: see {@link plainSamples}. */
export async function pictureHash(raster: Raster): Promise<string> {
  const { channels, data } = plainSamples(raster);
  const head = new TextEncoder().encode(`${raster.width} ${raster.height} ${channels} ${sampleKind({ data })} `);
  const samples = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const all = new Uint8Array(head.length + samples.length);
  all.set(head);
  all.set(samples, head.length);
  return sha256(all);
}

/** SHA-256 of bytes, as text. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
