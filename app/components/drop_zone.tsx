import { useRef, useState } from 'preact/hooks';
import { droppedFiles, type Given, pickedFiles } from '../dropped.ts';

interface Props {
  readonly name: string;
  readonly title: string;
  readonly hint: string;
  readonly disabled: boolean;
  /** Whether files by themselves can be chosen too. */
  readonly files?: boolean;
  readonly onGiven: (given: Given) => void;
  /** Takes back what was given. */
  readonly onClear?: () => void;
  readonly onError: (message: string) => void;
}

/** A field that files and folders can be dropped on, with a button that does the same. */
export function DropZone({ name, title, hint, disabled, files = false, onGiven, onClear, onError }: Props) {
  const [over, setOver] = useState(false);
  // What was dropped is read for a while, in which other work may have begun.
  const now = useRef(disabled);
  now.current = disabled;
  const refuse = () => onError(`“${title}” cannot take anything now; drop it again when the page is ready for it.`);
  const take = (given: Given) => {
    if (now.current) refuse();
    else if (given.files.length > 0) onGiven(given);
    else onError('There are no files in what was given; choose a folder with images.');
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping; the button inside does the same from the keyboard
    <div
      class={over ? 'zone over' : 'zone'}
      data-zone={name}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(!disabled);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (!event.dataTransfer) return;
        if (disabled) return refuse();
        droppedFiles(event.dataTransfer).then(take, (error: Error) =>
          onError(`The folder cannot be read (${error.message}); choose it by the button in place of dropping it.`),
        );
      }}
    >
      <strong>{title}</strong>
      <span class="hint">{hint}</span>
      <div class="zone-buttons">
        <Picker label="Choose folder…" disabled={disabled} folder onGiven={take} />
        {files && <Picker label="Choose files…" disabled={disabled} onGiven={take} />}
        {onClear && (
          <button type="button" class="small" disabled={disabled} onClick={onClear}>
            Clear
          </button>
        )}
      </div>
    </div>
  );
}

interface PickerProps {
  readonly label: string;
  readonly disabled: boolean;
  readonly folder?: boolean;
  readonly onGiven: (given: Given) => void;
}

function Picker({ label, disabled, folder = false, onGiven }: PickerProps) {
  return (
    <label class="button small">
      {label}
      <input
        type="file"
        ref={(input) => {
          if (folder) input?.setAttribute('webkitdirectory', '');
        }}
        multiple
        disabled={disabled}
        onChange={({ currentTarget }) => {
          const given = pickedFiles(currentTarget);
          // The same folder may be chosen again after it was mended.
          currentTarget.value = '';
          onGiven(given);
        }}
      />
    </label>
  );
}
