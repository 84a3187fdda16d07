import { csvFormatRows, csvParseRows } from 'd3-dsv';
import { escaped, fromEscaped } from './visible.ts';

/** What a spreadsheet takes for the start of a formula, and the mark before it. */
const FORMULA = /^'*[=+@＝＋－＠-]/;

/**
 * Lines of cells as CSV; a cell with a comma or a quote is quoted. Every table that is written passes here. A cell is one line
 * (`escaped`), and what a spreadsheet would run as a formula, unless it is a number, has `'` before it, which makes it text there.
 */
export function csvText(lines: readonly (readonly string[])[]): string {
  return `${csvFormatRows(lines.map((cells) => cells.map(guarded)))}\n`;
}

/** The lines of cells of what {@link csvText} has written. */
export function csvCells(text: string): string[][] {
  return csvParseRows(text).map((cells) => cells.map((cell) => fromEscaped(isMarked(cell) ? cell.slice(1) : cell)));
}

function guarded(cell: string): string {
  const line = escaped(cell);
  return FORMULA.test(line) && !isNumber(line) ? `'${line}` : line;
}

function isMarked(cell: string): boolean {
  return cell.startsWith("'") && FORMULA.test(cell);
}

function isNumber(text: string): boolean {
  return Number.isFinite(Number(text));
}
