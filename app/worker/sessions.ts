import { FusionclipError } from '../../src/base/errors.ts';
import type { FileLock } from '../../src/base/file_system.ts';
import { joinPath } from '../../src/base/paths.ts';
import { ADAPTERS } from '../../src/run/run_folder.ts';
import type { DataSource } from '../protocol/images.ts';
import type { SessionFile } from '../protocol/sessions.ts';
import type { SupportChoice } from '../protocol/training.ts';
import { KEPT, type PageFiles } from './files.ts';
import { damaged, parseSession } from './session_file.ts';

const SESSIONS = `${KEPT}/sessions`;
/** Holds the id of the session that was open last. */
const LAST = `${KEPT}/last`;

/** The folder of a session's run: results, maps, checkpoints and adapters as the command line lays them out. */
export function runOf(id: string): string {
  return joinPath(SESSIONS, id, 'run');
}

/** The adapters of a session: its own, or a copy of those that it scores with. */
export function adaptersOf({ id, kind }: Pick<SessionFile, 'id' | 'kind'>): string {
  return kind === 'train' ? joinPath(runOf(id), ADAPTERS) : joinPath(SESSIONS, id, 'adapters.safetensors');
}

/** Where the images of a session lie that keeps them. */
export function imagesOf(id: string): string {
  return joinPath(SESSIONS, id, 'data');
}

/** Names the paths that a session of new images was given. */
export function givenOf(id: string): string {
  return joinPath(SESSIONS, id, 'given.json');
}

/** Names the images that a training learns from, where the user chose them. */
function supportOf(id: string): string {
  return joinPath(SESSIONS, id, 'support.json');
}

function fileOf(id: string): string {
  return joinPath(SESSIONS, id, 'session.json');
}

/** Of a session that another tab has deleted, say. */
export function sessionGone(): FusionclipError {
  return new FusionclipError('io', 'This session is not there any more: another tab of this page may have deleted it.');
}

/** Whether two data sets are the same, as far as their origin tells. */
export function sameSource(a: DataSource | null, b: DataSource | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The kept sessions: one folder each, whose `session.json` says what it is. */
export class Sessions {
  readonly #files: PageFiles;
  /** Of those that this page is at work on: no other tab takes them for left behind, or deletes them. */
  readonly #held = new Map<string, FileLock>();

  constructor(files: PageFiles) {
    this.#files = files;
  }

  /** All of them, the newest first, damaged ones too: they take room. A folder that was left half-made is none. */
  async list(): Promise<SessionFile[]> {
    const fs = this.#files;
    if (!(await fs.stat(SESSIONS))) return [];
    const out: SessionFile[] = [];
    for (const { name } of await fs.list(SESSIONS)) {
      const file = await this.find(name);
      // Scores that were never whole cannot go on.
      if (file && (file.kind === 'train' || file.finished)) out.push(file);
      else if (!file && (await this.#isDamaged(name))) out.push(damaged(name));
    }
    return out.sort((a, b) => (a.created < b.created ? 1 : -1));
  }

  /** A session, or null when there is none or its file is broken, or of another build that writes other ones. */
  async find(id: string): Promise<SessionFile | null> {
    const path = fileOf(id);
    if (!(await this.#files.stat(path))) return null;
    return parseSession(new TextDecoder().decode(await this.#files.readFile(path)), id);
  }

  async #isDamaged(id: string): Promise<boolean> {
    return (await this.#files.stat(fileOf(id))) !== null;
  }

  /** Removes what a page left half-made that ended: scores begin anew. */
  async sweep(): Promise<void> {
    const fs = this.#files;
    if (!(await fs.stat(SESSIONS))) return;
    for (const { name } of await fs.list(SESSIONS)) {
      const file = await this.find(name);
      // One that is damaged may hold a training.
      if (file ? file.kind === 'train' || file.finished : await this.#isDamaged(name)) continue;
      if (this.#held.has(name)) continue;
      // Another tab may be at it.
      await this.remove(name).catch(() => {});
    }
  }

  /** Makes a session, which is this page's until {@link release}. */
  async create(facts: Omit<SessionFile, 'id' | 'created' | 'finished' | 'figures' | 'bytes'>): Promise<SessionFile> {
    const created = new Date().toISOString();
    const id = `${created.replace(/\D/g, '').slice(0, 17)}-${crypto.randomUUID().slice(0, 4)}`;
    await this.hold(id);
    const nothing = { finished: false, figures: null, bytes: 0, ...(facts.images && { copied: false }) };
    return this.#write({ ...facts, id, created, ...nothing });
  }

  /** Says that this page is at work on a session. @throws FusionclipError `usage` where another tab is */
  async hold(id: string): Promise<void> {
    if (!this.#held.has(id)) this.#held.set(id, await this.#lock(id));
  }

  /** Says that nothing is at work on a session any more. */
  async release(id: string): Promise<void> {
    await this.#held.get(id)?.release(false);
    this.#held.delete(id);
  }

  /** Writes the file that names the support images of a session, and gives its path. */
  async writeSupport(id: string, support: SupportChoice): Promise<string> {
    await this.#files.writeFile(supportOf(id), JSON.stringify(support));
    return supportOf(id);
  }

  /**
   * Changes a session, one change after another: its name, while the work on it ends.
   * @throws FusionclipError `io` where it was deleted
   */
  async update(id: string, part: Partial<Omit<SessionFile, 'id'>>): Promise<SessionFile> {
    return this.#files.inTurn(fileOf(id), async () => {
      const before = await this.find(id);
      if (!before) throw sessionGone();
      return this.#write({ ...before, ...part });
    });
  }

  /** Bytes of all that a session keeps. */
  async size(id: string): Promise<number> {
    return this.#files.size(joinPath(SESSIONS, id));
  }

  /** Removes what this page is at work on, and what came to nothing. */
  async discard(id: string): Promise<void> {
    await this.#files.remove(joinPath(SESSIONS, id));
  }

  /** @throws FusionclipError `usage` where something is at work on it */
  async remove(id: string): Promise<void> {
    if (this.#held.has(id)) throw new FusionclipError('usage', 'This session is at work; stop it, then delete it.');
    await this.hold(id);
    try {
      await this.discard(id);
    } finally {
      await this.release(id);
    }
  }

  /** The session that was open last; it may not be there any more. */
  async last(): Promise<string | null> {
    if (!(await this.#files.stat(LAST))) return null;
    return new TextDecoder().decode(await this.#files.readFile(LAST));
  }

  async setLast(id: string): Promise<void> {
    await this.#files.writeFile(LAST, id);
  }

  #lock(id: string): Promise<FileLock> {
    return this.#files.lock(joinPath(SESSIONS, id));
  }

  async #write(file: SessionFile): Promise<SessionFile> {
    await this.#files.writeFile(fileOf(file.id), JSON.stringify(file, null, 2));
    return file;
  }
}
