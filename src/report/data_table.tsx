/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact';

interface TableProps {
  readonly title: string;
  readonly heads: readonly string[];
  /** The first cell of a row is its head. */
  readonly rows: readonly (readonly ComponentChildren[])[];
}

/** A table of numbers. */
export function DataTable({ title, heads, rows }: TableProps) {
  return (
    // A part that scrolls must be within reach of the keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it is what WCAG 2.1.1 asks for
    <section class="scroll" tabIndex={0} aria-label={title}>
      <table>
        <caption>{title}</caption>
        <thead>
          <tr>
            {heads.map((head, i) => (
              <th key={i} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([head, ...cells], i) => (
            <tr key={i}>
              <th scope="row">{head}</th>
              {cells.map((cell, k) => (
                <td key={k}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** The numbers behind a chart, for those who want them or cannot see it. */
export function Details({ title, heads, rows }: TableProps) {
  return (
    <details>
      <summary>{title}</summary>
      <DataTable title={title} heads={heads} rows={rows} />
    </details>
  );
}
