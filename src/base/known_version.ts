import { type ErrorCode, FusionclipError } from './errors.ts';
import { isObject } from './json.ts';
import { VERSION } from './version.ts';

/**
 * Refuses what a later version of this program has written: nobody can tell by its shape what its numbers mean. A later patch
 * changes no file, and what earlier versions wrote is read.
 * @param json what a file of this program holds; one that names no version, as those of before did, goes through
 * @throws FusionclipError for a later version; Error that goes on after the file's name for what is no version
 */
export function requireKnownVersion(json: unknown, file: string, code: ErrorCode): void {
  if (!isObject(json) || json.fusionclip === undefined) return;
  const written = json.fusionclip;
  const numbers = typeof written === 'string' ? numbersOf(written) : null;
  if (!numbers) throw new Error(`has ${JSON.stringify(written)} for the version that wrote it`);
  const [major, minor] = numbersOf(VERSION)!;
  if (numbers[0] < major || (numbers[0] === major && numbers[1] <= minor)) return;
  const text =
    `${file} was written by fusionclip ${written}, and this is ${VERSION}, which cannot know what it means; ` +
    `use that version (npm i fusionclip@${written}).`;
  throw new FusionclipError(code, text);
}

/** Major and minor number of a version. */
function numbersOf(version: string): [number, number] | null {
  const [, major, minor] = /^(\d+)\.(\d+)\.\d+(?:[-+][\w.+-]*)?$/.exec(version) ?? [];
  return major === undefined ? null : [Number(major), Number(minor)];
}
