import type { DicomElement } from '../write.ts';
import { type Code, coded, decimal, decimals, sequence, tags } from './items.ts';
import { objectsOf, orientationText, type SourceSeries, type SourceSlice } from './source.ts';

const SOURCE_IMAGE: Code = ['121322', 'DCM', 'Source image for image processing operation'];

/** A pointer to an object. */
export function pointer({ sopClass, instance }: Pick<SourceSlice, 'sopClass' | 'instance'>): DicomElement[] {
  return [
    [0x00081150, 'UI', sopClass],
    [0x00081155, 'UI', instance],
  ];
}

/** A pointer to the frame of a slice. */
export function framePointer(slice: SourceSlice): DicomElement[] {
  return [...pointer(slice), ...(slice.frame === null ? [] : ([[0x00081160, 'IS', String(slice.frame)]] as const))];
}

/** A pointer to what a picture was made from. */
export function sourceImage(slice: SourceSlice): DicomElement[] {
  return [...framePointer(slice), [0x0028135a, 'CS', 'YES'], coded(0x0040a170, SOURCE_IMAGE)];
}

/** The series and objects that an object refers to (PS3.3 C.12.2): OHIF shows no segmentation without it. */
export function referencedSeries(source: SourceSeries, slices: readonly SourceSlice[]): DicomElement {
  return sequence(0x00081115, [
    [0x0020000e, 'UI', source.series],
    sequence(0x0008114a, ...objectsOf(slices).map(pointer)),
  ]);
}

/** What the frames of an object are, beside where they lie. */
export interface FrameContent {
  /** The slices that they lie on, by number in `source.slices`. */
  readonly slices: readonly number[];
  /** Groups of every frame. */
  readonly shared: readonly DicomElement[];
  /** Groups of each frame that are the same in all of them, but must not be shared. */
  readonly each: readonly DicomElement[];
  /** How they were made from their slices. */
  readonly derivation: Code;
  /** Attributes that number the frames before their positions do: tag, and the tag of its group; their one value is 1. */
  readonly indices?: readonly (readonly [tag: number, group: number, label: string])[];
  readonly uid: () => string;
}

/**
 * Dimensions, frame of reference and functional groups (PS3.3 C.7.6.16 and C.7.6.17) of frames that lie on slices of a series: one frame a
 * slice, each with its source, and its place where the series has one.
 */
export function frameGroups(source: SourceSeries, content: FrameContent): DicomElement[] {
  const organization = content.uid();
  const { placed } = source;
  const indices = [
    ...(content.indices ?? []),
    ...(placed ? ([[0x00200032, 0x00209113, 'Position of the slice']] as const) : []),
  ];
  const own = content.slices.map((k, i): DicomElement[] => [
    sequence(0x00209111, [[0x00209157, 'UL', [...(content.indices ?? []).map(() => 1), ...(placed ? [i + 1] : [])]]]),
    ...(placed ? [sequence(0x00209113, [[0x00200032, 'DS', decimals(source.slices[k].position)]])] : []),
    sequence(0x00089124, [coded(0x00089215, content.derivation), sequence(0x00082112, sourceImage(source.slices[k]))]),
    ...content.each,
  ]);
  return [
    ...(source.frameOfReference
      ? ([
          [0x00200052, 'UI', source.frameOfReference],
          [0x00201040, 'LO', ''],
        ] as const)
      : []),
    // Asked for where nothing else says how an image lies (PS3.3 C.7.6.1).
    ...(placed ? [] : ([[0x00200020, 'CS', '']] as const)),
    [0x00280008, 'IS', String(content.slices.length)],
    sequence(0x00209221, [[0x00209164, 'UI', organization]]),
    sequence(
      0x00209222,
      ...indices.map(([tag, group, label]): DicomElement[] => [
        [0x00209164, 'UI', organization],
        [0x00209165, 'AT', tags(tag)],
        [0x00209167, 'AT', tags(group)],
        [0x00209421, 'LO', label],
      ]),
    ),
    sequence(0x52009229, [...(placed ? planeGroups(source) : []), ...content.shared]),
    sequence(0x52009230, ...own),
  ];
}

/** How all slices lie, and how far their pixels are apart. */
function planeGroups(source: SourceSeries): DicomElement[] {
  return [
    sequence(0x00209116, [[0x00200037, 'DS', orientationText(source)]]),
    sequence(0x00289110, [
      [0x00180050, 'DS', decimal(source.distance)],
      [0x00180088, 'DS', decimal(source.distance)],
      [0x00280030, 'DS', decimals(source.spacing)],
    ]),
  ];
}
