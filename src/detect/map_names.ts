import { FusionclipError } from '../base/errors.ts';

/**
 * File names of maps: the id without its extension, or with it where two images differ in nothing else. No two are equal
 * or could be taken for each other's files, also on a disk that knows no case or one Unicode form alone: where that would
 * be, the later one ends in `~2`, `~3`, ….
 */
export function mapNames(ids: readonly string[]): string[] {
  const plain = (name: string) => name.normalize('NFC').toLowerCase();
  const short = ids.map((id) => withoutRoot(id).replace(/\.[^./]*$/, ''));
  const counts = new Map<string, number>();
  for (const name of short) counts.set(plain(name), (counts.get(plain(name)) ?? 0) + 1);
  const files = new Set<string>();
  return short.map((name, i) => {
    const first = (counts.get(plain(name)) ?? 0) > 1 ? withoutRoot(ids[i]) : name;
    for (let n = 1; ; n++) {
      const own = n === 1 ? first : `${first}~${n}`;
      const written = MAP_ENDINGS.map((ending) => plain(own) + ending);
      if (written.some((file) => files.has(file))) continue;
      for (const file of written) files.add(file);
      return own;
    }
  });
}

/** What is written for an image. */
const MAP_ENDINGS = ['.png', '.npy', '.map.png'];

/** Bytes that a name may have on usual disks. */
const LONGEST_NAME = 255;

/**
 * Makes sure that maps of images can be written, before any work is done.
 * @throws FusionclipError `usage` for a name that is too long for a disk
 */
export function requireMapNames(ids: readonly string[], folder: string, format: 'npy' | 'png16' | 'none'): void {
  if (format === 'none') return;
  const encoder = new TextEncoder();
  const ending = format === 'npy' ? '.npy' : '.map.png';
  for (const [i, name] of mapNames(withoutCommonFolder(ids)).entries()) {
    const over = Math.max(...`${name}${ending}`.split('/').map((part) => encoder.encode(part).length)) - LONGEST_NAME;
    if (over <= 0) continue;
    throw new FusionclipError(
      'usage',
      `The name of ${ids[i]} is too long for a map of it in ${folder}; shorten it by ${over} bytes, or write no maps (--map.files none).`,
    );
  }
}

/**
 * Paths below the deepest folder that holds all of them, when they are absolute or lead out of the working
 * folder.
 */
export function withoutCommonFolder(ids: readonly string[]): string[] {
  if (!ids.some((id) => /^([/\\]|[A-Za-z]:|\.\.)/.test(id))) return [...ids];
  const parts = ids.map((id) => id.split(/[/\\]/));
  let common = 0;
  while (parts.every((each) => common + 1 < each.length && each[common] === parts[0][common])) common++;
  return parts.map((each) => each.slice(common).join('/'));
}

/** A path that stays inside of the folder it is joined to. */
function withoutRoot(id: string): string {
  return id
    .split(/[/\\]/)
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .join('/');
}
