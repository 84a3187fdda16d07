/** One regular file of a tar archive. */
export interface TarEntry {
  readonly name: string;
  /** Permission bits, e.g. 0o755. */
  readonly mode: number;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;

function text(bytes: Uint8Array, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** The regular files of an uncompressed ustar archive. Throws on names that lead out of the target folder. */
export function readTar(archive: Uint8Array): TarEntry[] {
  const entries: TarEntry[] = [];
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0; ) {
    const size = Number.parseInt(text(archive, at + 124, 12).trim() || '0', 8);
    const type = String.fromCharCode(archive[at + 156]);
    const prefix = text(archive, at + 257, 5) === 'ustar' ? text(archive, at + 345, 155) : '';
    const name = (prefix ? `${prefix}/` : '') + text(archive, at, 100);
    if (!(size >= 0)) throw new Error('damaged tar archive');
    if (type === '0' || type === '\0') {
      if (name.startsWith('/') || name.split('/').includes('..'))
        throw new Error(`unsafe name in a tar archive: ${name}`);
      const mode = Number.parseInt(text(archive, at + 100, 8).trim(), 8) & 0o777;
      entries.push({ name, mode, bytes: archive.subarray(at + BLOCK, at + BLOCK + size) });
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return entries;
}
