import { useState } from 'preact/hooks';
import { EMPTY_FIELDS, fieldText, pairOf, withField } from '../class_fields.ts';
import type { Given } from '../dropped.ts';
import type { GivenImages } from '../protocol/images.ts';
import { DropZone } from './drop_zone.tsx';

interface Props {
  readonly disabled: boolean;
  /** Says whether they were taken. */
  readonly onChoose: (images: GivenImages) => Promise<boolean>;
  readonly onError: (message: string) => void;
}

/** Takes a whole data set, or the images of each class by themselves. */
export function FolderPicker({ disabled, onChoose, onError }: Props) {
  const [fields, setFields] = useState(EMPTY_FIELDS);
  const pair = pairOf(fields);
  const takeSet = async ({ folder, files }: Given) => {
    if (folder === null) {
      return onError('These are files without a folder; drop the folder of the data set, or fill both fields below.');
    }
    if (await onChoose({ kind: 'set', name: folder, files })) setFields(EMPTY_FIELDS);
  };
  const usePair = async () => {
    if (!pair) return;
    const [normal, abnormal] = pair;
    const taken = await onChoose({ kind: 'classes', normal: normal.files, abnormal: abnormal.files });
    if (taken) setFields((now) => ({ ...now, used: true }));
  };
  return (
    <div class="pickers">
      <DropZone
        name="set"
        title="Drop the folder of a data set"
        hint="valid and test with good and Ungood in each (masks in anomaly_mask or label beside img), or good and any other folder; pictures, DICOM series or NIfTI volumes"
        disabled={disabled}
        onGiven={(given) => void takeSet(given)}
        onError={onError}
      />
      <p class="or">or a folder for each class</p>
      <div class="two">
        {(['normal', 'abnormal'] as const).map((field) => (
          <DropZone
            key={field}
            name={field}
            title={field === 'normal' ? 'Normal' : 'Abnormal'}
            hint={fieldText(fields[field])}
            disabled={disabled}
            files
            onGiven={(given) => setFields((now) => withField(now, field, given))}
            onClear={fields[field] ? () => setFields((now) => withField(now, field, null)) : undefined}
            onError={onError}
          />
        ))}
      </div>
      <button type="button" id="use-classes" disabled={disabled || !pair} onClick={() => void usePair()}>
        {fields.used ? 'Both folders are in use' : 'Use both folders'}
      </button>
    </div>
  );
}
