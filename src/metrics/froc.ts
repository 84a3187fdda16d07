/** What was found in a volume at the lowest threshold: a connected region, by its highest voxel. */
export interface Finding {
  readonly confidence: number;
  /** The lesion that its highest voxel lies in, a number of its own in all volumes; null: it is a false positive. */
  readonly lesion: number | null;
}

/** What a confidence from which on findings count does. */
export interface FrocPoint {
  readonly threshold: number;
  /** Share of the lesions in which a finding lies. */
  readonly sensitivity: number;
  /** Mean of a volume. */
  readonly falsePositives: number;
}

/** Sensitivity of lesions against false positives a volume. */
export interface Froc {
  readonly lesions: number;
  readonly volumes: number;
  /** One for each confidence, highest first. */
  readonly points: readonly FrocPoint[];
  /** The sensitivity at {@link FALSE_POSITIVES} a volume at the most, and the mean of these. */
  readonly at: readonly { readonly falsePositives: number; readonly sensitivity: number }[];
  readonly mean: number;
}

/** Means of false positives that sensitivities are compared at, as in LUNA16. */
export const FALSE_POSITIVES = [0.125, 0.25, 0.5, 1, 2, 4, 8] as const;

/**
 * The free-response curve: a lesion is found when the highest voxel of a finding lies in it, further findings in it count for
 * nothing, and those in no lesion are false positives (the rule of CAMELYON16). NaN without lesions.
 */
export function froc(findings: readonly Finding[], lesions: number, volumes: number): Froc {
  const sorted = [...findings].sort((a, b) => b.confidence - a.confidence);
  const points: FrocPoint[] = [];
  const found = new Set<number>();
  let alarms = 0;
  for (const [i, { confidence, lesion }] of sorted.entries()) {
    if (lesion === null) alarms++;
    else found.add(lesion);
    if (sorted[i + 1]?.confidence === confidence) continue;
    points.push({ threshold: confidence, sensitivity: found.size / lesions, falsePositives: alarms / volumes });
  }
  const at = FALSE_POSITIVES.map((most) => {
    const within = points.filter(({ falsePositives }) => falsePositives <= most);
    const none = lesions === 0 ? Number.NaN : 0;
    return { falsePositives: most, sensitivity: within[within.length - 1]?.sensitivity ?? none };
  });
  return { lesions, volumes, points, at, mean: at.reduce((sum, { sensitivity }) => sum + sensitivity, 0) / at.length };
}
