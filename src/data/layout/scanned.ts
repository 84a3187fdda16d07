import type { DatasetKind, LayoutName, Sample, Split } from './dataset.ts';
import type { LeftOutFile } from './left_out.ts';
import type { Pairing } from './pair_masks.ts';
import type { Problem } from './problem.ts';

/** One class folder of a scanned data set and the samples that came from it. */
export interface ScannedClass {
  readonly label: 0 | 1;
  /** The splits that this folder should fill. */
  readonly splits: readonly Split[];
  /** The class folder, relative to the data set. */
  readonly folder: string;
  /** Where its images lie: the folder itself, or `img` in it. */
  readonly imageFolder: string;
  /** True when images lie in `img`, the mark of a set with masks. */
  readonly nested: boolean;
  /** A folder that could hold masks of this class, or null. */
  readonly maskFolder: string | null;
  readonly samples: readonly Sample[];
  /** Extensions of files that are no images, with their counts. */
  readonly otherFiles: Readonly<Record<string, number>>;
}

/** All that the folders of a data set say, complete or not. */
export interface Scan {
  readonly name: string;
  readonly path: string;
  readonly layout: LayoutName;
  readonly kind: DatasetKind;
  readonly classes: readonly ScannedClass[];
  /** Images of `train`, where the arrangement does not use it: other programs do. */
  readonly train: readonly Sample[];
  readonly leftOut: readonly LeftOutFile[];
  readonly pairing: Pairing;
  /** What the names alone show to be wrong. */
  readonly problems: readonly Problem[];
}
