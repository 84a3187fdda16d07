import * as v from 'valibot';
import { FusionclipError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { type ModelId, parseModelId } from '../clip/model_cache.ts';
import { persist } from './persist.ts';
import { readAll, request, requireFile, type Web, webPage } from './transfer.ts';

/** A file of a repository. */
export interface RemoteFile {
  readonly name: string;
  readonly size: number;
  /** Hash of a large file's content. */
  readonly sha256?: string;
  /** Git's hash of a small file. */
  readonly gitHash?: string;
}

/** What a repository holds in one state. */
export interface Listing {
  /** 40 hexadecimal digits. */
  readonly commit: string;
  readonly files: readonly RemoteFile[];
}

/** Bytes that the answer of the hub may have. */
const MOST = 32 * 2 ** 20;

/** Files beside the weights that `openClipModel` or Python's tools read. */
const COMPANIONS = [
  'config.json',
  'open_clip_config.json',
  'preprocessor_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'vocab.json',
  'merges.txt',
  'fusionclip.json',
];

/**
 * The repository that an id (`ORG/NAME`, `ORG/NAME@REVISION`) or an address of the hub names, with the one file that an
 * address of a file means; null for anything else.
 */
export function parseHubName(text: string, endpoint: string): { id: ModelId; file?: string } | null {
  if (!text.startsWith(`${endpoint}/`)) {
    const id = parseModelId(text);
    return id && { id };
  }
  const path = decodeURIComponent(new URL(text).pathname).slice(
    new URL(endpoint).pathname.replace(/\/$/, '').length + 1,
  );
  const match = /^([^/]+\/[^/]+)\/?(?:(?:resolve|blob|tree|raw)\/([^/]+)\/?(.*))?$/.exec(path);
  const id = match && parseModelId(`${match[1]}@${match[2] ?? 'main'}`);
  return id && { id, ...(match[3] && { file: match[3] }) };
}

/** Where the hub has a file. */
export function fileAddress({ endpoint }: Web, repository: string, commit: string, name: string): string {
  return `${endpoint}/${repository}/resolve/${commit}/${name.split('/').map(encodeURIComponent).join('/')}`;
}

/** Asks the hub for commit, files, sizes and hashes. Throws `io` when there is no such repository, `bad_model` for nonsense. */
export async function listRepository(
  web: Web,
  { repository, revision }: ModelId,
  signal?: AbortSignal,
): Promise<Listing> {
  const url = `${web.endpoint}/api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const what = `model ${repository}${revision === 'main' ? '' : `@${revision}`}`;
  let bytes = new Uint8Array();
  await persist(
    web,
    what,
    async () => {
      const answer = await request(web, url, { signal });
      requireFile(answer, what);
      bytes = await readAll(answer, MOST);
      return { progress: false, done: true };
    },
    signal,
  );
  return parseListing(new TextDecoder().decode(bytes), what, new URL(web.endpoint).host);
}

const size = v.optional(v.pipe(v.number(), v.safeInteger('a number of bytes'), v.minValue(0, 'a number of bytes')));
const hash = (digits: number, words: string) => v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${digits}}$`), words));
const SIBLING = v.object({
  rfilename: v.pipe(v.string(), v.check(leadsBelow, 'a path below the folder')),
  size,
  blobId: v.optional(hash(40, 'a hash')),
  lfs: v.nullish(v.object({ size, sha256: hash(64, 'a SHA-256') })),
});
type Sibling = v.InferOutput<typeof SIBLING>;
const LISTING = v.object({ sha: hash(40, 'a commit'), siblings: v.array(SIBLING) });

/** A name is a path below the repository's folder, and must not lead out of it. */
function leadsBelow(name: string): boolean {
  return /^[^\\\0]+$/.test(name) && name.split('/').every((part) => !/^\.{0,2}$/.test(part));
}

function parseListing(text: string, what: string, place: string): Listing {
  try {
    const { sha, siblings } = parseJson(LISTING, text);
    return { commit: sha, files: siblings.map((one) => remoteFile(one, what, place)) };
  } catch (cause) {
    if (cause instanceof FusionclipError) throw cause;
    if (cause instanceof SyntaxError && /^\s*</.test(text)) throw webPage(what, place);
    throw nonsense(
      what,
      place,
      cause instanceof SyntaxError ? 'no JSON' : `an answer that ${(cause as Error).message}`,
    );
  }
}

function remoteFile({ rfilename: name, size, blobId, lfs }: Sibling, what: string, place: string): RemoteFile {
  const bytes = lfs?.size ?? size;
  if (bytes === undefined) throw nonsense(what, place, `no size of ${name}`);
  if (!lfs && !blobId) throw nonsense(what, place, `no hash of ${name}`);
  return { name, size: bytes, sha256: lfs?.sha256, gitHash: lfs ? undefined : blobId };
}

/**
 * The files of a repository that a CLIP model needs: weights (one safetensors file, or an index with its parts),
 * configuration, tokenizer; or those asked for.
 * @throws FusionclipError `usage` for a file that is not there, `bad_model` when there are no safetensors weights
 */
export function chooseFiles(listing: Listing, asked: readonly string[], what: string): RemoteFile[] {
  const byName = new Map(listing.files.map((file) => [file.name, file]));
  if (asked.length > 0) {
    return asked.map((name) => {
      const file = byName.get(name);
      if (file) return file;
      throw new FusionclipError('usage', `${what} has no file ${name}; it has ${[...byName.keys()].join(', ')}.`);
    });
  }
  const has = (name: string) => byName.has(name);
  const names = [...byName.keys()].filter((name) => !name.includes('/'));
  const indexed = names.find((name) => name.endsWith('.safetensors.index.json'));
  const single = ['model.safetensors', 'open_clip_model.safetensors'].find(has);
  const others = names.filter((name) => name.endsWith('.safetensors'));
  const weights = single ? [single] : indexed ? [indexed, ...others] : others.length === 1 ? others : [];
  if (weights.length === 0) {
    const there =
      others.length > 1 ? `several weights (${others.join(', ')}): choose with --files` : 'no safetensors weights';
    const pickles = names.filter((name) => /\.(bin|pt|ckpt)$/.test(name));
    const advice = pickles.length > 0 ? `; ${pickles.join(', ')} would have to be converted in Python` : '';
    throw new FusionclipError('bad_model', `${what} has ${there}${advice}; choose another model or revision.`);
  }
  return [...weights, ...COMPANIONS.filter(has)].map((name) => byName.get(name)!);
}

function nonsense(what: string, place: string, found: string): FusionclipError {
  return new FusionclipError(
    'bad_model',
    `${place} tells ${found} for ${what}; it is no model hub, check HF_ENDPOINT.`,
  );
}
