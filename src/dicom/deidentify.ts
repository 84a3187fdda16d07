import { VERSION } from '../base/version.ts';
import { BASIC_PROFILE } from './basic_profile.ts';
import { cleanPixels } from './clean_pixels.ts';
import type { DataSet, Element } from './data_set.ts';
import type { DicomFile } from './dicom_file.ts';
import type { PixelFormat } from './pixel_format.ts';
import { EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE } from './syntaxes.ts';
import { type Change, itemsOf, rewritten } from './write/rewrite.ts';
import { type DicomElement, part10, uidOf } from './write.ts';

type Action = keyof typeof BASIC_PROFILE;

const ACTIONS = new Map<number, Action>();
for (const [action, tags] of Object.entries(BASIC_PROFILE)) {
  for (const tag of tags.trim().split(/\s+/)) ACTIONS.set(Number.parseInt(tag, 16), action as Action);
}

/** What stands in place of what must not be empty. */
const DUMMY: Readonly<Partial<Record<Action, string>>> = {
  date: '19000101',
  time: '000000',
  dateTime: '19000101000000',
  text: 'ANONYMIZED',
};

const PIXELS = 0x7fe00010;
const PATIENT_NAME = 0x00100010;
const PATIENT_ID = 0x00100020;

/** Of SOP classes and the like, which name no person. */
const STANDARD = '1.2.840.10008.';

/** A file without names. */
export interface Deidentified {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Its new identifiers, by which copies are put into folders; the patient's is a pseudonym. */
  readonly patient: string;
  readonly study: string;
  readonly series: string;
  readonly instance: string;
  /** Whether the file says that text is burned into its pixels: `YES`, `NO`, or '' where it says nothing. */
  readonly burnedIn: string;
  /** Whether its packed pictures are of a kind that may hold comments and was not understood. */
  readonly unsearched: boolean;
}

/** Makes copies without names. With one salt, equal identifiers become equal identifiers in all files. */
export class Deidentifier {
  readonly #salt: string;
  readonly #uids = new Map<string, string>();

  /** @param salt what nobody else knows: who has it can find out who is who by trying */
  constructor(salt: string) {
    this.#salt = salt;
  }

  /**
   * A copy by the Basic Application Level Confidentiality Profile of PS3.15: attributes of its table are removed, emptied or replaced at all
   * levels, private ones and overlays removed, identifiers mapped, the method recorded. Pixels stay as they are, without what else lies
   * with them (`cleanPixels`). The patient's name and number become a pseudonym, so that pictures of one patient stay together.
   * Throws an `Error` for a sequence that cannot be read.
   */
  async copy(file: DicomFile): Promise<Deidentified> {
    const { dataSet, syntax } = file;
    await this.#learn(dataSet);
    const own = (name: 'studyUid' | 'seriesUid' | 'sopInstance') => this.#uids.get(dataSet.string(name)) ?? '';
    // Without a number each study is of somebody else.
    const who = dataSet.label('patientId') || `study ${dataSet.string('studyUid')}`;
    const digits = (await uidOf(`${this.#salt} patient ${who}`)).slice(-10);
    const patient = `ANON-${digits}`;
    const added: DicomElement[] = [
      [PATIENT_NAME, 'PN', patient],
      [PATIENT_ID, 'LO', patient],
      [0x00120062, 'CS', 'YES'],
      [0x00120063, 'LO', `fusionclip ${VERSION}\\PS3.15 E Basic Profile\\Pixels were not searched`],
      [
        0x00120064,
        'SQ',
        {
          items: [
            [
              [0x00080100, 'SH', '113100'],
              [0x00080102, 'SH', 'DCM'],
              [0x00080104, 'LO', 'Basic Application Confidentiality Profile'],
            ],
          ],
        },
      ],
      [0x00280303, 'CS', 'REMOVED'],
    ];
    const pixels = dataSet.elements.get(PIXELS);
    const clean = pixels && cleanPixels(pixels, dataSet, formatOf(file));
    const rule = (element: Element, within: DataSet): Change => {
      if (element.tag !== PIXELS) return this.#change(element, within);
      // A picture within a sequence is an icon of this or of another one.
      return clean && within === dataSet ? { value: clean.value } : 'remove';
    };
    const bytes = rewritten(dataSet, rule, added);
    // What was deflated is not deflated again, and some files are not written as they say.
    const { implicit, bigEndian } = dataSet.writing;
    const plain = implicit ? IMPLICIT_LITTLE : bigEndian ? EXPLICIT_BIG : EXPLICIT_LITTLE;
    const uid = syntax.packing === 'native' ? plain.uid : syntax.uid;
    return {
      bytes: part10(dataSet.string('sopClass'), own('sopInstance'), uid, bytes),
      patient,
      study: own('studyUid'),
      series: own('seriesUid'),
      instance: own('sopInstance'),
      burnedIn: dataSet.string('burnedIn'),
      unsearched: clean?.unsearched ?? false,
    };
  }

  #change(element: Element, within: DataSet): Change {
    const { tag, vr } = element;
    const group = tag >>> 16;
    // Private groups, and curves and overlays, which lie in several groups.
    if (group % 2 === 1 || isCurveOrOverlay(tag)) return 'remove';
    const action = ACTIONS.get(tag);
    if (action === 'remove') return 'remove';
    if (action === 'empty') return { value: new Uint8Array(0) };
    if (action === 'uid') return { value: text(uidsOf(element, within).map((uid) => this.#uids.get(uid) ?? uid)) };
    if (action) return element.length === 0 ? 'keep' : { value: text([DUMMY[action] ?? '']) };
    // Whatever names a person does so under other tags too.
    if (vr === 'PN') return { value: new Uint8Array(0) };
    return 'keep';
  }

  /** Finds new identifiers for those of a data set and its items. */
  async #learn(dataSet: DataSet): Promise<void> {
    for (const element of dataSet.elements.values()) {
      if (ACTIONS.get(element.tag) === 'uid') {
        for (const uid of uidsOf(element, dataSet)) {
          if (this.#uids.has(uid) || uid === '' || uid.startsWith(STANDARD)) continue;
          this.#uids.set(uid, await uidOf(`${this.#salt} ${uid}`));
        }
      } else if ((element.tag >>> 16) % 2 === 0) {
        for (const item of itemsOf(element, dataSet) ?? []) await this.#learn(item);
      }
    }
  }
}

function formatOf(file: DicomFile): PixelFormat | null {
  try {
    return file.format;
  } catch {
    return null;
  }
}

/** Curves (50xx), and overlays (60xx) with what is said of them. */
function isCurveOrOverlay(tag: number): boolean {
  const family = tag >>> 24;
  return (family === 0x50 || family === 0x60) && (tag >>> 16) % 2 === 0;
}

function uidsOf(element: Element, within: DataSet): string[] {
  const letters = new TextDecoder('latin1').decode(within.value(element));
  return letters.split('\\').map((uid) => uid.replace(/^[\s\0]+|[\s\0]+$/g, ''));
}

function text(values: readonly string[]): Uint8Array {
  return new TextEncoder().encode(values.join('\\'));
}
