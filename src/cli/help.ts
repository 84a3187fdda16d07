import type { Option } from '../base/option.ts';
import { EXIT_CODES } from '../host/exit_codes.ts';
import { isSwitch } from './args.ts';
import { COMMON_FLAGS, type Command, type Defaults, type FlagGroup } from './command.ts';

/** Columns of help texts at most: longer lines are hard to read. */
const WIDTH = 100;

/** Columns of a help text for a terminal that has so many; below 40 it wraps what it gets. */
export function helpWidth(columns: number | null): number {
  return Math.max(40, Math.min(WIDTH, columns ?? WIDTH));
}

const FIRST =
  'To begin: fusionclip doctor says whether this machine can; fusionclip demo shows all of it; then fusionclip train ' +
  '--data DIR --model tiny-clip --out RUN with pictures of your own, good ones in DIR/good, others beside it.';

/** The list of commands. */
export function overview(commands: readonly Command[], width = WIDTH): string {
  const rows = commands.map(({ name, usage, summary }) => [`${name.join(' ')} ${usage}`.trim(), summary]);
  const ends = Object.entries(EXIT_CODES).map(([code, exit]) => `· ${exit} ${code}`);
  const paragraphs = [
    'fusionclip — few-shot anomaly detection in medical images with CLIP, on WebGPU',
    'usage: fusionclip COMMAND … (fusionclip COMMAND --help explains one)',
    columns(rows, width),
    FIRST,
    'Before or after a command: --runtime auto|deno|node|chrome, --driver auto|hardware|lavapipe|swiftshader, --adapter N ' +
      '(one of those that doctor lists), --threads N (on which lavapipe computes), --version. Results go to standard output ' +
      '(--json: as one JSON value). The adapter, notes and progress go to standard error: one line that is updated on a ' +
      'terminal, otherwise one JSON line a step.',
    `Exit codes: 0 ${ends.join(' ')} · 1 an error in the program`,
  ];
  return `${paragraphs.map((text, i) => (i === 2 ? text : wrap(text, '', width))).join('\n\n')}\n`;
}

/** All about one command. @param defaults what stands in place of the settings' own */
export function commandHelp(
  { name, usage, summary, details, examples, flags }: Command,
  defaults: Defaults | null = null,
  width = WIDTH,
): string {
  const groups: readonly FlagGroup[] = [...flags, { title: 'Always', table: COMMON_FLAGS }];
  const listed = groups.map(({ title, table, ofRun, listed: only = Object.keys(table) }) => {
    const names = only.filter((one) => defaults?.isRead?.(one) ?? true);
    const unknown = ofRun && !defaults ? '' : undefined;
    return { title, rows: names.map((one) => flagRow(one, table[one], defaults?.texts[one] ?? unknown)) };
  });
  const whose = defaults ? `\nIn brackets: the values of ${defaults.of}.\n` : '';
  return `fusionclip ${[...name, usage].filter(Boolean).join(' ')}

${wrap(`${summary[0].toUpperCase()}${summary.slice(1)}.`, '', width)}
${details ? `\n${wrap(details.trim(), '', width)}\n` : ''}
Examples:
${examples.map((line) => example(line, width)).join('\n')}
${whose}${listed.map(({ title, rows }) => `\n${wrap(`${title}:`, '', width)}\n${columns(rows, width)}`).join('\n')}
`;
}

/** @param value in place of the setting's default */
function flagRow(name: string, { form, fallback, help }: Option<unknown>, value?: string): [string, string] {
  const shown = value ?? (Array.isArray(fallback) ? fallback.join(fallback.length > 4 ? ', ' : ',') : fallback);
  const initial =
    shown === null || shown === '' || shown === false || shown === 'false' || typeof shown === 'object'
      ? ''
      : ` [${shown}]`;
  // A list that fits no line is in the help of its option.
  const what = form.length > WIDTH / 2 ? 'NAME' : form;
  return [isSwitch(form) ? `--${name}` : `--${name} ${what}`, help + initial];
}

/** Two columns; a long left side gets a line of its own. */
function columns(rows: readonly string[][], width: number): string {
  const left = Math.min(34, Math.floor(width / 3), Math.max(...rows.map(([a]) => a.length)) + 2);
  return rows
    .map(([a, b]) => {
      const text = wrap(b, ' '.repeat(left + 2), width);
      return a.length + 2 > left ? `  ${a}\n${text}` : `  ${a.padEnd(left)}${text.trimStart()}`;
    })
    .join('\n');
}

/** A command to be copied; where it fits no line, it goes on in the next before a flag, as shells read it. */
function example(command: string, width: number): string {
  if (`  ${command}`.length <= width) return `  ${command}`;
  const [first, ...others] = command.split(/ (?=--)/);
  const lines = [`  ${first}`];
  for (const part of others) {
    const longer = `${lines[lines.length - 1]} ${part}`;
    if (`${longer} \\`.length <= width) lines[lines.length - 1] = longer;
    else lines.push(`    ${part}`);
  }
  return lines.join(' \\\n');
}

/** Lines of at most `width` columns, each after `indent`. */
function wrap(text: string, indent: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line && indent.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return [...lines, line].map((each) => indent + each).join('\n');
}
