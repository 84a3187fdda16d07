import { visible } from '../../base/visible.ts';

/** Why a file of a data set is not used, in the order in which it is told. */
export const LEFT_OUT = {
  unread: 'pictures of a format that is not read',
  unnamed_picture: 'pictures by their first bytes, whose names do not say so',
  asked: 'images in a folder that may or may not be a class',
  outside: 'images outside of the class folders',
  unnamed: 'images in folders that --abnormal does not name',
  extra_mask: 'masks without an image',
  second_format: 'masks that exist in another format too',
  mask: 'masks',
  linked_twice: 'files and folders that are read already, by a link or another path',
  broken: 'links that lead nowhere',
  special: 'FIFOs, sockets and devices',
  output: "this program's own outputs",
  skipped: 'left out by --skip',
  train: 'images of train, which is not used',
  hidden: 'hidden files and folders',
  other: 'files that are no pictures by their names',
} as const;

/** A key of `LEFT_OUT`. */
export type LeftOutReason = keyof typeof LEFT_OUT;

/** A file, or a folder that was not entered, that is not used. */
export interface LeftOutFile {
  /** Relative to the folder that was searched; a folder ends in `/`. */
  readonly path: string;
  readonly why: LeftOutReason;
}

/** Files that are not used for one reason. */
export interface LeftOut {
  readonly why: LeftOutReason;
  /** `LEFT_OUT` of it. */
  readonly what: string;
  readonly count: number;
  /** The first of them. */
  readonly examples: readonly string[];
}

const EXAMPLES = 3;

/** Files by reason. */
export function summarizeLeftOut(files: readonly LeftOutFile[]): LeftOut[] {
  return (Object.keys(LEFT_OUT) as LeftOutReason[]).flatMap((why) => {
    const paths = files.filter((file) => file.why === why).map(({ path }) => path);
    if (paths.length === 0) return [];
    return [{ why, what: LEFT_OUT[why], count: paths.length, examples: paths.sort().slice(0, EXAMPLES) }];
  });
}

/** One line of a table. */
export function leftOutLine({ what, count, examples }: LeftOut): string {
  const more = count > examples.length ? ', …' : '';
  return `${what} (${count}): ${examples.map(visible).join(', ')}${more}`;
}
