import { type DicomElement, encodeDicom } from '../write.ts';
import { frameGroups, referencedSeries } from './frames.ts';
import { headOf, type Maker, madeBy } from './head.ts';
import { type Code, coded, decimal, OWN_SCHEME, plainText, sequence } from './items.ts';
import type { SourceSeries } from './source.ts';

/** Class of a parametric map. */
export const PARAMETRIC_MAP = '1.2.840.10008.5.1.4.1.1.30';

/** What a map holds. */
export const ANOMALY_SCORE: Code = ['ANOMALY', OWN_SCHEME, 'Anomaly score'];
/** The unit of a score. */
export const NO_UNITS: Code = ['1', 'UCUM', 'no units'];

const DERIVATION: Code = ['DERIVE', OWN_SCHEME, 'Anomaly detection'];
const QUANTITY: Code = ['246205007', 'SCT', 'Quantity'];

/**
 * A heat map as a DICOM Parametric Map: 32-bit floating point, a frame for each slice of the series.
 * @param map [slice, row, column]
 */
export function parametricMap(source: SourceSeries, map: Float32Array, maker: Maker): Uint8Array<ArrayBuffer> {
  const { rows, columns } = source;
  const slices = source.slices.map((_, k) => k);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of map) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const type = 'DERIVED\\PRIMARY\\VOLUME\\NONE';
  const elements: DicomElement[] = [
    ...headOf(source, maker, {
      ...{ sopClass: PARAMETRIC_MAP, instance: maker.uid(), modality: 'OT', series: maker.uid(), number: 9101 },
      description: 'fusionclip anomaly map',
    }),
    [0x00080008, 'CS', type],
    [0x00089205, 'CS', 'MONOCHROME'],
    referencedSeries(source, source.slices),
    [0x00189004, 'CS', 'RESEARCH'],
    [0x00200060, 'CS', source.laterality],
    ...frameGroups(source, {
      slices,
      uid: maker.uid,
      derivation: DERIVATION,
      shared: [
        sequence(0x00289132, [
          [0x00281050, 'DS', decimal((low + high) / 2)],
          [0x00281051, 'DS', decimal(Math.max(high - low, 1e-6))],
          [0x00281055, 'LO', 'all values'],
          // The usual function takes no width below 1.
          [0x00281056, 'CS', 'LINEAR_EXACT'],
        ]),
        sequence(0x00289145, [
          [0x00281052, 'DS', '0'],
          [0x00281053, 'DS', '1'],
          [0x00281054, 'LO', 'US'],
        ]),
        sequence(0x00409092, [[0x00089007, 'CS', type]]),
        sequence(0x00409096, [
          [0x00283003, 'LO', 'Anomaly score as it is'],
          [0x00409210, 'SH', 'ANOMALY'],
          [0x00409213, 'FD', [high]],
          [0x00409214, 'FD', [low]],
          [0x00409224, 'FD', [0]],
          [0x00409225, 'FD', [1]],
          coded(0x004008ea, NO_UNITS),
          sequence(0x00409220, [
            [0x0040a040, 'CS', 'CODE'],
            coded(0x0040a043, QUANTITY),
            coded(0x0040a168, ANOMALY_SCORE),
          ]),
        ]),
      ],
      each: [],
    }),
    [0x00280002, 'US', [1]],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', [rows]],
    [0x00280011, 'US', [columns]],
    [0x00280100, 'US', [32]],
    [0x00280301, 'CS', 'NO'],
    [0x00280302, 'CS', 'NO'],
    ...source.lossy,
    [0x00400555, 'SQ', { items: [] }],
    [0x00700080, 'CS', 'ANOMALY_MAP'],
    [0x00700081, 'LO', plainText(madeBy(maker))],
    [0x00700084, 'PN', ''],
    [0x20500020, 'CS', 'IDENTITY'],
    [0x7fe00008, 'OF', littleEndian(map)],
  ];
  return encodeDicom(elements);
}

function littleEndian(values: Float32Array): Uint8Array {
  const out = new Uint8Array(4 * values.length);
  const view = new DataView(out.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i], true);
  return out;
}
