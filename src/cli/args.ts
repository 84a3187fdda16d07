import { FusionclipError } from '../base/errors.ts';
import { advice, nearestNames } from '../base/nearest.ts';
import type { OptionTable } from '../base/option.ts';
import { COMMON_FLAGS, type Command } from './command.ts';

/** A command line, taken apart: which command, its arguments in order, and its flags by name as texts. */
export interface ParsedArgs {
  readonly command: Command;
  readonly positional: readonly string[];
  readonly flags: Readonly<Record<string, string>>;
}

/** Whether a flag is a switch: it needs no value. */
export function isSwitch(form: string): boolean {
  return form === 'true|false';
}

/**
 * Finds the command that the arguments begin with and splits the rest into flags and arguments. A flag is `--name value`
 * or `--name=value`; a switch alone means true and takes no file name for its value; all that follows `--` is no flag.
 * @throws FusionclipError `usage` for an unknown command or flag (with the nearest one), a missing value, an empty
 * argument, or a flag given twice
 */
export function parseArgs(args: readonly string[], commands: readonly Command[]): ParsedArgs {
  const command = commandOf(args, commands);
  const table: OptionTable = Object.assign({}, ...command.flags.map((group) => group.table), COMMON_FLAGS);
  const rest = args.slice(command.name.length);
  const positional: string[] = [];
  const flags: Record<string, string> = {};
  for (let i = 0; i < rest.length; i++) {
    if (rest[i] === '--') {
      positional.push(...rest.slice(i + 1));
      break;
    }
    if (!/^-./.test(rest[i])) {
      positional.push(rest[i]);
      continue;
    }
    const [, name = '', joined] = /^--([^=]+)(?:=(.*))?$/s.exec(rest[i]) ?? [];
    if (!Object.hasOwn(table, name)) throw unknown('option', rest[i].split('=')[0], Object.keys(table));
    if (Object.hasOwn(flags, name)) throw usage(`--${name} is given twice; give it once.`);
    const { form } = table[name];
    let value: string | undefined = joined;
    if (value === undefined) value = isSwitch(form) && !/^(true|false)$/.test(rest[i + 1]) ? 'true' : rest[++i];
    if (value === undefined || value.startsWith('--')) throw usage(`--${name} needs a value: ${form}.`);
    flags[name] = value;
  }
  const empty = positional.findIndex((one) => one.trim() === '');
  if (empty >= 0)
    throw usage(`Argument ${empty + 1} is empty, as a variable that is not set leaves it; say what is meant.`);
  return { command, positional, flags };
}

/** The command with the longest name that the arguments begin with. */
function commandOf(args: readonly string[], commands: readonly Command[]): Command {
  const begun = (words: readonly string[]) => commands.filter(({ name }) => words.every((word, i) => name[i] === word));
  const found = commands.filter(({ name }) => name.every((word, i) => args[i] === word));
  if (found.length > 0) return found.reduce((a, b) => (b.name.length > a.name.length ? b : a));
  const members = begun(args.slice(0, 1));
  if (members.length > 0 && (args.length === 1 || args[1].startsWith('-'))) {
    const names = members.map(({ name }) => name.join(' '));
    throw usage(`"${args[0]}" alone is no command; there is ${names.join(', ')}.`);
  }
  const depth = members.length > 0 ? 1 : 0;
  const names = begun(args.slice(0, depth)).map(({ name }) => name[depth]);
  throw unknown(args[depth].startsWith('-') ? 'option' : 'command', args[depth], names);
}

function usage(sentence: string): FusionclipError {
  return new FusionclipError('usage', sentence);
}

/** @param names what could have been meant; where there is but one, it was */
function unknown(what: 'option' | 'command', given: string, names: readonly string[]): FusionclipError {
  const dashes = /^-*/.exec(given)![0];
  const near = names.length === 1 ? names : nearestNames(given.slice(dashes.length), names);
  const flags = what === 'option' ? near.map((name) => `--${name}`) : near;
  return usage(`Unknown ${what} '${given}'; ${advice(flags, '--help lists what there is.')}`);
}
