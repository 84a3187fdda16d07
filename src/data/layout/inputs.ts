import { FusionclipError } from '../../base/errors.ts';
import type { FileSystem } from '../../base/file_system.ts';
import { joinPath } from '../../base/paths.ts';
import { type LeftOut, type LeftOutFile, summarizeLeftOut } from './left_out.ts';
import { type Placed, pairMasks, splitMasks } from './pair_masks.ts';
import { placeOf } from './place.ts';
import { type Seen, walk } from './walk.ts';

/** Images without labels, in order, and what was found and is none. */
export interface Inputs {
  readonly images: readonly string[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * The given files, whatever their names, and all images below the given folders, by the rules of `scanDataset`: each once
 * by its real path, without masks of images that are there too, outputs of this program, hidden and special files.
 * @throws FusionclipError `io`, and `bad_data` when there is none
 */
export async function findInputs(fs: FileSystem, paths: readonly string[]): Promise<Inputs> {
  const images: string[] = [];
  const leftOut: LeftOutFile[] = [];
  const seen: Seen = new Set();
  for (const path of paths) {
    const stat = await fs.stat(path);
    if (!stat) throw new FusionclipError('io', `There is no file or folder ${path}; check the path.`);
    const real = stat.kind === 'special' || !fs.realPath ? path : await fs.realPath(path);
    if (stat.kind === 'special') leftOut.push({ path, why: 'special' });
    else if (seen.has(real)) leftOut.push({ path, why: 'linked_twice' });
    else if (stat.kind === 'directory') {
      const found = await below(fs, path, seen);
      images.push(...found.images);
      leftOut.push(...found.leftOut);
    } else {
      seen.add(real);
      images.push(path);
    }
  }
  const summary = summarizeLeftOut(leftOut);
  if (images.length > 0) return { images, leftOut: summary };
  const others = summary.map(({ count, what }) => `${what}: ${count}`).join(', ');
  const found = others === '' ? '' : ` (left out: ${others})`;
  throw new FusionclipError(
    'bad_data',
    `There is no PNG, JPEG, TIFF or BMP image in ${paths.join(', ')}${found}; ${adviceFor(summary)}.`,
  );
}

/** What makes images of what was left out. */
function adviceFor(leftOut: readonly LeftOut[]): string {
  const has = (why: LeftOut['why']) => leftOut.some((one) => one.why === why);
  if (has('unnamed_picture')) return 'give pictures names that end in .png, .jpg, .tif or .bmp';
  return has('unread') ? 'convert the pictures to PNG' : 'give another path';
}

async function below(fs: FileSystem, root: string, seen: Seen): Promise<{ images: string[]; leftOut: LeftOutFile[] }> {
  const found = await walk(fs, root, [], seen);
  const siblings = new Set(found.folders);
  const placed = found.images.map((path): Placed => {
    const dir = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    return { path, dir, place: placeOf(dir, siblings) };
  });
  const { images, masks } = splitMasks(placed);
  const pairs = pairMasks(
    images.map((image) => ({ ...image, label: 1 })),
    masks,
  );
  // A folder may be called `label` and hold images all the same: it has masks where one of them has its image.
  const paired = new Set([...pairs.masks.values()].flat());
  const folders = new Set(masks.filter(({ path }) => paired.has(path)).map(({ place }) => place.masks));
  const isMask = ({ place }: Placed) => place.masks === null || folders.has(place.masks);
  const own = [...images, ...masks.filter((mask) => !isMask(mask))].map(({ path }) => path).sort();
  const leftOut: LeftOutFile[] = [
    ...found.leftOut,
    ...masks.filter(isMask).map(({ path }): LeftOutFile => ({ path, why: 'mask' })),
  ];
  return {
    images: own.map((path) => joinPath(root, path)),
    leftOut: leftOut.map(({ path, why }) => ({ path: joinPath(root, path), why })),
  };
}
