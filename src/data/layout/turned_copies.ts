import { joinPath } from '../../base/paths.ts';
import type { HashedFile } from '../audit/identical.ts';
import type { Problem } from './problem.ts';
import type { ImageFacts } from './read_scan.ts';

/** Two images of the same grey values in other places: the one is the other mirrored, turned, or in colours of the same grey. */
interface TurnedCopy {
  readonly first: ImageFacts;
  readonly second: ImageFacts;
}

/** Pictures that lie in a set twice, once mirrored, turned or in other colours, as where a set was made larger before it was divided. */
export class TurnedCopies {
  readonly #pairs: readonly TurnedCopy[];

  /** @param hashes of the pictures: those that are equal are no turned ones */
  constructor(images: readonly ImageFacts[], hashes: readonly HashedFile[]) {
    const hashOf = new Map(hashes.map(({ id, sha256 }) => [id, sha256]));
    const groups = new Map<string, ImageFacts[]>();
    for (const image of images) {
      const { width, height, values } = image;
      if (values.lowest === values.highest || values.twoValued) continue;
      const key = [Math.min(width, height), Math.max(width, height), values.kind, values.sums].join();
      groups.set(key, [...(groups.get(key) ?? []), image]);
    }
    this.#pairs = [...groups.values()].flatMap(([first, ...others]) =>
      others.filter(({ id }) => hashOf.get(id) !== hashOf.get(first.id)).map((second) => ({ first, second })),
    );
  }

  /** Sentences about those in both splits. */
  warnings(): string[] {
    const across = this.#pairs.filter(({ first, second }) => first.split !== second.split);
    if (across.length === 0) return [];
    const [{ first, second }] = across;
    const count = across.length === 1 ? '1 picture is' : `${across.length} pictures are`;
    return [
      `${count} in valid and in test, mirrored, turned or in other colours in one of them, e.g. ${first.id} and ${second.id}; results on test are too good`,
    ];
  }

  /** Those under both labels. */
  problems(path: string): Problem[] {
    return this.#pairs
      .filter(({ first, second }) => first.label !== second.label)
      .map(({ first, second }) => {
        const message = `the same picture as ${second.id}, mirrored, turned or in other colours, so one image counts as normal and as abnormal; remove one`;
        return { kind: 'both_labels', severity: 'warning', path: joinPath(path, first.id), message };
      });
  }
}
