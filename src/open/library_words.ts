import { FusionclipError } from '../base/errors.ts';
import { FUSION_OPTIONS } from '../fusion/options.ts';
import type { RunListener } from '../run/events.ts';
import { TRAIN_OPTIONS } from '../run/options.ts';

/** What calls take beside settings, by the flag of the command line. */
const ARGUMENTS: ReadonlyMap<string, string> = new Map([
  ...['data', 'model', 'out', 'maps', 'stride', 'write', 'window', 'plane', 'volume', 'accept', 'group'].map(same),
  ...['normals', 'labelled', 'alpha', 'sensitivity', 'probability'].map(same),
  ['fdr', 'falseDiscovery'],
  ['force', 'force: true'],
  ['resume', 'fc.resume()'],
]);

function same(name: string): [string, string] {
  return [name, name];
}

/** Commands of the command line that are calls here. */
const CALLS: Readonly<Record<string, string>> = { eval: 'evaluate' };

/** A way to go on with a run: one call, with its folder. */
const RESUME = /fusionclip train --resume --out ('[^']+'|\S+?)(?=[;,)]|\.?(?:\s|$))/g;
const COMMAND = /\bfusionclip (train|eval|predict|calibrate|report)\b/g;
const FLAG = /(^|[\s('"`])--([a-z][a-z0-9]*(?:[.-][a-zA-Z0-9]+)*)/g;

/** A message of the command line in the words of the library: settings and arguments in place of flags, calls in place of commands. */
export function libraryWords(text: string): string {
  return text
    .replace('see --help for the list', 'docs/methods.md lists them')
    .replaceAll('as --help says', 'as docs/methods.md says')
    .replace(RESUME, (_, out: string) => `fc.resume('${out.replaceAll("'", '')}')`)
    .replace(COMMAND, (_, command: string) => `fc.${CALLS[command] ?? command}`)
    .replace(FLAG, (whole, before: string, name: string) => {
      const isSetting = Object.hasOwn(FUSION_OPTIONS, name) || Object.hasOwn(TRAIN_OPTIONS, name);
      const own = isSetting ? name : ARGUMENTS.get(name);
      return own === undefined ? whole : `${before}\`${own}\``;
    });
}

/** Does what a call of the library does: its failures are in the library's words. */
export async function called<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FusionclipError) error.message = libraryWords(error.message);
    throw error;
  }
}

/** A listener that gets notes in the library's words. */
export function wordedListener(onEvent: RunListener): RunListener {
  return (event) => onEvent(event.type === 'note' ? { ...event, text: libraryWords(event.text) } : event);
}
