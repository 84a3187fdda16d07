import { useEffect, useReducer, useState } from 'preact/hooks';
import { droppedFiles, type Given, pickedFiles } from '../dropped.ts';
import type { GivenFile, GivenImages } from '../protocol.ts';

interface Props {
  readonly disabled: boolean;
  readonly onChoose: (images: GivenImages) => Promise<void>;
  readonly onError: (message: string) => void;
}

/** The files of both classes. */
interface Classes {
  readonly normal: readonly GivenFile[];
  readonly abnormal: readonly GivenFile[];
}

/** Takes a whole data set, or the images of each class by themselves. */
export function FolderPicker({ disabled, onChoose, onError }: Props) {
  // Folders are read at their own pace: each is added to whatever is there by then.
  const [{ normal, abnormal }, add] = useReducer(
    (before: Classes, part: Partial<Classes>): Classes => ({ ...before, ...part }),
    { normal: [], abnormal: [] },
  );
  useEffect(() => {
    if (normal.length > 0 && abnormal.length > 0) void onChoose({ kind: 'classes', normal, abnormal });
  }, [normal, abnormal]);
  const takeSet = ({ folder, files }: Given) => {
    if (folder !== null) void onChoose({ kind: 'set', name: folder, files });
    else onError('These are files without a folder; drop the folder of the data set, or fill both fields below.');
  };
  return (
    <div class="pickers">
      <DropZone
        name="set"
        title="Drop the folder of a data set"
        hint="valid and test with good and Ungood in each (masks in anomaly_mask or label beside img), or good and any other folder"
        disabled={disabled}
        onGiven={takeSet}
        onError={onError}
      />
      <p class="or">or a folder for each class</p>
      <div class="two">
        <DropZone
          name="normal"
          title="Normal"
          hint={counted(normal)}
          disabled={disabled}
          onGiven={({ files }) => add({ normal: files })}
          onError={onError}
        />
        <DropZone
          name="abnormal"
          title="Abnormal"
          hint={counted(abnormal)}
          disabled={disabled}
          onGiven={({ files }) => add({ abnormal: files })}
          onError={onError}
        />
      </div>
    </div>
  );
}

function counted(files: readonly GivenFile[]): string {
  if (files.length === 0) return 'PNG, JPEG, TIFF or BMP';
  return files.length === 1 ? '1 file' : `${files.length} files`;
}

interface ZoneProps {
  readonly name: string;
  readonly title: string;
  readonly hint: string;
  readonly disabled: boolean;
  readonly onGiven: (given: Given) => void;
  readonly onError: (message: string) => void;
}

/** A field that files and folders can be dropped on, with a button that does the same. */
function DropZone({ name, title, hint, disabled, onGiven, onError }: ZoneProps) {
  const [over, setOver] = useState(false);
  const take = (given: Given) => {
    if (given.files.length > 0) onGiven(given);
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
        if (disabled || !event.dataTransfer) return;
        droppedFiles(event.dataTransfer).then(take, (error: Error) =>
          onError(`The folder cannot be read (${error.message}); drop it again.`),
        );
      }}
    >
      <strong>{title}</strong>
      <span class="hint">{hint}</span>
      <label class="button small">
        Choose folder…
        <input
          type="file"
          ref={(input) => input?.setAttribute('webkitdirectory', '')}
          multiple
          disabled={disabled}
          onChange={({ currentTarget }) => {
            take(pickedFiles(currentTarget));
            // The same folder may be chosen again after it was mended.
            currentTarget.value = '';
          }}
        />
      </label>
    </div>
  );
}
