/**
 * Where downloaded models lie: the cache of Hugging Face's Python tools, so that what one of them has fetched the other
 * finds. `CACHE/models--ORG--NAME/` holds `blobs/` (contents under their hash), `refs/REVISION` (the commit that a branch
 * or tag stands for) and `snapshots/COMMIT/` (the files under their names, links to the blobs where there are links).
 */
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';

/** A repository of models in one state. */
export interface ModelId {
  /** `ORG/NAME`. */
  readonly repository: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

const COMMIT = /^[0-9a-f]{40}$/;

/** The folder of the cache, from the environment as the Python tools read it; undefined without a home folder. */
export function modelCacheFolder(env: (name: string) => string | undefined): string | undefined {
  const home = env('HOME') || env('USERPROFILE');
  const expand = (path: string): string => (home ? path.replace(/^~(?=\/|\\|$)/, home) : path);
  const own = env('HF_HUB_CACHE') || env('HUGGINGFACE_HUB_CACHE');
  if (own) return expand(own);
  const shared = env('XDG_CACHE_HOME') || (home && joinPath(home, '.cache'));
  const root = env('HF_HOME') || (shared && joinPath(shared, 'huggingface'));
  return root && joinPath(expand(root), 'hub');
}

/** Reads `ORG/NAME` or `ORG/NAME@REVISION`; null for anything else. */
export function parseModelId(text: string): ModelId | null {
  const match = /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w][\w./-]*))?$/.exec(text);
  if (!match || text.includes('..') || text.includes('--')) return null;
  return { repository: match[1], revision: match[2] ?? 'main' };
}

/** The folder of a repository within the cache. */
export function repositoryFolder(cache: string, repository: string): string {
  return joinPath(cache, `models--${repository.replace('/', '--')}`);
}

/** The snapshot of a model in the cache of a file system, or null when it was never fetched. */
export async function cachedSnapshot(fs: FileSystem, cache: string, id: ModelId): Promise<string | null> {
  const folder = repositoryFolder(cache, id.repository);
  const commit = COMMIT.test(id.revision) ? id.revision : await cachedCommit(fs, folder, id.revision);
  if (commit === null) return null;
  const snapshot = joinPath(folder, 'snapshots', commit);
  return (await fs.stat(snapshot))?.kind === 'directory' ? snapshot : null;
}

async function cachedCommit(fs: FileSystem, folder: string, revision: string): Promise<string | null> {
  const path = joinPath(folder, 'refs', revision);
  if ((await fs.stat(path))?.kind !== 'file') return null;
  const commit = new TextDecoder().decode(await fs.readFile(path)).trim();
  return COMMIT.test(commit) ? commit : null;
}
