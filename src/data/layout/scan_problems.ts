import { counted } from '../../base/counted.ts';
import { extension, joinPath } from '../../base/paths.ts';
import type { Arrangement } from './arrange.ts';
import type { Split } from './dataset.ts';
import type { LeftOutFile } from './left_out.ts';
import type { Problem } from './problem.ts';
import type { DataRules } from './rules.ts';
import type { Scan, ScannedClass } from './scanned.ts';

type Named = Omit<Scan, 'problems'>;

/** What the names of files and folders alone show to be wrong or open: the worst first. */
export function folderProblems(scan: Named, arrangement: Arrangement, rules: DataRules): Problem[] {
  const named = [...emptyClasses(scan, rules), ...openFolders(scan, arrangement), ...unreadFiles(scan, 'unread')];
  return [...unreadFiles(scan, 'unnamed_picture'), ...named, ...maskProblems(scan)];
}

/** Why a class without images is empty, for messages. */
function emptyClassReason({ otherFiles }: ScannedClass): string {
  const others = Object.entries(otherFiles).sort(([, a], [, b]) => b - a)[0];
  if (!others) return 'holds no image';
  const type = others[0] === '' ? 'without an extension' : `of type .${others[0]}`;
  return `holds no image that is read but ${others[1]} file${others[1] === 1 ? '' : 's'} ${type}`;
}

function emptyClasses({ path, classes }: Named, rules: DataRules): Problem[] {
  const problems: Problem[] = [];
  for (const split of ['valid', 'test'] as Split[]) {
    for (const label of [0, 1] as const) {
      if (split === 'valid' && label === 1 && rules['shots.abnormal'] === 0) continue;
      const own = classes.filter((c) => c.label === label && c.splits.includes(split));
      if (own.some(({ samples }) => samples.some((sample) => sample.split === split))) continue;
      const what = label === 0 ? 'normal' : 'abnormal';
      const normalOnly = split === 'valid' && label === 1 ? ', or train without it (--shots.abnormal 0)' : '';
      const empty = own.find(({ samples }) => samples.length === 0);
      if (own.length === 0) {
        const message = `it has no ${what} images for the ${split} split; put some there${normalOnly}`;
        problems.push({ kind: 'empty_class', severity: 'error', path, message });
      } else if (empty) {
        const message = `should hold the ${what} images of the ${split} split, but ${emptyClassReason(empty)}; put images there${normalOnly}`;
        problems.push({ kind: 'empty_class', severity: 'error', path: joinPath(path, empty.imageFolder), message });
      } else {
        const message = `it has too few ${what} images to divide them between valid and test; put at least two there${normalOnly}`;
        problems.push({ kind: 'too_few', severity: 'error', path, message });
      }
    }
  }
  // A class may be empty though others of its label fill the split.
  for (const one of classes) {
    const folder = joinPath(path, one.imageFolder);
    const unneeded = one.label === 1 && one.splits.includes('valid') && rules['shots.abnormal'] === 0;
    if (one.samples.length > 0 || unneeded || problems.some((problem) => problem.path === folder)) continue;
    const message = `${emptyClassReason(one)}; put images there, or leave it out with --skip ${nameOf(one.folder)}`;
    problems.push({ kind: 'empty_class', severity: 'error', path: folder, message });
  }
  return problems;
}

/** Folders and images that a user has to say something about. */
function openFolders({ path, classes, leftOut }: Named, { asked }: Arrangement): Problem[] {
  const problems: Problem[] = [];
  const below = (folder: string, why: LeftOutFile['why']) =>
    leftOut.filter((file) => file.why === why && file.path.startsWith(`${folder}/`)).length;
  const abnormal = [...new Set(classes.filter(({ label }) => label === 1).map(({ folder }) => nameOf(folder)))];
  for (const folder of asked) {
    const images = below(folder, 'asked');
    if (images === 0) continue;
    const name = nameOf(folder);
    const message = `is it a class? Leave its ${counted(images, 'image')} out with --skip ${name}, or take them as abnormal with --abnormal ${[...abnormal, name].join()}`;
    problems.push({
      kind: 'unclear_folder',
      severity: 'error',
      path: joinPath(path, folder),
      message,
      leave: [folder],
    });
  }
  const outside = new Map<string, string[]>();
  for (const { path: file, why } of leftOut) {
    if (why !== 'outside') continue;
    const folder = file.slice(0, Math.max(0, file.lastIndexOf('/')));
    outside.set(folder, [...(outside.get(folder) ?? []), file]);
  }
  for (const [folder, files] of outside) {
    const what = files.length === 1 ? 'an image lies' : `${files.length} images lie`;
    const skip = folder === '' ? (files.length === 1 ? files[0] : `'*.${extension(files[0])}'`) : folder;
    const message = `${what} outside of the class folders; put ${files.length === 1 ? 'it' : 'them'} into one, or leave out with --skip ${skip}`;
    problems.push({
      kind: 'outside',
      severity: 'error',
      path: joinPath(path, folder === '' ? files[0] : folder),
      message,
      leave: files,
    });
  }
  return problems;
}

/** Copies that programs keep beside what they change. */
const KEPT_COPY = /(\.(bak|old|orig|tmp|part|crdownload)|~)$/i;

/** Files that are not read, where images or masks are expected: pictures of other formats, or such whose names do not say so. */
function unreadFiles({ path, classes, leftOut }: Named, kind: 'unread' | 'unnamed_picture'): Problem[] {
  const kinds = new Map<string, string[]>();
  const places = classes.flatMap(({ folder, maskFolder }) => [folder, ...(maskFolder ? [maskFolder] : [])]);
  for (const { path: file, why } of leftOut) {
    if (why !== kind || KEPT_COPY.test(file)) continue;
    const place = places.find((folder) => file.startsWith(`${folder}/`));
    if (place === undefined) continue;
    const key = `${place} ${extension(file)}`;
    kinds.set(key, [...(kinds.get(key) ?? []), file]);
  }
  return [...kinds.values()].map((files): Problem => {
    const type = extension(files[0]);
    const alike = type === '' ? 'without an extension' : `of type .${type}`;
    const count = files.length === 1 ? 'this file is' : `this file and ${files.length - 1} more ${alike} are`;
    const skip = type === '' ? nameOf(files[0]) : `'*.${type}'`;
    const message =
      kind === 'unread'
        ? `${count} not read; convert to PNG, or leave out with --skip ${skip}`
        : `${count} not read, though the bytes are those of a picture; give names that end in .png, .jpg, .tif or .bmp, or leave out with --skip ${skip}`;
    return { kind, severity: 'error', path: joinPath(path, files[0]), message, leave: files };
  });
}

function maskProblems({ path, kind, classes, pairing, leftOut }: Named): Problem[] {
  const problems: Problem[] = [];
  for (const { mask, images } of pairing.ambiguous) {
    const message = `this mask fits ${images.slice(0, 3).join(' and ')}; give its folder the name of a class`;
    problems.push({ kind: 'ambiguous_mask', severity: 'error', path: joinPath(path, mask), message, leave: [mask] });
  }
  for (const { samples, maskFolder, nested, label } of classes) {
    if (kind !== 'pixel' || label !== 1) continue;
    for (const sample of samples) {
      if (sample.mask) continue;
      const where = maskFolder
        ? `no mask in ${joinPath(path, maskFolder)}`
        : nested
          ? 'no mask because there is no folder anomaly_mask or label beside img'
          : 'no mask, though other images have one';
      const message = `${where}; add a mask of the same name, with or without _mask, or remove the image`;
      problems.push({ kind: 'missing_mask', severity: 'error', path: sample.path, message, leave: [sample.id] });
    }
  }
  for (const { path: mask, why } of leftOut) {
    if (why !== 'extra_mask') continue;
    const message = 'a mask without an image of the same name';
    problems.push({ kind: 'extra_mask', severity: 'warning', path: joinPath(path, mask), message });
  }
  return problems;
}

function nameOf(folder: string): string {
  return folder.slice(folder.lastIndexOf('/') + 1);
}
