import { pathBelow } from '../../base/paths.ts';

/** The two parts of a data set: support and selection come from `valid`, results from `test`. */
export type Split = 'valid' | 'test';

/** `pixel`: abnormal images have lesion masks. `image`: there are only labels. */
export type DatasetKind = 'pixel' | 'image';

/** How the folders are arranged; the arrangements are drawn at `scanDataset`. */
export type LayoutName = 'bmad' | 'train-test' | 'mvtec' | 'folder';

/** The masks of one image: what one of them marks is lesion. */
export interface MaskFiles {
  readonly paths: readonly string[];
  /** What is no lesion in them. */
  readonly background: 'black' | 'white';
  /** Whether they lie over the image as it is shown or as it is stored, where that was said. */
  readonly orientation?: 'shown' | 'stored';
  /** The values in them that are lesion, where that was said. */
  readonly values?: readonly number[];
}

/** One image of a data set. */
export interface Sample {
  /** Path relative to the data set's folder: the same wherever the folder lies. */
  readonly id: string;
  /** Path to read the image from. */
  readonly path: string;
  /** 1 is abnormal. */
  readonly label: 0 | 1;
  /** The lesion. Null for image-level sets and for normal images without a mask: nothing is lesion there. */
  readonly mask: MaskFiles | null;
  readonly split: Split;
  /** Whom the image is of, by the rule of `group`; null without a rule, or where it finds nobody. */
  readonly patient: string | null;
}

/** A data set with its images listed, none of them read. Samples are in code-unit order of their ids. */
export interface Dataset {
  /** The folder's own name. */
  readonly name: string;
  readonly path: string;
  readonly layout: LayoutName;
  readonly kind: DatasetKind;
  readonly splits: Readonly<Record<Split, readonly Sample[]>>;
}

/** An image and its masks, relative to their data set. */
export function filesOf({ id, mask }: Sample, set: string): string[] {
  return [id, ...(mask?.paths ?? []).map((file) => pathBelow(set, file))];
}
