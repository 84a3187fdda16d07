import { counted } from '../base/counted.ts';
import type { Behind, Raster } from './image.ts';

/** What a file shows or holds that is not what is read of it. */
export interface Remark {
  readonly kind: 'hidden_pixels' | 'behind_end';
  /** What goes on after the path of the image and a blank. */
  readonly what: string;
}

/** Share of the pixels that are transparent and differ: less is what programs leave along edges. */
const HIDDEN = 0.05;

/** What should be said of a picture and its file. */
export function remarksOf(raster: Raster): Remark[] {
  return [...hiddenRemark(raster), ...behindRemark(raster.behind ?? null)];
}

/** A viewer shows nothing where alpha is 0; a model is given what lies there. All of one value is a background that was cut away. */
function hiddenRemark({ channels, data }: Raster): Remark[] {
  if (channels !== 4) return [];
  let [count, same] = [0, true];
  let first = -1;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] !== 0) continue;
    if (first < 0) first = at;
    same &&= data[at] === data[first] && data[at + 1] === data[first + 1] && data[at + 2] === data[first + 2];
    count++;
  }
  const share = count / (data.length / 4);
  if (share < HIDDEN || (same && share < 1)) return [];
  const where = share === 1 ? 'everywhere' : `in ${Math.round(100 * share)} % of its pixels`;
  const what = `is transparent ${where}, and is read as if it were not: alpha of images does not count`;
  return [{ kind: 'hidden_pixels', what }];
}

function behindRemark(behind: Behind | null): Remark[] {
  if (!behind) return [];
  const beginning = behind.picture ? ', by their beginning another picture' : '';
  const what = `has ${counted(behind.bytes, 'byte')} behind its end${beginning}, which are not read`;
  return [{ kind: 'behind_end', what }];
}
