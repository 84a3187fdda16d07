import { stem } from '../../base/paths.ts';

/** The number of an image within its patient or volume, at the end of a name: `_60`, `-1`, `_z062`, `_slice12`. */
const NUMBER_WITHIN = /[-_ .]+[a-z]{0,5}\d+$/i;

/**
 * The patient or volume that a file name speaks of: the name without its last number, if a digit is left.
 *
 * | set | name | source |
 * | --- | --- | --- |
 * | Brain (BraTS), Liver, RESC | `01388_60.png`: volume, slice | `01388` |
 * | OCT2017 | `DME-1017237-4.jpeg`: finding, patient, image | `DME-1017237` |
 * | Chest (RSNA) | an identifier for each patient | none: one image a patient |
 * | NIH chest | `00001684_008.png`: patient, follow-up | `00001684` |
 *
 * A name without a number at its end, or without a digit before it, names no source.
 * @param rule in place of that: its first group (or the whole match) is the source
 */
export function sourceName(path: string, rule: RegExp | null = null): string | null {
  const name = stem(path);
  if (rule) {
    const match = rule.exec(name);
    return match ? (match[1] ?? match[0]) : null;
  }
  const source = name.replace(NUMBER_WITHIN, '');
  return source !== name && /\d/.test(source) ? source : null;
}

/** Images of one patient or volume on both sides of a division. */
export interface SharedSource {
  readonly source: string;
  readonly support: readonly string[];
  readonly test: readonly string[];
}

/**
 * The sources with images on both sides, most images first. A source that all images have in common is the name of the
 * set, and tells nothing.
 */
export function sharedSources(
  support: readonly string[],
  test: readonly string[],
  rule: RegExp | null = null,
): SharedSource[] {
  const left = bySource(support, rule);
  const right = bySource(test, rule);
  if (new Set([...left.keys(), ...right.keys()]).size < 2) return [];
  return [...left]
    .filter(([source]) => right.has(source))
    .map(([source, images]) => ({ source, support: images, test: right.get(source)! }))
    .sort((a, b) => b.support.length + b.test.length - (a.support.length + a.test.length));
}

function bySource(paths: readonly string[], rule: RegExp | null): Map<string, string[]> {
  const out = new Map<string, string[]>();
  for (const path of paths) {
    const source = sourceName(path, rule);
    if (source === null) continue;
    const images = out.get(source);
    if (images) images.push(path);
    else out.set(source, [path]);
  }
  return out;
}
