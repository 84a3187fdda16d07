import { visible } from './visible.ts';

/**
 * Rows of cells as lines of text, two spaces between columns, each as wide as its widest cell. `align` has a letter a
 * column, `l` or `r`; its last one is that of all further columns. So is the last of `widths`, the least that columns
 * have: what is printed row by row stays in line by them.
 */
export function textColumns(
  rows: readonly (readonly string[])[],
  align = 'l',
  widths: readonly number[] = [0],
): string {
  const cells = rows.map((row) => row.map(visible));
  const count = Math.max(0, ...rows.map((row) => row.length));
  const fields = Array.from({ length: count }, (_, i) => {
    const width = Math.max(widths[Math.min(i, widths.length - 1)], ...cells.map((row) => row[i]?.length ?? 0));
    const isRight = align[Math.min(i, align.length - 1)] === 'r';
    return (text: string) => (isRight ? text.padStart(width) : text.padEnd(width));
  });
  return cells
    .map((row) =>
      row
        .map((text, i) => fields[i](text))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
