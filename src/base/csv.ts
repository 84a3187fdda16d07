import { csvFormatRows, csvParseRows } from 'd3-dsv';

/** Lines of cells as CSV; a cell with a comma, a quote or a line break is quoted. Every table that is written passes here. */
export function csvText(lines: readonly (readonly string[])[]): string {
  return `${csvFormatRows(lines as string[][])}\n`;
}

/** The lines of cells of what {@link csvText} has written. */
export function csvCells(text: string): string[][] {
  return csvParseRows(text);
}
