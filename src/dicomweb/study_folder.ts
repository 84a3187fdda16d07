import { FusionclipError } from '../base/errors.ts';
import type { Web } from '../hub/transfer.ts';
import { parseDicomWeb } from './address.ts';
import { DicomWebServer, type ObjectPlace } from './server.ts';

/** Objects that are asked for before they are needed, where they are smaller than this. */
const AHEAD = 3;
const SMALL = 16 * 2 ** 20;

/** What an address names, as files. */
export class StudyFiles {
  readonly places: ReadonlyMap<string, ObjectPlace>;
  readonly #names: readonly string[];
  readonly #server: DicomWebServer;
  readonly #kept: { left: number };
  readonly #whole = new Map<string, Uint8Array<ArrayBuffer>>();
  /** What is on its way. */
  readonly #coming = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  #lastSize = Number.POSITIVE_INFINITY;

  private constructor(places: ReadonlyMap<string, ObjectPlace>, server: DicomWebServer, kept: { left: number }) {
    this.places = places;
    this.#names = [...places.keys()];
    this.#server = server;
    this.#kept = kept;
  }

  /** @throws FusionclipError as {@link parseDicomWeb} and `DicomWebServer.find` */
  static async open(path: string, webOf: (root: string) => Web, kept: { left: number }): Promise<StudyFiles> {
    const address = parseDicomWeb(path);
    const server = new DicomWebServer(webOf(address.root));
    // In an order that does not depend on the server: a folder that is opened again has the same names.
    const key = ({ series, instance }: ObjectPlace) => `${series} ${instance}`;
    const found = (await server.find(address)).sort((a, b) => (key(a) < key(b) ? -1 : 1));
    const series = [...new Set(found.map((place) => place.series))];
    const width = String(found.length).length;
    const names = found.map(
      (place, i) => `${series.indexOf(place.series) + 1}-${String(i + 1).padStart(width, '0')}.dcm`,
    );
    const sorted = found.map((place, i) => [names[i], place] as const).sort(([a], [b]) => (a < b ? -1 : 1));
    return new StudyFiles(new Map(sorted), server, kept);
  }

  /** Gives the memory of what was fetched back. */
  forget(): void {
    for (const { length } of this.#whole.values()) this.#kept.left += length;
    this.#whole.clear();
    this.#coming.clear();
  }

  /** @throws FusionclipError `io` */
  async read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const known = this.#whole.get(name);
    if (known) return known;
    const at = this.#names.indexOf(name);
    if (at < 0) throw new FusionclipError('io', `There is no such file of a study at ${this.#server.host}.`);
    const ahead = this.#lastSize < SMALL ? AHEAD : 0;
    for (const one of this.#names.slice(at, at + 1 + ahead)) {
      if (this.#whole.has(one) || this.#coming.has(one)) continue;
      const coming = this.#fetch(one);
      this.#coming.set(one, coming);
      // Whoever reads it is told.
      coming.catch(() => {});
    }
    try {
      return await this.#coming.get(name)!;
    } finally {
      this.#coming.delete(name);
      // Whoever reads in another order leaves what was fetched ahead.
      for (const one of this.#coming.keys()) if (this.#coming.size > 2 * AHEAD) this.#coming.delete(one);
    }
  }

  async #fetch(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const what = `object ${this.#names.indexOf(name) + 1} of ${this.#names.length}`;
    const bytes = await this.#server.fetch(this.places.get(name)!, what);
    if (!bytes) {
      throw new FusionclipError('io', `${this.#server.host} names ${what} and does not have it; try again later.`);
    }
    this.#lastSize = bytes.length;
    if (bytes.length <= this.#kept.left) {
      this.#kept.left -= bytes.length;
      // A view of an answer would keep all of it.
      this.#whole.set(name, bytes.slice());
    }
    return bytes;
  }
}
