import { serverOf } from '../../base/address.ts';
import type { FileSystem } from '../../base/file_system.ts';
import { baseName } from '../../base/paths.ts';

/** Words of folder names (lower case) and what MVFA's prompts call their content; the first match wins. */
const NAMES: readonly (readonly [readonly string[], string])[] = [
  [['brain', 'brats', 'brainmri', 'braintumor', 'braintumour'], 'Brain'],
  [['liver'], 'Liver'],
  [['resc', 'oct'], 'retinal OCT'],
  [['chest', 'chestxray', 'cxr'], 'Chest X-ray film'],
  [['histo', 'histology', 'histopathology', 'histopathological', 'camelyon'], 'histopathological image'],
];

/** Words that name no content: a folder called so says nothing. */
const EMPTY =
  /^(|ad|ai|all|archive|base|bench|bmad|c|copy|data|dataset|datasets|demo|desktop|dir|documents|downloads?|example|examples|export|exported|files|final|folder|full|home|image|images|img|imgs|input|inputs|main|mine|mnt|mydata|my|new|nn|old|out|output|photos?|pics|pictures?|project|public|root|run|runs|sample|samples|set|sets|src|stuff|temp|test|tests|tmp|train|training|untitled|user|users|v|valid|version|work|workspace|x|y|z)$/;

/** What prompts say where no name says more. */
export const ANY_OBJECT = 'medical image';

/** What the prompts call the images' content, and where the words come from. */
export interface ObjectName {
  readonly object: string;
  /** `given`: by `prompt.object`; `known`: a word in the folder's name; `folder`: the name itself; `none`: it says nothing; `run`: a run keeps what it was trained with. */
  readonly from: 'given' | 'known' | 'folder' | 'none' | 'run';
}

/** Words of a name: what stands between signs, with digits cut off, and the parts that capitals begin. */
export function wordsOf(name: string): string[] {
  const whole = name.split(/[^\p{L}]+/u).filter((word) => word !== '');
  const parts = whole.flatMap((word) => word.match(/\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\p{L}+/gu) ?? []);
  return [...new Set([...whole, ...parts].map((word) => word.toLowerCase()))];
}

/** Whether one of some words (in lower case) stands in a name as a word of its own. */
export function hasWord(name: string, wanted: readonly string[]): boolean {
  const words = wordsOf(name);
  return wanted.some((word) => words.includes(word));
}

/**
 * What the prompts should call the things in a data set, guessed from the words of its folder's name: the six BMAD sets (with or
 * without `_AD`) by MVFA's names, other folders by their own name with blanks for `_` and `-`, if it is one that could say
 * something. `override` is taken as it is.
 */
export function describeObject(folder: string, override?: string): ObjectName {
  if (override) return { object: override, from: 'given' };
  // What an address holds names a server or a patient.
  if (serverOf(folder) !== null) return { object: ANY_OBJECT, from: 'none' };
  const name = baseName(folder).replace(/_AD$/i, '');
  const words = wordsOf(name);
  const known = NAMES.find(([wanted]) => hasWord(name, wanted));
  if (known) return { object: known[1], from: 'known' };
  const says = words.some((word) => word.length > 2 && !EMPTY.test(word));
  return says ? { object: name.replace(/[_-]+/g, ' ').trim(), from: 'folder' } : { object: ANY_OBJECT, from: 'none' };
}

/** The object of {@link describeObject}. */
export function objectName(folder: string, override?: string): string {
  return describeObject(folder, override).object;
}

/** As {@link describeObject} by the whole path of a folder, so that it does not matter how the path is typed. */
export async function findObject(fs: FileSystem, folder: string, override?: string): Promise<ObjectName> {
  const whole = serverOf(folder) === null ? await fs.absolutePath?.(folder) : null;
  return describeObject(whole ?? folder, override);
}

/** A line that says what prompts will call the images, and why. */
export function objectLine({ object, from }: ObjectName): string {
  const source = {
    given: 'as given',
    run: 'as the run has it',
    known: "from the folder's name",
    folder: "the folder's name; --prompt.object TEXT says it better",
    none: "the folder's name says nothing; name the content with --prompt.object TEXT",
  }[from];
  return `prompts say "${object}" (${source}), e.g. "a photo of a flawless ${object}."`;
}
