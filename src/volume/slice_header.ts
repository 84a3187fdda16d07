import type { FileSystem } from '../base/file_system.ts';
import type { DataSet } from '../dicom/data_set.ts';
import { DicomFile } from '../dicom/dicom_file.ts';
import { type FramePlace, groupOf } from '../dicom/frame_facts.ts';
import type { Modality } from '../dicom/modality.ts';
import type { PixelFormat } from '../dicom/pixel_format.ts';
import { SEQUENCES, type TagName } from '../dicom/tags.ts';
import type { Window } from '../dicom/voi.ts';
import { MANUFACTURER } from '../dicom/write/head.ts';
import { secretFile } from './secret_name.ts';

/** What shows a frame's values by itself: its first table, told by a checksum, else its first window; `8 bits` have neither, nor a unit. */
export type Shown = Window | { readonly table: number } | '8 bits' | null;

/** What of a DICOM frame decides in which volume it lies, and where. */
export interface SliceHeader {
  readonly path: string;
  /** What messages call its file. */
  readonly file: string;
  readonly frame: number;
  /** Frames of its object. */
  readonly frames: number;
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
  /** As `Volume` has them. */
  readonly bodyPart: string;
  readonly bits: number | null;
  readonly rows: number;
  readonly columns: number;
  readonly colour: boolean;
  /** `ORIGINAL`, `LOCALIZER`, `MOSAIC`, … */
  readonly imageType: readonly string[];
  readonly shown: Shown;
  /** `PA`, `MLO`, … and `L` or `R`; '' where the file does not say, or says something else. */
  readonly view: string;
  readonly side: string;
  /** Values of a detector, which are not meant to be looked at. */
  readonly raw: boolean;
  /** Whether its photometric interpretation and its presentation LUT shape say different things. */
  readonly contradicts: boolean;
  readonly place: FramePlace;
  /** What tells acquisitions at one place from each other: number, time, echo, direction. */
  readonly acquisition: Readonly<Record<string, string>>;
}

/** What may tell two pictures of one place apart, what people call it, and in which group of a frame it may stand. */
const ACQUISITION: Readonly<Partial<Record<TagName, readonly [words: string, group: number | null]>>> = {
  acquisitionNumber: ['acquisition numbers', null],
  frameAcquisitionNumber: ['acquisition numbers', SEQUENCES.frameContent],
  echoTime: ['echo times', null],
  effectiveEchoTime: ['echo times', SEQUENCES.mrEcho],
  triggerTime: ['trigger times', null],
  temporalPosition: ['points in time', null],
  temporalIndex: ['points in time', SEQUENCES.frameContent],
  bValue: ['b-values', SEQUENCES.mrDiffusion],
};

/** Bytes that hold the header of most files; the pixels are left where they are. */
const HEAD = 1 << 16;

/**
 * Reads the headers of a DICOM file's frames, and of the file no more than it takes. Null for an object without pixels
 * (reports, plans).
 * @throws FusionclipError `bad_image`, `io`
 */
export async function readSliceHeaders(fs: FileSystem, path: string): Promise<SliceHeader[] | null> {
  const name = await secretFile(fs, path);
  const file = await openHeader(fs, path, name);
  if (!file.hasPixels) return null;
  const { format } = file;
  if (format.frames > FEW) await requireRoom(fs, path, name);
  return file.facts((dataSet) => {
    const strings = (name: TagName) => dataSet.string(name);
    const shared = {
      path,
      file: name,
      series: strings('seriesUid'),
      study: strings('studyUid'),
      patientId: dataSet.label('patientId'),
      frameOfReference: strings('frameOfReference'),
      instance: strings('sopInstance'),
      sopClass: strings('sopClass'),
      ownResult: strings('manufacturer') === MANUFACTURER,
      modality: strings('modality').toUpperCase(),
      scanner: scannerOf(dataSet),
      bodyPart: bodyPartOf(dataSet),
      bits: bitsOf(dataSet, format),
      rows: format.rows,
      columns: format.columns,
      colour: format.samples === 3 || format.photometric === 'PALETTE COLOR',
      imageType: dataSet.strings('imageType'),
      ...lookOf(dataSet, format),
      frames: format.frames,
    };
    return Array.from({ length: format.frames }, (_, frame) => {
      return {
        ...shared,
        frame,
        place: file.place(frame),
        shown: shownOf(file, frame),
        acquisition: acquisitionOf(dataSet, frame),
      };
    });
  });
}

/** Frames that any file may say that it has: more of them take memory before one is decoded. */
const FEW = 1000;

/** Refuses a file that says that it has more frames than its pixels can be. */
async function requireRoom(fs: FileSystem, path: string, name: string): Promise<void> {
  const file = DicomFile.read(await fs.readFile(path), name);
  const { frames, rows, columns, samples, bitsAllocated, syntax } = file.format;
  file.facts((dataSet) => {
    const element = dataSet.element('pixels') ?? dataSet.element('floatPixels') ?? dataSet.element('doublePixels');
    const room = (element?.length ?? 0) * 8;
    // Half of it where pixels share their chroma; a packed frame has a fragment of its own, with a head of eight bytes.
    const least = syntax.packing === 'native' ? (rows * columns * samples * bitsAllocated) / 2 : 64;
    if (frames * least > room) throw new Error(`it says that it has ${frames} frames, and has no room for them`);
  });
}

/** The bytes of each attribute, of which no more is asked than whether they are the same. */
function acquisitionOf(dataSet: DataSet, frame: number): Readonly<Record<string, string>> {
  const entries = Object.entries(ACQUISITION).map(([name, [, group]]) => {
    const within = group === null ? dataSet : groupOf(dataSet, frame, group);
    const element = within.element(name as TagName);
    return [name, element ? within.value(element).subarray(0, 64).join() : ''];
  });
  return Object.fromEntries(entries);
}

/** The terms of (0018,5101) and their like; others are not repeated. */
const VIEWS = new Set(
  'AP PA LL RL RLD LLD RLO LLO CC MLO ML LM LMO XCC XCCL XCCM FB SIO ISO CV AT RM RL LAT LATERAL OBL OBLIQUE'.split(
    ' ',
  ),
);

/** The common terms of PS3.16 annex L for (0018,0015); others are not repeated, as they may be anything. */
const BODY_PARTS = new Set(
  'ABDOMEN ABDOMENPELVIS ADRENAL ANKLE AORTA ARM AXILLA BACK BLADDER BRAIN BREAST BRONCHUS CALCANEUS CALF CAROTID CEREBELLUM CHEST CHESTABDOMEN CHESTABDPELVIS CLAVICLE COCCYX COLON CORNEA CORONARYARTERY CSPINE CTSPINE EAR ELBOW ESOPHAGUS EXTREMITY EYE FACE FEMUR FINGER FOOT GALLBLADDER HAND HEAD HEADNECK HEART HIP HUMERUS IAC JAW KIDNEY KNEE LEG LIVER LSPINE LSSPINE LUNG MAXILLA MEDIASTINUM NECK NECKCHEST ORBIT OVARY PANCREAS PAROTID PATELLA PELVIS PENIS PHARYNX PROSTATE RECTUM RETINA RIB SCALP SCAPULA SCROTUM SELLA SHOULDER SKULL SPINE SPLEEN SSPINE STERNUM STOMACH TESTIS THIGH THORAX THYMUS THYROID TLSPINE TMJ TONGUE TRACHEA TSPINE UTERUS VAGINA WHOLEBODY WRIST'.split(
    ' ',
  ),
);

function bodyPartOf(dataSet: DataSet): string {
  const word = dataSet.string('bodyPart').toUpperCase().replace(/[ _-]/g, '');
  return BODY_PARTS.has(word) ? word : '';
}

/** Hounsfield units are the same whatever they are stored in. */
function bitsOf(dataSet: DataSet, { bitsStored }: PixelFormat): number | null {
  return dataSet.string('modality').toUpperCase() === 'CT' ? null : bitsStored;
}

function shownOf(file: DicomFile, frame: number): Shown {
  const { modality, voi } = file.values(frame);
  const [table] = voi.luts;
  const [window] = voi.windows;
  if (table) return { table: table.values.reduce((sum, value) => (Math.imul(sum, 31) + value) | 0, table.first) };
  if (window) return { center: window.center, width: window.width, shape: window.shape };
  return isPlain(file.format, modality) ? '8 bits' : null;
}

/** Whether values are 8 bits without a unit. */
export function isPlain({ bitsAllocated }: PixelFormat, modality: Modality): boolean {
  return bitsAllocated === 8 && 'slope' in modality && modality.slope === 1 && modality.intercept === 0;
}

/** What the header says of how an image was made, and what it shows of the patient. */
function lookOf(
  dataSet: DataSet,
  { photometric }: Pick<PixelFormat, 'photometric'>,
): Pick<SliceHeader, 'view' | 'side' | 'raw' | 'contradicts'> {
  const view = dataSet.string('viewPosition').toUpperCase();
  const side = dataSet.string('imageLaterality') || dataSet.string('laterality');
  const shape = dataSet.string('presentationLut');
  const wanted = photometric === 'MONOCHROME1' ? 'INVERSE' : 'IDENTITY';
  return {
    view: VIEWS.has(view) ? view : '',
    side: side === 'L' || side === 'R' ? side : '',
    raw: dataSet.string('presentationIntent') === 'FOR PROCESSING',
    contradicts: photometric.startsWith('MONOCHROME') && shape !== '' && shape !== wanted,
  };
}

function scannerOf(dataSet: DataSet): string | null {
  const words = (['manufacturer', 'manufacturerModel'] as const).map((name) => dataSet.label(name).trim());
  return words.filter((word) => word !== '').join(' ') || null;
}

/** What people call the first attribute that tells these apart, or null. */
export function acquisitionsOf(headers: readonly SliceHeader[]): string | null {
  for (const [name, [words]] of Object.entries(ACQUISITION)) {
    if (new Set(headers.map(({ acquisition }) => acquisition[name])).size > 1) return words;
  }
  return null;
}

/** The header of a file; its pixels are there only where it is small. */
export async function openHeader(fs: FileSystem, path: string, name: string): Promise<DicomFile> {
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
