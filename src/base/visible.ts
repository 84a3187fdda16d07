/**
 * Characters that a terminal or a reader of lines obeys in place of showing them: controls (the escapes of a terminal, line
 * breaks), separators of lines, and those that turn the direction of writing.
 */
const OBEYED = '\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ufeff';
const ANY = new RegExp(`[${OBEYED}]`, 'g');
const STRAY = new RegExp(`(?![\\n\\t])[${OBEYED}]`, 'g');
/** A backslash that could be taken for the start of a code, and the codes. */
const DOUBTFUL = new RegExp(`\\\\(?=[\\\\nrtu${OBEYED}])`, 'g');
const CODE = /\\(\\(?=[\\nrtu])|[nrt]|u[0-9a-f]{4})/g;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const LONG: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\' };

/** Takes a line of a terminal away. */
export const CLEAR = '\r\x1b[K';

/**
 * A text of elsewhere, such as a file's name, as part of one line that is shown: what would be obeyed stands there as `\n` or
 * `\u001b`. Other text stays as it is.
 */
export function visible(text: string): string {
  return text.replace(ANY, (one) => SHORT[one] ?? unicode(one));
}

/** As {@link visible}, but no two texts give the same: a backslash before what could be a code is doubled. */
export function escaped(text: string): string {
  return visible(text.replace(DOUBTFUL, '\\\\'));
}

/** The text that {@link escaped} has made this of. */
export function fromEscaped(text: string): string {
  return text.replace(CODE, (_, code: string) => LONG[code] ?? String.fromCharCode(Number.parseInt(code.slice(1), 16)));
}

/**
 * A piece of output without what a terminal would obey, whatever it was made of; line ends, tabs and {@link CLEAR} are kept.
 * JSON stays the same JSON.
 */
export function printable(text: string): string {
  return text
    .split(CLEAR)
    .map((part) => part.replace(STRAY, unicode))
    .join(CLEAR);
}

function unicode(one: string): string {
  return `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
