/** Reading files by their descriptors, in Node and Deno. */
import { Buffer } from 'node:buffer';
import { closeSync, constants, fstatSync, open, read, type Stats } from 'node:fs';

/**
 * Opens a file for `use`, which gets its descriptor and what it is. Of a small file the trips through the loop take longer than the reading: there
 * is one to open it and one to read; what is asked beside that the system knows at once.
 */
export async function withFile<T>(path: string, use: (file: number, stat: Stats) => Promise<T>): Promise<T> {
  const file = await new Promise<number>((resolve, reject) => {
    open(path, constants.O_RDONLY, (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  try {
    return await use(file, fstatSync(file));
  } finally {
    closeSync(file);
  }
}

/** @returns how many bytes of those wanted it has given; 0 at the end */
function readSome(file: number, target: Uint8Array, at: number, position: number | null): Promise<number> {
  const length = Math.min(target.length - at, 2 ** 30);
  return new Promise((resolve, reject) => {
    read(file, target, at, length, position, (error, count) => (error ? reject(error) : resolve(count)));
  });
}

/** Bytes of a file from `offset` on, fewer where it ends before. */
export async function readBytes(file: number, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = await readSome(file, bytes, done, offset + done);
    if (count === 0) return bytes.slice(0, done);
    done += count;
  }
  return bytes;
}

/** All bytes of what has no size: a pipe, a device. */
export async function readStream(file: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const part = new Uint8Array(2 ** 16);
    const count = await readSome(file, part, 0, null);
    if (count === 0) return new Uint8Array(Buffer.concat(parts));
    parts.push(part.subarray(0, count));
  }
}
