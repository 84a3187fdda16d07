import { FusionclipError } from '../base/errors.ts';
import { type OptionTable, type OptionValues, optional, resolveOptions, text, toggle } from '../base/option.ts';
import type { Host } from '../host/host.ts';

/** Flags of every command. */
export const COMMON_FLAGS = {
  help: toggle(false, 'what the command does and its flags'),
  debug: toggle(false, 'where in the program an unexpected error arose'),
} satisfies OptionTable;

/** A path or another text; null when the flag is not given. */
export function word(form: string, help: string) {
  return { ...optional(text('', /\S/, form, ''), help), form };
}

/** What to do where `--model` is missing. */
export const NAME_MODEL = 'name a CLIP model, such as tiny-clip, which comes with the program';

/** What `--model` takes. */
export const MODEL_HELP =
  'CLIP: tiny-clip, a toy that comes with the program (so does tiny-clip-natural), a safetensors file, a folder, an address, ' +
  'ORG/NAME (see model pull), generated:NAME:SEED, or random:PATH:SEED; docs/models.md has more';

/** Flags of a command that belong together. */
export interface FlagGroup {
  readonly title: string;
  readonly table: OptionTable;
  /** Those that the help lists, where others are taken only to be refused with a reason. */
  readonly listed?: readonly string[];
  /** Whose values are those of a run: the settings' own would be said in vain where it is not known. */
  readonly ofRun?: true;
}

/** Values that settings have where none is given. */
export interface Defaults {
  /** Whose they are, e.g. a run folder. */
  readonly of: string;
  /** By name, as texts. */
  readonly texts: Readonly<Record<string, string>>;
  /** Whether a setting means anything there; all do by default. */
  readonly isRead?: (name: string) => boolean;
}

/** One command of the program. */
export interface Command {
  /** E.g. `['model', 'inspect']`. */
  readonly name: readonly string[];
  /** One line for the list of commands. */
  readonly summary: string;
  /** What follows the name, e.g. `PATH…`. */
  readonly usage: string;
  /** Paragraphs for `--help`. */
  readonly details?: string;
  /** Two command lines that do something useful. */
  readonly examples: readonly [string, string];
  /** Flags in groups under a title. */
  readonly flags: readonly FlagGroup[];
  /** What `--help` shows as values, where the rest of the command line tells; null where it does not. */
  defaults?(call: Call): Promise<Defaults | null>;
  run(call: Call): Promise<number>;
}

/** A command line as a command gets it. */
export interface Call {
  readonly host: Host;
  readonly positional: readonly string[];
  /** All flags that were given, as texts. */
  readonly flags: Readonly<Record<string, string>>;
}

/** The values of one table's flags. @throws FusionclipError `usage` for a value that cannot be read */
export function flagValues<T extends OptionTable>(table: T, { flags }: Call): OptionValues<T> {
  return resolveOptions(table, pickFlags(table, flags));
}

/** The given flags that belong to a table. */
export function pickFlags(table: OptionTable, flags: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(flags).filter(([name]) => name in table));
}

/** The value of a flag that a command cannot do without. */
export function need<T>(value: T | null, flag: string, what: string): T {
  if (value === null) throw new FusionclipError('usage', `--${flag} is missing: ${what}.`);
  return value;
}

/** A number of bytes for people. */
export function byteText(bytes: number): string {
  const unit = bytes < 2 ** 20 ? 'KiB' : bytes < 2 ** 30 ? 'MiB' : 'GiB';
  const scale = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }[unit];
  return `${(bytes / scale).toFixed(unit === 'GiB' ? 2 : 1)} ${unit}`;
}

/** Exactly so many arguments. @throws FusionclipError `usage` */
export function exactly(count: number, { positional }: Call, usage: string): void {
  if (positional.length === count) return;
  const extra = positional[count];
  throw new FusionclipError(
    'usage',
    positional.length > count ? `"${extra}" is one argument too many: ${usage}.` : `An argument is missing: ${usage}.`,
  );
}
