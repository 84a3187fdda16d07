import { CommanderError, Option, Command as Parser } from 'commander';
import { FusionclipError } from '../base/errors.ts';
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
 * Finds the command that the arguments name and splits the rest into flags and arguments. A flag is `--name value` or
 * `--name=value`; a switch alone means true; all that follows `--` is no flag.
 * @throws FusionclipError `usage` for an unknown command or flag (with the nearest one), a missing value, or a flag
 * given twice
 */
export function parseArgs(args: readonly string[], commands: readonly Command[]): ParsedArgs {
  const program = new Parser('fusionclip').helpOption(false).helpCommand(false).exitOverride();
  program.enablePositionalOptions(); // `phantom` has flags of `phantom check`, and would take them
  program.configureOutput({ writeOut: () => {}, writeErr: () => {} });
  let parsed: ParsedArgs | undefined;
  for (const command of commands) {
    const parser = command.name.reduce(
      (parent, word) => parent.commands.find((one) => one.name() === word) ?? parent.command(word),
      program,
    );
    for (const [name, { form }] of Object.entries(flagsOf(command))) parser.addOption(flag(name, form));
    parser.argument('[arguments...]').action((positional: string[], values: Record<string, string>) => {
      // The parser files `text-width` under textWidth.
      const given = parser.options.filter((option) => option.attributeName() in values);
      const flags = Object.fromEntries(given.map((option) => [option.name(), values[option.attributeName()]]));
      parsed = { command, positional, flags };
    });
  }
  try {
    program.parse(spellSwitches(args, commands), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new FusionclipError('usage', sentence(error, args, commands), { cause: error });
  }
  return parsed!;
}

/** All flags of a command. */
function flagsOf({ flags }: Command) {
  return Object.assign({}, ...flags.map(({ table }) => table), COMMON_FLAGS) as Command['flags'][number]['table'];
}

function flag(name: string, form: string): Option {
  return new Option(`--${name} <${form}>`).argParser((value: string, previous: string | undefined) => {
    if (previous !== undefined) throw new FusionclipError('usage', `--${name} is given twice; give it once.`);
    if (value.startsWith('--')) throw new FusionclipError('usage', `--${name} needs a value: ${form}.`);
    return value;
  });
}

/** The parser knows flags with a value and flags without; a switch may have one, but takes no file name for it. */
function spellSwitches(args: readonly string[], commands: readonly Command[]): string[] {
  const known = commands.flatMap((command) => Object.entries(flagsOf(command)));
  const switches = new Set(known.filter(([, { form }]) => isSwitch(form)).map(([name]) => `--${name}`));
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  return args.map((arg, i) => {
    if (i >= end || !switches.has(arg) || /^(true|false)$/.test(args[i + 1])) return arg;
    return `${arg}=true`;
  });
}

/** What the parser complains about, as one sentence with advice. */
function sentence(error: CommanderError, args: readonly string[], commands: readonly Command[]): string {
  if (error.code === 'commander.help') {
    const members = commands.filter(({ name }) => name[0] === args[0]).map(({ name }) => name.join(' '));
    return `"${args[0]}" alone is no command; there is ${members.join(', ')}.`;
  }
  const [what, near] = error.message.replace(/^error: /, '').split('\n');
  const text = what[0].toUpperCase() + what.slice(1).replace(/\.$/, '');
  // `nctx` stands for `prompt.nctx`.
  const [, part] = /^Unknown option '--(.*)'$/.exec(text) ?? [];
  const whole = commands
    .flatMap((one) => Object.keys(flagsOf(one)))
    .find((name) => name.split('.').slice(1).includes(part));
  if (whole) return `${text}; did you mean --${whole}?`;
  if (near) return `${text}; ${near.replace(/^\((.*)\)$/, '$1').replace('Did', 'did')}`;
  return error.code.startsWith('commander.unknown') ? `${text}; --help lists what there is.` : `${text}.`;
}
