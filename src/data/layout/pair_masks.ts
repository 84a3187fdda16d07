import { baseName, extension, joinPath, stem } from '../../base/paths.ts';
import type { Place } from './place.ts';
import { plainName } from './rules.ts';
import { withoutImageWord, withoutMaskWord, withoutNumber } from './words.ts';

/** A picture and what its folders say. */
export interface Placed {
  readonly path: string;
  readonly dir: string;
  readonly place: Place;
}

/** An image to be paired. */
export interface Pairable extends Placed {
  /** 1 is abnormal. */
  readonly label: 0 | 1;
}

/** Which masks belong to which images. */
export interface Pairing {
  /** Masks by the path of their image, in code-unit order. */
  readonly masks: ReadonlyMap<string, readonly string[]>;
  /** How they were found, e.g. `same name in label/`, with the number of masks. */
  readonly ways: ReadonlyMap<string, number>;
  readonly extra: readonly Placed[];
  /** The same mask in another format, of which the lossless one is taken. */
  readonly secondFormat: readonly Placed[];
  /** Masks that fit several images. */
  readonly ambiguous: readonly { readonly mask: string; readonly images: readonly string[] }[];
}

/**
 * Tells masks from images where they lie together: `x_mask.png` is a mask where `x` is there too. Where a folder has such
 * pairs, a file with a mask's name and no image is a mask without an image.
 */
export function splitMasks(pictures: readonly Placed[]): { images: Placed[]; masks: Placed[] } {
  const images: Placed[] = [];
  const masks: Placed[] = [];
  const byFolder = new Map<string, Placed[]>();
  for (const picture of pictures) {
    if (picture.place.masks !== null) masks.push(picture);
    else byFolder.set(picture.dir, [...(byFolder.get(picture.dir) ?? []), picture]);
  }
  for (const together of byFolder.values()) {
    const bare = (picture: Placed) => withoutMaskWord(stem(picture.path));
    const names = new Set(together.flatMap(({ path }) => keysOfImage(stem(path))));
    const pairs = together.some((picture) => {
      const name = bare(picture);
      return name !== null && names.has(plainName(name));
    });
    for (const picture of together) (pairs && bare(picture) !== null ? masks : images).push(picture);
  }
  return { images, masks };
}

/**
 * Gives masks to images of the same name: exact, or with a mask's word more, or with a number more, in this order; letters
 * compare without regard to case and Unicode form where that names one image alone. What a mask's folders say (split,
 * class, patient) must fit; a mask in a folder for all classes belongs to the abnormal image of the name, if there is one.
 */
export function pairMasks(images: readonly Pairable[], masks: readonly Placed[]): Pairing {
  const byName = new Map<string, Pairable[]>();
  for (const image of images) {
    for (const key of keysOfImage(stem(image.path))) byName.set(key, [...(byName.get(key) ?? []), image]);
  }
  const found = new Map<string, string[]>();
  const ways = new Map<string, number>();
  const extra: Placed[] = [];
  const secondFormat: Placed[] = [];
  const ambiguous: { mask: string; images: string[] }[] = [];
  const taken = new Set<string>();
  const classes = new Set(images.map(({ place }) => plainName(place.name ?? '')));
  // Should a mask exist in two formats, the lossless one is meant.
  const rank = (mask: Placed) => (/^jpe?g$/.test(extension(mask.path)) ? 1 : 0);
  for (const mask of [...masks].map((one) => inClass(one, classes)).sort((a, b) => rank(a) - rank(b))) {
    const own = stem(mask.path);
    const bare = withoutMaskWord(own);
    let fits: Pairable[] = [];
    let how = '';
    for (const [name, way] of [
      [own, 'same name'],
      [bare, 'name and a word'],
      [withoutNumber(bare ?? own), 'name and a number'],
    ] as const) {
      if (name === null || fits.length > 0) continue;
      fits = fitting(byName.get(plainName(name)) ?? [], mask, name);
      how = way;
    }
    if (fits.length === 0) extra.push(mask);
    else if (fits.length > 1) ambiguous.push({ mask: mask.path, images: fits.map(({ path }) => path) });
    else {
      const [image] = fits;
      const key = JSON.stringify([image.path, mask.dir, own]);
      if (taken.has(key)) secondFormat.push(mask);
      else {
        taken.add(key);
        found.set(image.path, [...(found.get(image.path) ?? []), mask.path].sort());
        const where = mask.place.masks === null ? 'beside the image' : `in ${baseName(mask.place.masks)}/`;
        ways.set(`${how} ${where}`, (ways.get(`${how} ${where}`) ?? 0) + 1);
      }
    }
  }
  return { masks: found, ways, extra, secondFormat, ambiguous };
}

/** In `masks/patient1` the name that stands where a class would is that of a patient. */
function inClass(mask: Placed, classes: ReadonlySet<string>): Placed {
  const { name, sub } = mask.place;
  if (name === null || classes.has(plainName(name))) return mask;
  return { ...mask, place: { ...mask.place, name: null, sub: joinPath(name, sub) } };
}

function keysOfImage(name: string): string[] {
  const bare = withoutImageWord(name);
  return [plainName(name), ...(bare === null ? [] : [plainName(bare)])];
}

/** The images of a name that a mask's place allows, the nearest alone. */
function fitting(named: readonly Pairable[], { place, dir }: Placed, name: string): Pairable[] {
  const plain = (text: string | null) => (text === null ? null : plainName(text));
  let fits = named.filter(
    (image) =>
      (place.split === null || place.split === image.place.split) &&
      (place.name === null || plain(place.name) === plain(image.place.name)) &&
      (place.sub === '' || place.sub === image.place.sub) &&
      // Beside an image means in its own folder.
      (place.masks !== null || dir === image.dir),
  );
  const prefer = (wanted: (image: Pairable) => boolean) => {
    if (fits.length > 1 && fits.some(wanted)) fits = fits.filter(wanted);
  };
  prefer(({ place: other }) => other.sub === place.sub);
  prefer(({ label }) => place.name !== null || label === 1);
  prefer(({ path }) => stem(path).normalize('NFC') === name.normalize('NFC'));
  prefer(({ path }) => stem(path) === name);
  return fits;
}
