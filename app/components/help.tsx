import type { ComponentChildren } from 'preact';

/** A question mark that explains a word; the browser closes it by Escape and by a click elsewhere. */
export function Help({ name, children }: { name: string; children: ComponentChildren }) {
  const id = `help-${name}`;
  return (
    <>
      <button type="button" class="help" aria-label="What is this?" {...{ popovertarget: id }}>
        ?
      </button>
      <span id={id} class="help-text" {...{ popover: 'auto' }}>
        {children}
      </span>
    </>
  );
}
