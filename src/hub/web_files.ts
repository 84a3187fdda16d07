import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { type Reads, readingFrom } from '../base/overlaid.ts';
import { BrokenTransfer, persist } from './persist.ts';
import { probe } from './pull.ts';
import { contentRange, request, requireFile, type Web } from './transfer.ts';

const ADDRESS = /^https?:\/\//;

/**
 * A file system in which an address of the web is a file that is read range by range, so that a model goes from a server
 * to the GPU without lying anywhere. Addresses can be read and not listed or written.
 */
export function withWeb(fs: FileSystem, web: Web): FileSystem {
  const sizes = new Map<string, Promise<number | null>>();

  /** Bytes of a file, or null when there is none. */
  function sizeOf(url: string): Promise<number | null> {
    let size = sizes.get(url);
    if (!size) {
      size = probe(web, url, url).then(
        ({ size, ranges }) => {
          if (ranges || size === 0) return size;
          throw new FusionclipError(
            'io',
            `${new URL(url).host} gives whole files only, so ${url} cannot be read in parts; fetch it with fusionclip model pull.`,
          );
        },
        (error) => {
          if (error instanceof FusionclipError && /\(status (404|410)\)/.test(error.message)) return null;
          throw error;
        },
      );
      sizes.set(url, size);
      size.catch(() => sizes.delete(url));
    }
    return size;
  }

  async function readRange(url: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const size = await sizeOf(url);
    if (size === null) throw new FusionclipError('io', `There is nothing at ${url}; check the address.`);
    const out = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
    let at = 0;
    if (out.length === 0) return out;
    await persist(web, url, async () => {
      const before = at;
      const answer = await request(web, url, { range: [offset + at, offset + out.length - 1] });
      try {
        requireFile(answer, url);
        const range = contentRange(answer.headers);
        if (answer.status !== 206 || range?.first !== offset + at || range.total !== size) {
          throw new FusionclipError(
            'io',
            `${url} has changed, or its server does not keep to ranges; fetch it as a whole.`,
          );
        }
        for (let bytes = await answer.read(); bytes; bytes = await answer.read()) {
          if (at + bytes.length > out.length) {
            throw new FusionclipError(
              'io',
              `${new URL(url).host} sends more than it was asked for; fetch ${url} as a whole.`,
            );
          }
          out.set(bytes, at);
          at += bytes.length;
        }
      } catch (error) {
        if (!(error instanceof BrokenTransfer) || at === before) throw error;
      } finally {
        answer.cancel();
      }
      return { progress: at > before, done: at === out.length };
    });
    return out;
  }

  const refuse = (path: string): never => {
    throw new FusionclipError('io', `${path} is an address of the web, which can only be read; give a path.`);
  };
  const there: Reads = {
    readFile: (path) => readRange(path, 0, Number.MAX_SAFE_INTEGER),
    readRange,
    async stat(path) {
      const bytes = await sizeOf(path);
      return bytes === null ? null : { kind: 'file', bytes };
    },
    list: async (path) => refuse(path),
    realPath: async (path) => path,
  };
  return readingFrom(fs, (path) => ADDRESS.test(path), there, refuse);
}
