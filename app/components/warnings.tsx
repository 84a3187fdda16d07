/** How a line about a data set begins that has to be read. */
const WARNING = /^\s*warning: /;

/** The lines that warn, without that word, and the others. */
export function warnedOf(lines: readonly string[]): readonly [warnings: readonly string[], others: readonly string[]] {
  const warnings = lines.filter((line) => WARNING.test(line)).map((line) => line.replace(WARNING, ''));
  return [warnings, lines.filter((line) => !WARNING.test(line))];
}

/** What nobody should have to unfold. */
export function Warnings({ warnings }: { warnings: readonly string[] }) {
  if (warnings.length === 0) return null;
  return (
    <ul class="warning">
      {warnings.map((warning) => (
        <li key={warning}>{warning}</li>
      ))}
    </ul>
  );
}
