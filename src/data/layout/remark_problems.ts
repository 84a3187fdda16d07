import { counted } from '../../base/counted.ts';
import { joinPath } from '../../base/paths.ts';
import { hasOwnBlack, isBeyondVideo, isVideo, VIDEO } from '../range/judge.ts';
import type { ValueFacts } from '../range/values.ts';
import type { Remark } from '../remarks.ts';
import type { Problem } from './problem.ts';

/** What is known of an image. */
interface Seen {
  readonly id: string;
  readonly values: ValueFacts;
  readonly remarks: readonly Remark[];
}

/** One warning for each kind of remark on the files of images. */
export function remarkProblems(path: string, images: readonly Seen[]): Problem[] {
  const all = images.flatMap(({ id, remarks }) => remarks.map((remark) => ({ id, ...remark })));
  return [...new Set(all.map(({ kind }) => kind))].map((kind): Problem => {
    const [first, ...others] = all.filter((one) => one.kind === kind);
    const more = others.length > 0 ? ` (and ${counted(others.length, 'more image')} like it)` : '';
    return { kind, severity: 'warning', path: joinPath(path, first.id), message: `it ${first.what}${more}` };
  });
}

/** Images with the levels of video beside others that have all levels: black is not the same in both. */
export function videoProblems(path: string, images: readonly Seen[]): Problem[] {
  const video = images.filter(({ values }) => isVideo(values));
  const beyond = images.filter(({ values }) => isBeyondVideo(values)).length;
  const others = images.filter(({ values }) => hasOwnBlack(values)).length;
  if (video.length <= others || beyond === 0) return [];
  const more = video.length > 1 ? `, as ${video.length - 1} more have` : '';
  const message = `it has ${VIDEO}${more}, beside ${counted(beyond, 'image')} of 0 to 255: their black and white differ; bring all into one range`;
  return [{ kind: 'video_levels', severity: 'warning', path: joinPath(path, video[0].id), message }];
}
