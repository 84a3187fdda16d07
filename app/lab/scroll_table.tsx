import type { ComponentChildren } from 'preact';

interface ScrollTableProps {
  readonly label: string;
  /** Of the table. */
  readonly id?: string;
  readonly tall?: boolean;
  /** Texts of the columns; those that begin with < are aligned like text. */
  readonly columns: readonly string[];
  readonly children: ComponentChildren;
}

/** A table that scrolls by itself where it is too wide or too long. */
export function ScrollTable({ label, id, tall = false, columns, children }: ScrollTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
    <section class={tall ? 'table tall' : 'table'} tabIndex={0} aria-label={label}>
      <table id={id}>
        <thead>
          <tr>
            {columns.map((text) => (
              <th key={text} scope="col" class={text.startsWith('<') ? 'text' : ''}>
                {text.replace('<', '')}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
