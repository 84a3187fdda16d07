import { useState } from 'preact/hooks';
import type { Given } from '../dropped.ts';
import type { GivenImages } from '../protocol.ts';
import { DropZone } from './drop_zone.tsx';

interface Props {
  readonly disabled: boolean;
  readonly onChoose: (images: GivenImages) => Promise<void>;
  readonly onError: (message: string) => void;
}

/** Takes a whole data set, or the images of each class by themselves. */
export function FolderPicker({ disabled, onChoose, onError }: Props) {
  const [normal, setNormal] = useState<Given | null>(null);
  const [abnormal, setAbnormal] = useState<Given | null>(null);
  const both = normal && abnormal && ([normal.files, abnormal.files] as const);
  const takeSet = ({ folder, files }: Given) => {
    if (folder !== null) void onChoose({ kind: 'set', name: folder, files });
    else onError('These are files without a folder; drop the folder of the data set, or fill both fields below.');
  };
  return (
    <div class="pickers">
      <DropZone
        name="set"
        title="Drop the folder of a data set"
        hint="valid and test with good and Ungood in each (masks in anomaly_mask or label beside img), or good and any other folder; pictures, DICOM series or NIfTI volumes"
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
          files
          onGiven={setNormal}
          onClear={normal ? () => setNormal(null) : undefined}
          onError={onError}
        />
        <DropZone
          name="abnormal"
          title="Abnormal"
          hint={counted(abnormal)}
          disabled={disabled}
          files
          onGiven={setAbnormal}
          onClear={abnormal ? () => setAbnormal(null) : undefined}
          onError={onError}
        />
      </div>
      <button
        type="button"
        id="use-classes"
        disabled={disabled || !both}
        onClick={() => both && void onChoose({ kind: 'classes', normal: both[0], abnormal: both[1] })}
      >
        Use both folders
      </button>
    </div>
  );
}

function counted(given: Given | null): string {
  if (!given) return 'PNG, JPEG, TIFF, BMP';
  const { folder, files } = given;
  return `${folder === null ? '' : `${folder}: `}${files.length} ${files.length === 1 ? 'file' : 'files'}`;
}
