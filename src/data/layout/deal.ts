import { ruleStream } from '../../base/rule.ts';
import type { Sample, Split } from './dataset.ts';

/** The images of a class that is dealt out, and the name of its random stream. */
export interface Dealt {
  readonly imageFolder: string;
  readonly samples: readonly Sample[];
}

/** Splits a class in halves by the random stream of its folder. */
export function deal({ imageFolder, samples }: Dealt, seed: number): Sample[] {
  const order = shuffled(
    samples.map(({ id }) => id),
    `split.${imageFolder}`,
    seed,
  );
  const valid = new Set(order.slice(0, Math.ceil(order.length / 2)));
  return samples.map((sample) => ({ ...sample, split: valid.has(sample.id) ? 'valid' : 'test' }));
}

/**
 * Deals out classes so that all images of a patient come to lie in one split. Patients come in the order of a random
 * stream; each goes where its images fit best into the halves that {@link deal} would make. An image without a patient is
 * a patient of its own.
 * @param fixed images that have their split already: their patients stay there
 * @returns the split of every image that was dealt, by id
 */
export function dealByPatient(
  classes: readonly Dealt[],
  fixed: readonly Sample[],
  seed: number,
): ReadonlyMap<string, Split> {
  const key = ({ patient, id }: Sample) => (patient === null ? `image ${id}` : `patient ${patient}`);
  const home = new Map(fixed.map((sample) => [key(sample), sample.split]));
  const groups = new Map<string, { sample: Sample; of: number }[]>();
  for (const [of, { samples }] of classes.entries()) {
    for (const sample of samples) groups.set(key(sample), [...(groups.get(key(sample)) ?? []), { sample, of }]);
  }
  const room = {
    valid: classes.map(({ samples }) => Math.ceil(samples.length / 2)),
    test: classes.map(({ samples }) => Math.floor(samples.length / 2)),
  };
  const out = new Map<string, Split>();
  for (const name of shuffled([...groups.keys()], 'split.patients', seed)) {
    const group = groups.get(name)!;
    const over = (split: Split) => {
      const left = [...room[split]];
      for (const { of } of group) left[of]--;
      return left.reduce((sum, n, of) => sum + (n < 0 && group.some((one) => one.of === of) ? -n : 0), 0);
    };
    const split = home.get(name) ?? (over('test') < over('valid') ? 'test' : 'valid');
    for (const { sample, of } of group) {
      room[split][of]--;
      out.set(sample.id, split);
    }
  }
  return out;
}

function shuffled(names: readonly string[], stream: string, seed: number): string[] {
  const random = ruleStream(stream, seed);
  const sorted = [...names].sort();
  const key = new Map(sorted.map((name, i) => [name, random(i)]));
  return sorted.sort((a, b) => key.get(a)! - key.get(b)!);
}
