/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact';

/** A part of a report under a heading. */
export function Section({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}
