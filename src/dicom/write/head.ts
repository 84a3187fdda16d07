import { VERSION } from '../../base/version.ts';
import type { DicomElement } from '../write.ts';
import { dateAndTime, plainText } from './items.ts';
import type { SourceSeries } from './source.ts';

/** Who made an object; results of this program are known by it. */
export const MANUFACTURER = 'fusionclip';

/** What every result says of itself. */
export const RESEARCH = 'Research use only, not for diagnosis';

/** How something was found: it is written into every object. */
export interface Maker {
  /** Of the method and its model, for people. */
  readonly model: string;
  /** Of the model's weights and of what was trained on them: SHA-256 in hexadecimal digits, or another hash. */
  readonly modelHash: string;
  readonly adaptersHash: string;
  readonly now: Date;
  /** Gives a UID that is new. */
  readonly uid: () => string;
}

/** What one object is. */
export interface ObjectKind {
  readonly sopClass: string;
  readonly instance: string;
  readonly modality: string;
  readonly series: string;
  readonly number: number;
  readonly description: string;
}

/** Patient, study, series, equipment and object of a result. */
export function headOf(source: SourceSeries, maker: Maker, kind: ObjectKind): DicomElement[] {
  const [date, time] = dateAndTime(maker.now);
  return [
    ...source.head,
    [0x00080012, 'DA', date],
    [0x00080013, 'TM', time],
    [0x00080016, 'UI', kind.sopClass],
    [0x00080018, 'UI', kind.instance],
    [0x00080021, 'DA', date],
    [0x00080023, 'DA', date],
    [0x00080031, 'TM', time],
    [0x00080033, 'TM', time],
    [0x00080060, 'CS', kind.modality],
    [0x00080070, 'LO', MANUFACTURER],
    [0x0008103e, 'LO', plainText(`${kind.description} (research use)`)],
    [0x00081090, 'LO', plainText(maker.model)],
    [0x00181000, 'LO', plainText(maker.adaptersHash)],
    [0x00181020, 'LO', `fusionclip ${VERSION}`],
    [0x0020000e, 'UI', kind.series],
    [0x00200011, 'IS', String(kind.number)],
    [0x00200013, 'IS', '1'],
  ];
}

/** One line on how a result was made. */
export function madeBy({ model, modelHash, adaptersHash }: Maker): string {
  return `${RESEARCH}. fusionclip ${VERSION}, ${model}, model ${modelHash}, adapters ${adaptersHash}`;
}
