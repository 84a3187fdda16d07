import type { OptionTable } from '../fusion/index.ts';
import { FusionclipError } from '../gpu/errors.ts';

/** A command line without the command: arguments in order, and flags by name as texts. */
export interface ParsedArgs {
  readonly positional: readonly string[];
  readonly flags: Readonly<Record<string, string>>;
}

/** Whether a flag is a switch: it needs no value. */
export function isSwitch(form: string): boolean {
  return form === 'true|false';
}

/**
 * Splits arguments into flags and the rest. A flag is `--name value` or `--name=value`; a switch alone means true; all
 * that follows `--` is no flag.
 * @param table the flags there are
 * @throws FusionclipError `usage` for an unknown flag (with the nearest one), a missing value, or a flag given twice
 */
export function parseArgs(args: readonly string[], table: OptionTable): ParsedArgs {
  const positional: string[] = [];
  const flags: Record<string, string> = {};
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    if (arg === '--') {
      positional.push(...args.slice(at + 1));
      break;
    }
    if (!/^--?[A-Za-z]/.test(arg)) {
      positional.push(arg);
      continue;
    }
    const [, dashes, name, value] = /^(--?)([^=]+)(?:=(.*))?$/s.exec(arg)!;
    const option = table[name];
    if (dashes === '-' || !option) throw unknownFlag(arg.split('=')[0], Object.keys(table));
    if (name in flags) throw new FusionclipError('usage', `--${name} is given twice; give it once.`);
    const next = args[at + 1];
    if (value !== undefined) flags[name] = value;
    else if (isSwitch(option.form)) {
      const spelled = next === 'true' || next === 'false';
      flags[name] = spelled ? args[++at] : 'true';
    } else if (next === undefined || next.startsWith('--')) {
      throw new FusionclipError('usage', `--${name} needs a value: ${option.form}.`);
    } else flags[name] = args[++at];
  }
  return { positional, flags };
}

function unknownFlag(arg: string, names: readonly string[]): FusionclipError {
  const near = nearest(arg.replace(/^-+/, ''), names);
  const advice = near ? `did you mean --${near}?` : 'see --help for the flags there are.';
  return new FusionclipError('usage', `There is no flag ${arg}; ${advice}`);
}

/** The word that differs least from a mistyped one, if it is at all like it. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of words) {
    // `nctx` stands for `prompt.nctx`, and `prompt` for what begins with it.
    const part = candidate.split('.').includes(word) ? 1 : least;
    const distance = Math.min(part, editDistance(word.toLowerCase(), candidate.toLowerCase()));
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Letters to insert, delete, replace or swap with their neighbour to get from one word to the other. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, rows[i - 2][j - 2] + 1);
      row.push(cost);
    }
    rows.push(row);
  }
  return rows[a.length][b.length];
}
