/** Lines of cells as text in left-aligned columns. */
export function textColumns(lines: readonly (readonly string[])[]): string {
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const padded = lines.map((line) => line.map((text, i) => text.padEnd(widths[i])).join('  '));
  return padded.map((line) => line.trimEnd()).join('\n');
}
