import * as v from 'valibot';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { parseJson } from '../base/json.ts';
import { epochOrder } from '../base/order.ts';
import { joinPath } from '../base/paths.ts';
import { ruleStream } from '../base/rule.ts';
import { sha256 } from '../base/sha256.ts';
import { resizeForClip } from '../clip/preprocess.ts';
import { readAlone } from '../data/range/read.ts';
import { PHANTOM_FACTS } from '../phantom/write.ts';
import type { Pair, PairSource } from './pairs.ts';

/** A picture and all that is said about it. */
interface Entry {
  /** Path below the folder. */
  readonly image: string;
  readonly captions: readonly string[];
}

/** Lists of captions that a folder may have; the first that is there is read. */
const LISTS = ['captions.jsonl', 'captions.tsv', PHANTOM_FACTS] as const;

/**
 * A folder of pictures with captions: `captions.jsonl` or `phantoms.jsonl` (an object a line with `image` and `caption`
 * or `captions`), or `captions.tsv` (a picture and its captions a line, separated by tabs). Pictures are squashed to a
 * square. Every epoch shows each picture once, with one of its captions.
 * @throws FusionclipError `io`, `bad_data`
 */
export async function openPairFolder(fs: FileSystem, folder: string, seed: number): Promise<PairSource> {
  const entries = await readEntries(fs, folder);
  const words = ruleStream('pretrain.caption', seed);
  let order = { epoch: -1, places: [] as number[] };
  return {
    captions: entries.flatMap(({ captions }) => captions),
    async pair(index: number, size: number): Promise<Pair> {
      const epoch = Math.floor(index / entries.length);
      if (order.epoch !== epoch) order = { epoch, places: epochOrder(entries.length, seed, epoch) };
      const { image, captions } = entries[order.places[index % entries.length]];
      const path = joinPath(folder, image);
      const picture = readAlone(await fs.readFile(path), path);
      const caption = captions[words(index) % captions.length];
      return {
        image: resizeForClip(picture, 'winclip', size),
        caption,
        captions,
        view: index,
        mirror: false,
        mask: null,
      };
    },
  };
}

/** SHA-256 of the lines `SHA256  PATH` of a folder's list and of the pictures that it names, in the order of their paths. */
export async function pairFolderSum(fs: FileSystem, folder: string): Promise<string> {
  const images = (await readEntries(fs, folder)).map(({ image }) => image);
  const lists: string[] = [];
  for (const name of LISTS) if (lists.length === 0 && (await fs.stat(joinPath(folder, name)))) lists.push(name);
  const lines: string[] = [];
  for (const path of [...new Set([...lists, ...images])].sort()) {
    lines.push(`${await sha256(await fs.readFile(joinPath(folder, path)))}  ${path}\n`);
  }
  return sha256(new TextEncoder().encode(lines.join('')));
}

async function readEntries(fs: FileSystem, folder: string): Promise<Entry[]> {
  for (const name of LISTS) {
    const path = joinPath(folder, name);
    if (!(await fs.stat(path))) continue;
    const lines = new TextDecoder().decode(await fs.readFile(path)).split(/\r?\n/);
    const entries = lines.flatMap((line, i) => {
      if (line.trim() === '') return [];
      const entry = name.endsWith('.tsv') ? fromTabs(line) : fromJson(line);
      if (entry) return [entry];
      throw new FusionclipError('bad_data', `Line ${i + 1} of ${path} names no picture with a caption; correct it.`);
    });
    if (entries.length === 0) throw new FusionclipError('bad_data', `${path} names no picture.`);
    return entries;
  }
  throw new FusionclipError('io', `${folder} has none of ${LISTS.join(', ')}: nothing says what its pictures show.`);
}

function fromTabs(line: string): Entry | null {
  const [image, ...captions] = line.split('\t').map((cell) => cell.trim());
  return image && captions.length > 0 && captions.every(Boolean) ? { image, captions } : null;
}

const text = v.pipe(v.string(), v.regex(/\S/));
const ENTRY = v.union([
  v.object({ image: text, captions: v.pipe(v.array(text), v.minLength(1)) }),
  v.object({ image: text, caption: text }),
]);

function fromJson(line: string): Entry | null {
  try {
    const entry = parseJson(ENTRY, line);
    return 'captions' in entry ? entry : { image: entry.image, captions: [entry.caption] };
  } catch {
    return null;
  }
}
