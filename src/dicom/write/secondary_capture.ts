import { type DicomElement, encodeDicom } from '../write.ts';
import { sourceImage } from './frames.ts';
import { headOf, type Maker, madeBy } from './head.ts';
import { plainText, sequence } from './items.ts';
import type { SourceSeries } from './source.ts';

/** Class of a secondary capture. */
export const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';

/** A picture in colours. */
export interface Rgb {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3] */
  readonly data: Uint8Array;
}

/**
 * A picture made of a slice, for viewers that know nothing else: it has no place in the patient, but names the slice.
 * @param k of the slice
 */
export function secondaryCapture(source: SourceSeries, picture: Rgb, k: number, maker: Maker): Uint8Array<ArrayBuffer> {
  const what = source.placed ? `Slice ${k + 1} of ${source.slices.length}` : 'Image';
  const elements: DicomElement[] = [
    ...headOf(source, maker, {
      ...{ sopClass: SECONDARY_CAPTURE, instance: maker.uid(), modality: 'OT', series: maker.uid(), number: 9104 },
      description: source.placed ? 'fusionclip slice with map' : 'fusionclip image with map',
    }),
    [0x00080008, 'CS', 'DERIVED\\SECONDARY'],
    [0x00080064, 'CS', 'WSD'],
    [0x00082111, 'ST', plainText(`${what} with the anomaly map. ${madeBy(maker)}`, 1024)],
    sequence(0x00082112, sourceImage(source.slices[k])),
    [0x00189004, 'CS', 'RESEARCH'],
    [0x00200020, 'CS', ''],
    [0x00200060, 'CS', source.laterality],
    [0x00280002, 'US', [3]],
    [0x00280004, 'CS', 'RGB'],
    [0x00280006, 'US', [0]],
    [0x00280010, 'US', [picture.height]],
    [0x00280011, 'US', [picture.width]],
    [0x00280100, 'US', [8]],
    [0x00280101, 'US', [8]],
    [0x00280102, 'US', [7]],
    [0x00280103, 'US', [0]],
    [0x00280301, 'CS', source.burnedIn === 'YES' ? 'YES' : 'NO'],
    ...source.lossy,
    [0x7fe00010, 'OB', picture.data],
  ];
  return encodeDicom(elements);
}
