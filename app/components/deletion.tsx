import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

interface Props {
  /** What would be deleted. */
  readonly name: string;
  readonly disabled: boolean;
  readonly onDelete: () => void;
  /** Other buttons of the row, which make room for the question. */
  readonly children?: ComponentChildren;
}

/** A button that deletes something for good, after a question. */
export function Deletion({ name, disabled, onDelete, children }: Props) {
  const [asking, setAsking] = useState(false);
  return (
    <div class="row">
      {asking ? (
        <>
          <span>Delete it for good?</span>
          <button type="button" class="small" data-do="keep" onClick={() => setAsking(false)}>
            Keep<span class="hidden"> {name}</span>
          </button>
          <button
            type="button"
            class="small"
            data-do="confirm"
            disabled={disabled}
            onClick={() => {
              setAsking(false);
              onDelete();
            }}
          >
            Delete<span class="hidden"> {name} for good</span>
          </button>
        </>
      ) : (
        <>
          {children}
          <button type="button" class="small" data-do="delete" disabled={disabled} onClick={() => setAsking(true)}>
            Delete<span class="hidden"> {name}</span>
          </button>
        </>
      )}
    </div>
  );
}
