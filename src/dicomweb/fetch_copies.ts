import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import type { DicomWebAddress } from './address.ts';
import type { DicomWebServer } from './server.ts';

/** What was copied from a server. */
export interface FetchedCopies {
  readonly fetched: number;
  /** There already. */
  readonly there: number;
}

/**
 * Copies what an address names into a folder, `series-1/OBJECT.dcm`, one file at a time. Each is whole or not there, and those that are
 * there are not fetched again. The names are hashes of the objects' identifiers, alike in each call, so that they can be told again.
 * @throws FusionclipError as `DicomWebServer`
 */
export async function fetchCopies(
  fs: FileSystem,
  server: DicomWebServer,
  address: DicomWebAddress,
  folder: string,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<FetchedCopies> {
  const found = await server.find(address);
  const count = { fetched: 0, there: 0 };
  for (const [i, place] of found.entries()) {
    onProgress(i, found.length);
    const path = joinPath(folder, `series-${await hashed(place.series, 4)}`, `${await hashed(place.instance, 8)}.dcm`);
    if (await fs.stat(path)) {
      count.there++;
      continue;
    }
    const what = `object ${i + 1} of ${found.length}`;
    const bytes = await server.fetch(place, what);
    if (!bytes) throw new FusionclipError('io', `${server.host} names ${what} and does not have it; try again later.`);
    await fs.writeFile(path, bytes);
    count.fetched++;
  }
  return count;
}

/** The first bytes of a hash. The files themselves hold the identifier. */
async function hashed(text: string, bytes: number): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return Array.from(digest.subarray(0, bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
