import { type Look, type Looks, lookOf, looksOf } from '../data/apart/looks.ts';
import { unlikeClauses } from '../data/apart/unlike.ts';
import type { OpenedSet } from '../data/layout/check.ts';
import type { Split } from '../data/layout/dataset.ts';
import { patientOfId } from '../data/layout/patients.ts';
import type { ImageFacts } from '../data/layout/read_scan.ts';

/** How the images of `valid` look, which a run is trained and chosen on. */
export function looksOfRun(set: Pick<OpenedSet, 'dataset' | 'images' | 'grey'>): Looks {
  return looksOf(onePerPatient(set, 'valid'), set.grey);
}

/**
 * What the test images of a data set have otherwise than the images that a run was made on. Of the run's own data set nothing is said:
 * there the splits were held against each other.
 */
export function unlikeRun(looks: Looks, set: Pick<OpenedSet, 'dataset' | 'images' | 'grey'>): string[] {
  if (String(looksOfRun(set).pattern) === String(looks.pattern)) return [];
  const pattern = Float64Array.from(looks.pattern);
  return unlikeClauses(
    looks,
    onePerPatient(set, 'test').map((image) => lookOf(image, set.grey, pattern)),
  );
}

/** Of each patient that is known one image of each label: others are much like it. */
function onePerPatient({ dataset, images }: Pick<OpenedSet, 'dataset' | 'images'>, split: Split): ImageFacts[] {
  const patients = new Map(dataset.splits[split].map(({ id, patient }) => [id, patient]));
  const once = new Once();
  return images.filter((image) => image.split === split && once.isNew(patients.get(image.id) ?? null, image.label));
}

/** Images that come one after the other, held against those that a run was made on. */
export class LooksBeside {
  readonly pattern: Float64Array;
  readonly #looks: Looks;
  readonly #patientOf: (id: string) => string | null;
  readonly #once = new Once();
  readonly #seen: Look[] = [];

  /** @param group tells patients by names; null where each image counts */
  constructor(looks: Looks, group: string | null) {
    this.#looks = looks;
    this.pattern = Float64Array.from(looks.pattern);
    this.#patientOf = patientOfId(group);
  }

  /** Takes an image of a file. */
  add(id: string, look: Look): void {
    if (this.#once.isNew(this.#patientOf(id), look.label)) this.#seen.push(look);
  }

  /** What is otherwise with them, a clause for each kind. */
  clauses(): string[] {
    return unlikeClauses(this.#looks, this.#seen);
  }
}

/** Tells the first image of each patient. */
class Once {
  readonly #known = new Set<string>();

  /** @param patient null where nobody is known: such an image stands for itself */
  isNew(patient: string | null, label: Look['label']): boolean {
    if (patient === null) return true;
    const key = `${label} ${patient}`;
    return !this.#known.has(key) && this.#known.add(key) !== null;
  }
}
