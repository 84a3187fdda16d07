import { counted } from '../../base/counted.ts';
import { baseName, joinPath } from '../../base/paths.ts';
import { labelProblems, splitProblems } from '../apart/told_apart.ts';
import { turnedProblems } from '../apart/turned.ts';
import { type HashedFile, identicalFiles } from '../audit/identical.ts';
import type { Sample } from './dataset.ts';
import type { Problem } from './problem.ts';
import type { ImageFacts } from './read_scan.ts';
import type { Scan } from './scanned.ts';
import { isNoClassName, splitOfName } from './words.ts';

/**
 * What the images of a set show together and none of them by itself: one picture under both labels, a label of which
 * nothing can be seen, labels that size or format tells apart, folders below a class that hold something else than images of it.
 * @param images of those that could be read
 * @param hashes of the pictures in `images`
 */
export function setProblems(scan: Scan, images: readonly ImageFacts[], hashes: readonly HashedFile[]): Problem[] {
  const facts = new Map(images.map((one) => [one.id, one]));
  const samples = scan.classes.flatMap((c) => c.samples);
  const known = (label: 0 | 1) =>
    samples.flatMap((sample) => {
      const own = sample.label === label ? facts.get(sample.id) : undefined;
      return own ? [own] : [];
    });
  const [normal, abnormal] = [known(0), known(1)];
  return [
    ...bothLabels(scan, samples, facts, hashes),
    ...blankLabel(scan, normal, 'normal'),
    ...blankLabel(scan, abnormal, 'abnormal'),
    ...labelProblems(scan.path, images),
    ...splitProblems(scan.path, images),
    ...turnedProblems(scan.path, images),
    ...foldersBelow(scan, samples),
  ];
}

/** One picture as a normal and as an abnormal image: whichever is right, the other one is wrong. Blank images may well be equal. */
function bothLabels(
  { path }: Scan,
  samples: readonly Sample[],
  facts: ReadonlyMap<string, ImageFacts>,
  hashes: readonly HashedFile[],
): Problem[] {
  const labels = new Map(samples.map(({ id, label }) => [id, label]));
  return identicalFiles(hashes.filter(({ id }) => facts.has(id) && !isBlank(facts.get(id)))).flatMap(
    ({ files }): Problem[] => {
      const normal = files.find((id) => labels.get(id) === 0);
      const abnormal = files.find((id) => labels.get(id) === 1);
      if (normal === undefined || abnormal === undefined) return [];
      const message = `the same picture as ${abnormal}, so one image counts as normal and as abnormal; remove one, or leave it out with --skip ${normal}`;
      return [
        { kind: 'both_labels', severity: 'error', path: joinPath(path, normal), message, leave: [normal, abnormal] },
      ];
    },
  );
}

function isBlank(image: ImageFacts | undefined): boolean {
  return image !== undefined && image.values.lowest === image.values.highest;
}

/** All images of a label without anything to be seen. */
function blankLabel({ path }: Scan, images: readonly ImageFacts[], what: string): Problem[] {
  if (images.length === 0 || !images.every(isBlank)) return [];
  const [first] = images;
  const alpha = images.every(({ channels }) => channels === 4);
  const advice = alpha ? 'where the picture lies in alpha, export it without transparency' : 'export them again';
  const message = `every pixel has the same value, as in all ${counted(images.length, `${what} image`)}, so nothing can be seen; ${advice}`;
  return [{ kind: 'blank_images', severity: 'error', path: joinPath(path, first.id), message }];
}

/** Folders inside of classes whose names speak of thumbnails and the like, or of splits. */
function foldersBelow({ path, classes }: Scan, samples: readonly Sample[]): Problem[] {
  const inside = new Map<string, number>();
  const splits = new Map<string, string>();
  for (const { id } of samples) {
    const own = classes.find(({ folder }) => id.startsWith(`${folder}/`))?.folder ?? '';
    let folder = own;
    for (const part of id
      .slice(own.length + 1)
      .split('/')
      .slice(0, -1)) {
      folder = joinPath(folder, part);
      if (isNoClassName(part)) inside.set(folder, (inside.get(folder) ?? 0) + 1);
      else if (splitOfName(part)) splits.set(folder, own);
    }
  }
  const problems = [...inside].map(([folder, count]): Problem => {
    const message = `${counted(count, 'image')} in a folder of this name ${count === 1 ? 'counts' : 'count'} as ${count === 1 ? 'an image' : 'images'} of the class; --skip ${baseName(folder)} leaves ${count === 1 ? 'it' : 'them'} out`;
    return { kind: 'odd_folder', severity: 'warning', path: joinPath(path, folder), message };
  });
  const [first] = [...splits].sort();
  if (!first || splits.size < 2) return problems;
  const [folder, own] = first;
  const name = baseName(folder);
  const message = `a folder of this name below a class is no split, and its images are dealt anew; to keep the split, put it above the classes: ${name}/${baseName(own)}`;
  return [...problems, { kind: 'split_below', severity: 'warning', path: joinPath(path, folder), message }];
}
