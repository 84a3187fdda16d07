import { VERSION } from '../../base/version.ts';
import { type DicomElement, encodeDicom } from '../write.ts';
import { pointer } from './frames.ts';
import { headOf, MANUFACTURER, type Maker, madeBy, RESEARCH } from './head.ts';
import { type Code, coded, OWN_SCHEME, sequence } from './items.ts';
import { ANOMALY_SCORE, NO_UNITS } from './parametric_map.ts';
import {
  codeItem,
  containerItem,
  imageItem,
  numberItem,
  type ReportItem,
  textItem,
  uidItem,
  within,
} from './report_items.ts';
import { LESION, SEGMENTATION, type WrittenSegmentation } from './segmentation.ts';
import { objectsOf, type SourceSeries } from './source.ts';

/** Class of a report: Comprehensive 3D SR. */
export const REPORT = '1.2.840.10008.5.1.4.1.1.88.34';

/** What a report says. */
export interface ReportContent {
  readonly score: number;
  /** From these values on something is abnormal: a slice's score, and a voxel of the map. Null where none is known. */
  readonly scoreThreshold: number | null;
  readonly mapThreshold: number | null;
  /** Millilitres at or above the map's threshold. */
  readonly millilitres: number | null;
  /** The slice where the map is highest. */
  readonly slice: number;
  /** The finding, where one was written; a finding of no voxel is none. */
  readonly segmentation: WrittenSegmentation | null;
}

const own = (value: string, meaning: string): Code => [value, OWN_SCHEME, meaning];
const dcm = (value: string, meaning: string): Code => [value, 'DCM', meaning];

const PROCEDURES: Readonly<Record<string, Code>> = {
  CT: ['77477000', 'SCT', 'Computed tomography'],
  MR: ['113091000', 'SCT', 'Magnetic resonance imaging'],
  PT: ['82918005', 'SCT', 'Positron emission tomography'],
};
const IMAGING: Code = ['363679005', 'SCT', 'Imaging'];
const ML: Code = ['mL', 'UCUM', 'milliliter'];
const PIXELS: Code = ['{pixels}', 'UCUM', 'pixels'];

/**
 * A measurement report (TID 1500): score and thresholds of the volume (TID 1501), the volume of the finding with its segment (TID 1411),
 * and the model and its hash as the algorithm (TID 4019).
 */
export function report(source: SourceSeries, content: ReportContent, maker: Maker): Uint8Array<ArrayBuffer> {
  const { segmentation } = content;
  const groups = [whole(source, content, maker)];
  if (segmentation && segmentation.pixels > 0) groups.push(finding(source, content, segmentation, maker));
  const items: ReportItem[] = [
    codeItem('HAS CONCEPT MOD', dcm('121049', 'Language of Content Item and Descendants'), [
      'en',
      'RFC5646',
      'English',
    ]),
    codeItem('HAS OBS CONTEXT', dcm('121005', 'Observer Type'), dcm('121007', 'Device')),
    uidItem('HAS OBS CONTEXT', dcm('121012', 'Device Observer UID'), maker.uid()),
    textItem('HAS OBS CONTEXT', dcm('121013', 'Device Observer Name'), `fusionclip ${VERSION}`),
    textItem('HAS OBS CONTEXT', dcm('121014', 'Device Observer Manufacturer'), MANUFACTURER),
    textItem('HAS OBS CONTEXT', dcm('121015', 'Device Observer Model Name'), maker.model),
    codeItem('HAS CONCEPT MOD', dcm('121058', 'Procedure reported'), PROCEDURES[source.modality] ?? IMAGING),
    containerItem(dcm('126010', 'Imaging Measurements'), ...groups),
  ];
  const elements: DicomElement[] = [
    ...headOf(source, maker, {
      ...{ sopClass: REPORT, instance: maker.uid(), modality: 'SR', series: maker.uid(), number: 9105 },
      description: 'fusionclip report',
    }),
    sequence(0x00080110, [
      [0x00080102, 'SH', OWN_SCHEME],
      [0x00080115, 'ST', 'Concepts of fusionclip'],
      [0x00080116, 'ST', MANUFACTURER],
    ]),
    [0x00081111, 'SQ', { items: [] }],
    [0x00189004, 'CS', 'RESEARCH'],
    [0x0040a040, 'CS', 'CONTAINER'],
    coded(0x0040a043, dcm('126000', 'Imaging Measurement Report')),
    [0x0040a050, 'CS', 'SEPARATE'],
    [0x0040a372, 'SQ', { items: [] }],
    evidence(source, segmentation),
    [0x0040a491, 'CS', 'COMPLETE'],
    [0x0040a493, 'CS', 'UNVERIFIED'],
    [0x0040a496, 'CS', 'PRELIMINARY'],
    sequence(0x0040a504, [
      [0x00080105, 'CS', 'DCMR'],
      [0x0040db00, 'CS', '1500'],
    ]),
    ...within(items),
  ];
  return encodeDicom(elements);
}

/** All objects that the content points to, by study and series. */
function evidence(source: SourceSeries, segmentation: WrittenSegmentation | null): DicomElement {
  const series: DicomElement[][] = [
    [sequence(0x00081199, ...objectsOf(source.slices).map(pointer)), [0x0020000e, 'UI', source.series]],
  ];
  if (segmentation) {
    const object = { sopClass: SEGMENTATION, instance: segmentation.instance };
    series.push([sequence(0x00081199, pointer(object)), [0x0020000e, 'UI', segmentation.series]]);
  }
  return sequence(0x0040a375, [sequence(0x00081115, ...series), [0x0020000d, 'UI', source.study]]);
}

const NAME = dcm('112039', 'Tracking Identifier');
const UNIQUE = dcm('112040', 'Tracking Unique Identifier');
const FINDING = dcm('121071', 'Finding');
const GROUP = dcm('125007', 'Measurement Group');

function whole(source: SourceSeries, content: ReportContent, maker: Maker): ReportItem {
  const { score, scoreThreshold, mapThreshold, millilitres, slice } = content;
  const items: ReportItem[] = [
    textItem('HAS OBS CONTEXT', NAME, `fusionclip score of the ${source.placed ? 'volume' : 'image'}`),
    uidItem('HAS OBS CONTEXT', UNIQUE, maker.uid()),
    ...algorithm(content, maker),
    imageItem('CONTAINS', dcm('121112', 'Source of Measurement'), source.slices[slice]),
    numberItem(ANOMALY_SCORE, score, NO_UNITS),
  ];
  if (scoreThreshold !== null)
    items.push(numberItem(own('SCORE_THRESHOLD', 'Threshold of the score'), scoreThreshold, NO_UNITS));
  if (mapThreshold !== null)
    items.push(numberItem(own('MAP_THRESHOLD', 'Threshold of the anomaly map'), mapThreshold, NO_UNITS));
  if (millilitres !== null)
    items.push(numberItem(own('ABOVE', 'Volume at or above the threshold of the anomaly map'), millilitres, ML));
  items.push(textItem('CONTAINS', dcm('121106', 'Comment'), RESEARCH));
  return containerItem(GROUP, ...items);
}

/** What the segment marks: in a volume by its millilitres (TID 1411), in an image by its pixels (TID 1410). */
function finding(
  source: SourceSeries,
  content: ReportContent,
  { instance, tracking, pixels }: WrittenSegmentation,
  maker: Maker,
): ReportItem {
  const object = { sopClass: SEGMENTATION, instance };
  const what = source.placed
    ? [
        imageItem('CONTAINS', dcm('121191', 'Referenced Segment'), object, 1),
        uidItem('CONTAINS', dcm('121232', 'Source series for segmentation'), source.series),
        numberItem(['118565006', 'SCT', 'Volume'], content.millilitres ?? 0, ML),
      ]
    : [
        imageItem('CONTAINS', dcm('121214', 'Referenced Segmentation Frame'), { ...object, frame: 1 }),
        imageItem('CONTAINS', dcm('121233', 'Source image for segmentation'), source.slices[0]),
        numberItem(own('PIXELS', 'Pixels at or above the threshold of the anomaly map'), pixels, PIXELS),
      ];
  return containerItem(
    GROUP,
    textItem('HAS OBS CONTEXT', NAME, `fusionclip finding ${tracking.slice(-8)}`),
    uidItem('HAS OBS CONTEXT', UNIQUE, tracking),
    ...algorithm(content, maker),
    codeItem('CONTAINS', FINDING, LESION),
    ...what,
  );
}

/** The method, its version, and what it was used with. */
function algorithm({ scoreThreshold, mapThreshold }: ReportContent, maker: Maker): ReportItem[] {
  const parameter = (text: string) => textItem('HAS CONCEPT MOD', dcm('111002', 'Algorithm Parameters'), text);
  const items = [
    textItem('HAS CONCEPT MOD', dcm('111001', 'Algorithm Name'), maker.model),
    textItem('HAS CONCEPT MOD', dcm('111003', 'Algorithm Version'), VERSION),
    parameter(`model ${maker.modelHash}`),
    parameter(`adapters ${maker.adaptersHash}`),
  ];
  if (scoreThreshold !== null) items.push(parameter(`threshold of the score ${scoreThreshold}`));
  if (mapThreshold !== null) items.push(parameter(`threshold of the map ${mapThreshold}`));
  items.push(parameter(madeBy(maker)));
  return items;
}
