import { FusionclipError } from '../base/errors.ts';
import { matchesPattern } from '../data/layout/rules.ts';
import { isAbnormalName, isNormalName } from '../data/layout/words.ts';
import type { Volume } from './volume.ts';

/** Who says what is normal where no mask does: names of folders, patients, series and images, beside the usual ones of folders. */
export interface LabelNames {
  readonly normal?: readonly string[];
  readonly abnormal?: readonly string[];
}

/** A volume or image, and the folders that it lies in. */
interface Placed {
  readonly volume: Volume;
  readonly folders: readonly string[];
}

function isNamed({ volume: { name, patient }, folders }: Placed, pattern: string): boolean {
  return [...folders, name, patient].some((one) => matchesPattern(one, pattern));
}

/** Names that were given and that nothing has, for people. */
export function unfitting(all: readonly Placed[], rules: LabelNames): string[] {
  return (['normal', 'abnormal'] as const).flatMap((flag) =>
    (rules[flag] ?? [])
      .filter((pattern) => !all.some((one) => isNamed(one, pattern)))
      .map((pattern) => `--${flag} ${pattern} fits nothing in it`),
  );
}

/** How much a list says of a volume: a name more than the usual words, and these more than `*`. */
function weight(one: Placed, list: readonly string[] = [], isUsual: (folder: string) => boolean): number {
  if (list.some((pattern) => pattern !== '*' && isNamed(one, pattern))) return 3;
  return one.folders.some(isUsual) ? 2 : list.includes('*') ? 1 : 0;
}

/**
 * Whether a volume or image without a mask is abnormal.
 * @throws FusionclipError `bad_data` where nothing says it, or as much says the one as the other; for an abnormal volume, which needs a mask
 */
export function isAbnormal(volume: Volume, folders: readonly string[], rules: LabelNames): boolean {
  const { name, patient, placed } = volume;
  const normal = weight({ volume, folders }, rules.normal, isNormalName);
  const abnormal = weight({ volume, folders }, rules.abnormal, isAbnormalName);
  if (placed) {
    if (normal > 0 && (normal === 3 || abnormal < 3)) return false;
    const text = `${name} has no mask; give it one (see docs/clinical.md), put it into a folder called good, or name it with --normal.`;
    throw new FusionclipError('bad_data', text);
  }
  if (normal !== abnormal) return abnormal > normal;
  const what = normal > 0 ? 'folders that are called normal and abnormal' : 'no folder that says normal or abnormal';
  const ways = `--normal NAME and --abnormal NAME say it of folders, patients (${patient}) and images, --normal '*' of all others`;
  const text = `${name} lies in ${what}, and has no mask; put it into one called normal or abnormal: ${ways}.`;
  throw new FusionclipError('bad_data', text);
}
