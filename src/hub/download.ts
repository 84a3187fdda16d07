import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { joined } from '../base/bytes.ts';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem, FileWriter } from '../base/file_system.ts';
import { baseName } from '../base/paths.ts';
import { refuseForeignFormat } from '../clip/model_format.ts';
import { BrokenTransfer, persist } from './persist.ts';
import { type Answer, contentRange, request, requireFile, type Web, webPage } from './transfer.ts';

/** A file to fetch and what is known of it. */
export interface Download {
  readonly url: string;
  /** Its name, for messages and for what it must not be. */
  readonly name: string;
  /** Where it shall lie. */
  readonly path: string;
  /** Where its beginning lies until it is whole; default: `path` with `.incomplete`. */
  readonly part?: string;
  readonly size: number;
  /** Hashes that it must have; without any only the size is checked. */
  readonly sha256?: string;
  /** Of git: SHA-1 of `blob SIZE`, a zero byte, and the content. */
  readonly gitHash?: string;
}

/** Bytes that gather before they are written, and that are hashed at a time. */
const SLICE = 4 * 2 ** 20;
/** Bytes that tell a page or a pointer from a model. */
const HEAD = 64;

/**
 * Fetches a file. It lies under its name only when it is whole and has the right hash; what an earlier attempt has left is
 * gone on with where the server can do that. Returns its SHA-256.
 * @param onProgress called with the bytes that are there
 * @throws FusionclipError `io` for a network that does not serve, `bad_model` for another file than the one wanted
 */
export async function download(
  fs: FileSystem,
  web: Web,
  file: Download,
  onProgress: (bytes: number) => void = () => {},
  signal?: AbortSignal,
): Promise<string> {
  const { name, path, size } = file;
  const part = file.part ?? `${path}.incomplete`;
  for (let attempt = 1; ; attempt++) {
    let most = 0;
    await persist(
      web,
      name,
      async () => {
        const before = await partSize(fs, part, size);
        let broken: BrokenTransfer | undefined;
        try {
          if (before < size || size === 0) await transfer(fs, web, file, part, before, onProgress, signal);
        } catch (error) {
          if (!(error instanceof BrokenTransfer)) throw error;
          broken = error;
        }
        const after = await partSize(fs, part, size);
        // More than ever before: a server that lets a beginning be thrown away again and again brings nothing.
        const progress = after > Math.max(before, most);
        most = Math.max(after, most);
        if (broken && !progress) throw broken;
        return { progress, done: after === size };
      },
      signal,
    );
    const found = await hashes(fs, part, size, file.gitHash !== undefined, signal);
    if (agree(file, found)) {
      await fs.rename(part, path);
      return found.sha256;
    }
    await fs.remove(part);
    // The beginning may have been another file's; what comes in one piece and is wrong is wrong.
    if (attempt === 2) {
      throw new FusionclipError(
        'bad_model',
        `${name} does not have the hash that it should have: it was damaged on the way or exchanged; nothing was stored, try again.`,
      );
    }
  }
}

/** What a file has to agree with. */
type Known = Pick<Download, 'size' | 'sha256' | 'gitHash'>;

/** Whether a file lies there with the length and the hashes that it should have. */
export async function isWhole(fs: FileSystem, path: string, file: Known, signal?: AbortSignal): Promise<boolean> {
  if ((await fs.stat(path))?.bytes !== file.size) return false;
  return agree(file, await hashes(fs, path, file.size, file.gitHash !== undefined, signal));
}

function agree(file: Known, found: { readonly sha256: string; readonly git?: string }): boolean {
  return (file.sha256 ?? found.sha256) === found.sha256 && (file.gitHash ?? found.git) === found.git;
}

/** Bytes of the beginning that is there; one that is too long is removed. */
async function partSize(fs: FileSystem, part: string, size: number): Promise<number> {
  const bytes = (await fs.stat(part))?.bytes ?? 0;
  if (bytes <= size) return bytes;
  await fs.remove(part);
  return 0;
}

/** One connection: writes what it brings behind the beginning. */
async function transfer(
  fs: FileSystem,
  web: Web,
  { url, name, size }: Download,
  part: string,
  before: number,
  onProgress: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const answer = await request(web, url, { range: before > 0 ? [before] : undefined, signal });
  try {
    if (answer.status === 416) {
      await fs.remove(part);
      throw new FusionclipError('bad_model', `The server has less than the ${size} bytes of ${name}; try again later.`);
    }
    requireFile(answer, name);
    let at = before;
    if (before > 0 && !continues(answer, before, size, name)) {
      await fs.remove(part);
      at = 0;
    }
    await pour(answer, () => fs.createAppender(part), name, at, size, onProgress);
  } finally {
    answer.cancel();
  }
}

/** Whether an answer goes on where the beginning ends; one that starts anew does not. */
function continues(answer: Answer, before: number, size: number, name: string): boolean {
  if (answer.status === 200) return false;
  const range = contentRange(answer.headers);
  if (range && range.total !== size) {
    throw new FusionclipError('bad_model', `${name} has ${range.total} bytes there, not ${size}; try again later.`);
  }
  return range?.first === before;
}

/** Writes the pieces of an answer; `open` is called when the first of them have been found to be good. */
async function pour(
  answer: Answer,
  open: () => Promise<FileWriter>,
  name: string,
  start: number,
  size: number,
  onProgress: (bytes: number) => void,
): Promise<void> {
  let at = start;
  let gathered: Uint8Array[] = [];
  let waiting = 0;
  let checked = start > 0;
  let writer: FileWriter | undefined;
  const write = async () => {
    const bytes = joined(gathered);
    if (!checked) refuseOther(name, bytes, new URL(answer.url).host);
    checked = true;
    [gathered, waiting] = [[], 0];
    writer ??= await open();
    await writer.write(bytes);
    onProgress(at);
  };
  try {
    for (let bytes = await answer.read(); bytes; bytes = await answer.read()) {
      at += bytes.length;
      if (at > size) {
        if (!checked) refuseOther(name, joined([...gathered, bytes]), new URL(answer.url).host);
        throw new FusionclipError(
          'bad_model',
          `The server sends more than the ${size} bytes of ${name}; try again later.`,
        );
      }
      gathered.push(bytes);
      waiting += bytes.length;
      if (waiting >= SLICE || (!checked && waiting >= HEAD)) await write();
    }
    await write();
    await writer?.close();
  } catch (error) {
    try {
      // What came before a break is kept.
      if (error instanceof BrokenTransfer && waiting > 0) await write();
    } finally {
      await writer?.abort();
    }
    throw error;
  }
}

/** Refuses what is no file of a model by its first bytes, before any of it is stored. */
function refuseOther(name: string, head: Uint8Array, place: string): void {
  if (/\.safetensors$/.test(name)) refuseForeignFormat(baseName(name), head);
  const start = new TextDecoder().decode(head.subarray(0, HEAD));
  if (/^\s*<(!doctype|html|\?xml|head)/i.test(start) && !/\.(html?|xml)$/.test(name)) throw webPage(name, place);
}

/** Hashes of a file as it lies there. */
async function hashes(
  fs: FileSystem,
  path: string,
  size: number,
  withGit: boolean,
  signal?: AbortSignal,
): Promise<{ sha256: string; git?: string }> {
  const hash = sha256.create();
  for (let at = 0; at < size; at += SLICE) {
    signal?.throwIfAborted();
    hash.update(await fs.readRange(path, at, Math.min(SLICE, size - at)));
  }
  const whole = bytesToHex(hash.digest());
  if (!withGit) return { sha256: whole };
  // Only small files lie in git itself.
  const header = new TextEncoder().encode(`blob ${size}\0`);
  const content = size === 0 ? new Uint8Array() : await fs.readFile(path);
  const digest = await crypto.subtle.digest('SHA-1', joined([header, content]));
  return { sha256: whole, git: bytesToHex(new Uint8Array(digest)) };
}
