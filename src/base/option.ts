import { FusionclipError } from './errors.ts';
import { advice, nearestNames } from './nearest.ts';

/** One setting: how it is read from text, its default, and what it does. */
export interface Option<T> {
  readonly fallback: T;
  readonly help: string;
  /** What a value looks like, for help and errors, e.g. `max|mean`. */
  readonly form: string;
  /** Bounds of the numbers in a value, for errors; without it any number of the form will do. */
  readonly range?: readonly [number, number];
  /** The value of a text, or undefined when it is none. */
  parse(text: string): T | undefined;
}

/** A table of settings by name; the name is the flag, the key in `config.json` and the key in code. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The values of a table. */
export type OptionValues<T extends OptionTable> = { readonly [K in keyof T]: T[K] extends Option<infer V> ? V : never };

/** Some values of a table, as a program gives them: numbers as numbers, lists as lists, null for `none` or `auto`. */
export type GivenValues<T extends OptionTable> = { readonly [K in keyof T]?: OptionValues<T>[K] };

/** One of a few words. */
export function choice<const C extends string>(values: readonly C[], fallback: C, help: string): Option<C> {
  return { fallback, help, form: values.join('|'), parse: (text) => values.find((v) => v === text) };
}

/** A number in a range (inclusive). */
export function number(fallback: number, range: readonly [number, number], help: string): Option<number> {
  const [low, high] = range;
  return {
    fallback,
    help,
    form: 'number',
    range,
    parse: (text) => {
      const value = Number(text);
      return text.trim() !== '' && value >= low && value <= high ? value : undefined;
    },
  };
}

/** A whole number in a range (inclusive). */
export function integer(fallback: number, range: readonly [number, number], help: string): Option<number> {
  const real = number(fallback, range, help);
  return {
    ...real,
    form: 'integer',
    parse: (text) => {
      const value = real.parse(text);
      return Number.isInteger(value) ? value : undefined;
    },
  };
}

/** `true` or `false`; a bare flag means true. */
export function toggle(fallback: boolean, help: string): Option<boolean> {
  return { fallback, help, form: 'true|false', parse: (text) => ({ true: true, false: false })[text] };
}

/** Free text that must match a pattern. */
export function text(fallback: string, pattern: RegExp, form: string, help: string): Option<string> {
  return { fallback, help, form, parse: (value) => (pattern.test(value) ? value : undefined) };
}

/** Several values separated by commas. */
export function list<T>(item: Option<T>, fallback: readonly T[], help: string): Option<readonly T[]> {
  return {
    fallback,
    help,
    form: `${item.form},…`,
    range: item.range,
    parse: (value) => {
      const parts = value.split(',').map((part) => item.parse(part.trim()));
      return parts.includes(undefined) ? undefined : (parts as T[]);
    },
  };
}

/** A value or the word `none`. */
export function optional<T>(item: Option<T>, help: string): Option<T | null> {
  return {
    fallback: null,
    help,
    form: `${item.form}|none`,
    range: item.range,
    parse: (value) => (value === 'none' ? null : item.parse(value)),
  };
}

/** A value or the word `auto`, which stands for null: the program finds the value. */
export function automatic<T>(item: Option<T>, help: string): Option<T | null> {
  return {
    fallback: null,
    help,
    form: `${item.form}|auto`,
    range: item.range,
    parse: (value) => (value === 'auto' ? null : item.parse(value)),
  };
}

/**
 * The texts that give these values again, for a `config.json` that is read back. Empty lists are left out: they stand
 * for the default, and no text does.
 */
export function optionTexts<T extends OptionTable>(table: T, values: OptionValues<T>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const name in table) {
    const value: unknown = values[name];
    if (Array.isArray(value) && value.length === 0) continue;
    out[name] = value === null ? (table[name].parse('none') === null ? 'none' : 'auto') : String(value);
  }
  return out;
}

/**
 * The texts of values that a program gives. What is undefined, and an empty list, is as if it were not given.
 * @throws FusionclipError `usage` for an unknown name, and for a value that is none of this setting: the text of a number, too
 */
export function givenTexts(table: OptionTable, given: Readonly<Record<string, unknown>>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const option = requireOption(table, name, '');
    if (Array.isArray(value) && value.length === 0) continue;
    const text = value === null ? (option.parse('none') === null ? 'none' : 'auto') : String(value);
    // The text of another value may read well, as that of '4' does: only what is read back as it was given is meant.
    if (JSON.stringify(option.parse(text)) !== JSON.stringify(value)) {
      throw new FusionclipError(
        'usage',
        `${name} takes ${formOf(option)}, not ${JSON.stringify(value) ?? typeof value}.`,
      );
    }
    out[name] = text;
  }
  return out;
}

/** The setting of a name. @param ending what the refusal ends with */
function requireOption(table: OptionTable, name: string, ending: string): Option<unknown> {
  if (Object.hasOwn(table, name)) return table[name];
  const near = nearestNames(name, Object.keys(table)).map((one) => `"${one}"`);
  const end = advice(near, ending && `${ending}.`);
  throw new FusionclipError('usage', `There is no setting "${name}"${end ? `; ${end}` : '.'}`);
}

/** What an option takes, with its bounds. */
function formOf({ form, range }: Option<unknown>): string {
  const what = /^number\b(?!,)/.test(form) ? `a ${form}` : /^integer\b(?!,)/.test(form) ? `an ${form}` : form;
  return range ? `${what} from ${range[0]} to ${range[1]}` : what;
}

/**
 * Values of a table: defaults, then `given` texts on top.
 * @throws FusionclipError `usage` for an unknown name or a value that cannot be read
 */
export function resolveOptions<T extends OptionTable>(
  table: T,
  given: Readonly<Record<string, string>>,
): OptionValues<T> {
  const values: Record<string, unknown> = {};
  for (const name in table) values[name] = table[name].fallback;
  for (const name in given) {
    const option = requireOption(table, name, 'see --help for the list');
    const value = option.parse(given[name]);
    if (value === undefined) {
      throw new FusionclipError('usage', `--${name} takes ${formOf(option)}, not "${given[name]}".`);
    }
    values[name] = value;
  }
  return values as OptionValues<T>;
}
