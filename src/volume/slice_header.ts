import type { FileSystem } from '../base/file_system.ts';
import type { DataSet } from '../dicom/data_set.ts';
import { DicomFile } from '../dicom/dicom_file.ts';
import type { FramePlace } from '../dicom/frame_facts.ts';
import type { TagName } from '../dicom/tags.ts';
import { MANUFACTURER } from '../dicom/write/head.ts';
import { secretFile } from './secret_name.ts';

/** What of a DICOM frame decides in which volume it lies, and where. */
export interface SliceHeader {
  readonly path: string;
  readonly frame: number;
  readonly series: string;
  readonly study: string;
  readonly patientId: string;
  readonly frameOfReference: string;
  readonly instance: string;
  readonly sopClass: string;
  /** Whether this program has made it: a result is no input. */
  readonly ownResult: boolean;
  readonly modality: string;
  /** Maker and model; null where neither is said. */
  readonly scanner: string | null;
  readonly bodyPart: string;
  readonly rows: number;
  readonly columns: number;
  readonly colour: boolean;
  /** `ORIGINAL`, `LOCALIZER`, `MOSAIC`, … */
  readonly imageType: readonly string[];
  readonly place: FramePlace;
  /** What tells acquisitions at one place from each other: number, time, echo, direction. */
  readonly acquisition: Readonly<Record<string, string>>;
}

/** What may tell two pictures of one place apart, and what people call it. */
const ACQUISITION: Readonly<Partial<Record<TagName, string>>> = {
  acquisitionNumber: 'acquisition numbers',
  echoTime: 'echo times',
  triggerTime: 'trigger times',
  temporalPosition: 'points in time',
  bValue: 'b-values',
};

/** Bytes that hold the header of most files; the pixels are left where they are. */
const HEAD = 1 << 16;

/**
 * Reads the headers of a DICOM file's frames, and of the file no more than it takes. Null for an object without pixels
 * (reports, plans).
 * @throws FusionclipError `bad_image`, `io`
 */
export async function readSliceHeaders(fs: FileSystem, path: string): Promise<SliceHeader[] | null> {
  const file = await openHeader(fs, path);
  if (!file.hasPixels) return null;
  const { format } = file;
  return file.facts((dataSet) => {
    const strings = (name: TagName) => dataSet.string(name);
    const acquisition = Object.fromEntries(Object.keys(ACQUISITION).map((name) => [name, strings(name as TagName)]));
    const shared = {
      path,
      series: strings('seriesUid'),
      study: strings('studyUid'),
      patientId: dataSet.label('patientId'),
      frameOfReference: strings('frameOfReference'),
      instance: strings('sopInstance'),
      sopClass: strings('sopClass'),
      ownResult: strings('manufacturer') === MANUFACTURER,
      modality: strings('modality'),
      scanner: scannerOf(dataSet),
      bodyPart: strings('bodyPart'),
      rows: format.rows,
      columns: format.columns,
      colour: format.samples === 3 || format.photometric === 'PALETTE COLOR',
      imageType: dataSet.strings('imageType'),
      acquisition,
    };
    return Array.from({ length: format.frames }, (_, frame) => ({ ...shared, frame, place: file.place(frame) }));
  });
}

function scannerOf(dataSet: DataSet): string | null {
  const words = (['manufacturer', 'manufacturerModel'] as const).map((name) => dataSet.label(name).trim());
  return words.filter((word) => word !== '').join(' ') || null;
}

/** What people call the first attribute that tells these apart, or null. */
export function acquisitionsOf(headers: readonly SliceHeader[]): string | null {
  for (const [name, words] of Object.entries(ACQUISITION)) {
    if (new Set(headers.map(({ acquisition }) => acquisition[name])).size > 1) return words;
  }
  return null;
}

async function openHeader(fs: FileSystem, path: string): Promise<DicomFile> {
  const name = await secretFile(fs, path);
  const head = await fs.readRange(path, 0, HEAD);
  if (head.length === HEAD) {
    try {
      const file = DicomFile.read(head, name);
      // A whole header ends with pixels; a file without them must be seen to its end.
      if (file.hasPixels) return file;
    } catch {
      // Cut within the header, deflated, or damaged: all of the file will tell.
    }
  }
  return DicomFile.read(await fs.readFile(path), name);
}
