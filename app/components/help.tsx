import type { ComponentChildren } from 'preact';

interface Props {
  readonly name: string;
  /** What is explained. */
  readonly about: string;
  readonly children: ComponentChildren;
}

/** A question mark that explains a word; the browser closes it by Escape and by a click elsewhere. */
export function Help({ name, about, children }: Props) {
  const id = `help-${name}`;
  return (
    <>
      <button type="button" class="help" aria-label={`About “${about}”`} {...{ popovertarget: id }}>
        ?
      </button>
      <span id={id} class="help-text" {...{ popover: 'auto' }}>
        {children}
      </span>
    </>
  );
}
