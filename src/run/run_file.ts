import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { isObject } from '../base/json.ts';
import { requireKnownVersion } from '../base/known_version.ts';

/**
 * What a file of a run folder holds, or null when it is not there.
 * @param parse throws a SyntaxError for what is no JSON, else an Error whose words go on after the file's name
 * @param help what can be done about a damaged file: a clause
 * @throws FusionclipError `bad_data` that names the file, what is wrong with it, and what helps
 */
export async function readRunFile<T>(
  fs: FileSystem,
  file: string,
  parse: (text: string) => T,
  help: string,
): Promise<T | null> {
  if (!(await fs.stat(file))) return null;
  const text = new TextDecoder().decode(await fs.readFile(file));
  try {
    // Before its shape is looked at, which is another in another version.
    const [, mark] = /^\s*\{\s*"fusionclip"\s*:\s*("[^"\n]*")/.exec(text) ?? [];
    if (mark !== undefined) requireKnownVersion({ fusionclip: JSON.parse(mark) }, file, 'bad_data');
    return parse(text);
  } catch (cause) {
    if (cause instanceof FusionclipError) throw cause;
    throw new FusionclipError('bad_data', `${file} is damaged (${damageOf(cause)}); ${help}.`, { cause });
  }
}

/** The object that a text holds. @throws SyntaxError, or Error that goes on after the file's name */
export function parseObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new Error('holds no object');
  return value;
}

/** What is wrong with a file, in words for a bracket. */
export function damageOf(cause: unknown): string {
  if (cause instanceof SyntaxError) return 'its JSON is cut short or broken';
  return `it ${cause instanceof Error ? cause.message : String(cause)}`;
}

/** What helps where a run goes on, or is told of, without a file. */
export const REMOVE = {
  /** Of a report or a comparison. */
  record: 'remove it, and the rest of the run is read without it',
  /** Of a run that is resumed. */
  resume: 'remove it, and it is written anew',
} as const;

/** What helps where results of a finished run are damaged, and its checkpoint is there. */
export function resultsAgain(run: string, name: string): string {
  const both = name === 'results.json' ? 'makes it again' : 'makes both again';
  const remove = name === 'results.json' ? 'remove it' : 'remove results.json beside it';
  return `${remove}, and fusionclip train --resume --out ${run} ${both}`;
}
