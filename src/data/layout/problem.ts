import { counted } from '../../base/counted.ts';
import { FusionclipError } from '../../base/errors.ts';
import type { Remark } from '../remarks.ts';

/** What can be wrong with a data set, or open in it. */
export type ProblemKind =
  | 'empty_class'
  | 'too_few'
  | 'broken_image'
  | 'broken_mask'
  | 'missing_mask'
  | 'ambiguous_mask'
  | 'inverted_masks'
  | 'empty_masks'
  | 'size_mismatch'
  | 'lesion_in_good'
  | 'unclear_folder'
  | 'outside'
  | 'unread'
  | 'extra_mask'
  | 'empty_mask'
  | 'unclear_mask'
  | 'constant_image'
  | 'odd_values'
  | 'unused_rule'
  | 'both_labels'
  | 'mask_as_image'
  | 'image_as_mask'
  | 'blank_images'
  | 'told_apart'
  | 'odd_folder'
  | 'split_below'
  | 'equal_masks'
  | 'outlined_masks'
  | 'framed_masks'
  | 'mask_values'
  | 'video_levels'
  | 'unnamed_picture'
  | 'unlike_splits'
  | 'turned_images'
  | 'misplaced_masks'
  | Remark['kind'];

/**
 * One thing that is wrong, with the path of the file or folder. An error needs a decision: training stops at it. A warning
 * is said, and training goes on.
 */
export interface Problem {
  readonly kind: ProblemKind;
  readonly severity: 'error' | 'warning';
  readonly path: string;
  /** What goes on after the path and a colon. */
  readonly message: string;
  /** Files and folders, relative to the data set, without which it is gone; absent where leaving out does not help. */
  readonly leave?: readonly string[];
}

/**
 * Stops at the first error, with the number of those of its kind and of others.
 * @param path the data set, for advice
 * @throws FusionclipError `bad_image` for an image or a mask that cannot be read, else `bad_data`
 */
export function requireSound(path: string, problems: readonly Problem[]): void {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  const [{ kind, path: where, message }] = errors;
  const same = errors.filter((one) => one.kind === kind).length - 1;
  const others = errors.length - 1 - same;
  const counts = [same > 0 ? `${same} more like it` : '', others > 0 ? counted(others, 'other problem') : ''];
  const more = counts.filter((text) => text !== '').join(' and ');
  const list =
    more === '' ? '' : ` There ${errors.length === 2 ? 'is' : 'are'} ${more}: see fusionclip data check ${path}.`;
  const sentence = message.includes(where) ? message : `${where}: ${message}`;
  const code = kind === 'broken_image' || kind === 'broken_mask' ? 'bad_image' : 'bad_data';
  const leave = errors.every((one) => one.leave) ? [...new Set(errors.flatMap((one) => one.leave ?? []))] : [];
  throw new FusionclipError(code, `${sentence.replace(/\.$/, '')}.${list}`, { about: kind, leave });
}
