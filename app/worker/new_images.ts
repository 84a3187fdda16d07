import { joinPath } from '../../src/base/paths.ts';
import type { GivenFile } from '../protocol/images.ts';
import type { PageFiles } from './files.ts';
import { givenOf, imagesOf } from './sessions.ts';

/** Which images without labels a session was given. */
export interface GivenRecord {
  readonly paths: readonly string[];
  /** What was accepted of their series, as the setting `accept` names it. */
  readonly accept: readonly string[];
  /** Which volume of files that hold several was chosen. */
  readonly volume?: number;
}

/** Images without labels: they lie in memory under their own names, those of one session at a time. */
export class NewImages {
  readonly #files: PageFiles;
  #of: { readonly session: string; readonly files: readonly GivenFile[] } = { session: '', files: [] };

  constructor(files: PageFiles) {
    this.#files = files;
  }

  /** Puts images in place of those of another session; the returned function puts these back. */
  async place(session: string, files: readonly GivenFile[]): Promise<() => Promise<unknown>> {
    const before = this.#of;
    for (const { path } of before.files) await this.#files.remove(path);
    this.#of = { session, files };
    for (const { path, blob } of files) this.#files.memory.put(path, blob);
    return () => this.place(before.session, before.files);
  }

  /** Takes away those of every other session. */
  async clear(session: string): Promise<void> {
    if (this.#of.session !== session) await this.place(session, []);
  }

  /** Writes down what a session was given. */
  async record(session: string, given: GivenRecord): Promise<void> {
    await this.#files.writeFile(givenOf(session), JSON.stringify(given));
  }

  /** Puts copies of a session's images into its folder. */
  async keep(session: string, { paths }: GivenRecord): Promise<void> {
    for (const path of paths) {
      const target = joinPath(imagesOf(session), path);
      const isFolder = (await this.#files.stat(path))?.kind === 'directory';
      if (isFolder) await this.#files.copy(path, target);
      else await this.#files.writeFile(target, await this.#files.readFile(path));
    }
  }
}

/** What a session was given. */
export async function readGiven(files: PageFiles, session: string): Promise<GivenRecord> {
  const stored = JSON.parse(new TextDecoder().decode(await files.readFile(givenOf(session))));
  // A list alone is of sessions in which nothing could be accepted.
  return Array.isArray(stored) ? { paths: stored, accept: [] } : stored;
}
