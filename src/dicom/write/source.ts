import type { DataSet } from '../data_set.ts';
import type { DicomElement } from '../write.ts';
import { decimals } from './items.ts';

/** A picture that results refer to. */
export interface SourceSlice {
  readonly sopClass: string;
  readonly instance: string;
  /** Number of the frame within its object, from 1 on; null where the object has one. */
  readonly frame: number | null;
  /** Where its first pixel lies, in millimetres to the left, back and head. */
  readonly position: readonly number[];
}

/** What results take over from the series that they are of. */
export interface SourceSeries {
  /** Patient and study, as the files have them, in their character set. */
  readonly head: readonly DicomElement[];
  readonly study: string;
  readonly series: string;
  /** Whether its slices lie in space; a single image does not, and may have no frame of reference. */
  readonly placed: boolean;
  readonly frameOfReference: string;
  readonly modality: string;
  /** `L` or `R` of a paired organ, else ''. */
  readonly laterality: string;
  /** `YES` where its pictures may show who the patient is. */
  readonly burnedIn: string;
  /** Whether its pixels were compressed with loss, and how, as its files say it. */
  readonly lossy: readonly DicomElement[];
  readonly orientation: readonly number[];
  /** Millimetres between rows, and between columns. */
  readonly spacing: readonly number[];
  /** Millimetres from slice to slice. */
  readonly distance: number;
  readonly columns: number;
  readonly rows: number;
  /** In the order of the volume's slices. */
  readonly slices: readonly SourceSlice[];
}

/** Attributes of patient and study that an object of the same study must repeat (PS3.3 C.7.1 and C.7.2): type 2 are there, if empty. */
const COPIED: readonly (readonly [tag: number, vr: string, always: boolean])[] = [
  [0x00080005, 'CS', false],
  [0x00080020, 'DA', true],
  [0x00080030, 'TM', true],
  [0x00080050, 'SH', true],
  [0x00080090, 'PN', true],
  [0x00080201, 'SH', false],
  [0x00081030, 'LO', false],
  [0x00100010, 'PN', true],
  [0x00100020, 'LO', true],
  [0x00100021, 'LO', false],
  [0x00100030, 'DA', true],
  [0x00100040, 'CS', true],
  [0x00101010, 'AS', false],
  [0x00101020, 'DS', false],
  [0x00101030, 'DS', false],
  // That a picture is no longer a patient's is to be seen of what is made of it.
  [0x00120062, 'CS', false],
  [0x00120063, 'LO', false],
  [0x00200010, 'SH', true],
];

/** Where it was lossy: whether, the ratio, the method. */
const LOSSY: readonly (readonly [number, string])[] = [
  [0x00282110, 'CS'],
  [0x00282112, 'DS'],
  [0x00282114, 'CS'],
];

/** Bytes that a value may have to be taken over; a longer one is none of its kind. */
const MOST = 1024;

/** The patient and the study of a file, in the bytes that it has. */
export function patientAndStudy(dataSet: DataSet): DicomElement[] {
  const out: DicomElement[] = [[0x0020000d, 'UI', dataSet.string('studyUid')]];
  for (const [tag, vr, always] of COPIED) {
    const element = dataSet.elements.get(tag);
    if (element && element.length > 0 && element.length <= MOST) out.push([tag, vr, dataSet.value(element).slice()]);
    else if (always) out.push([tag, vr, '']);
  }
  return out;
}

/** What a file says of loss; that there was none where it says nothing. */
export function lossOf(dataSet: DataSet): DicomElement[] {
  const out: DicomElement[] = [];
  for (const [tag, vr] of LOSSY) {
    const element = dataSet.elements.get(tag);
    if (element && element.length > 0 && element.length <= MOST) out.push([tag, vr, dataSet.value(element).slice()]);
  }
  return out.some(([tag]) => tag === 0x00282110) ? out : [[0x00282110, 'CS', '00']];
}

/** The objects of a series that some slices are in, each once. */
export function objectsOf(slices: readonly SourceSlice[]): SourceSlice[] {
  return [...new Map(slices.map((slice) => [slice.instance, slice])).values()];
}

/** The orientation of a series as a value. */
export function orientationText({ orientation }: SourceSeries): string {
  return decimals(orientation);
}
