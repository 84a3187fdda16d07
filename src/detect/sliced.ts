import { counted } from '../base/counted.ts';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import type { Dataset, Sample } from '../data/layout/dataset.ts';
import { type DataRules, dataRules } from '../data/layout/rules.ts';
import type { RunListener } from '../run/events.ts';
import { stage } from '../run/events.ts';
import { spacings } from '../volume/geometry.ts';
import type { SliceSet } from '../volume/slice_set.ts';
import type { SlicedVolume, SliceRules } from '../volume/sliced_volume.ts';
import { slicedFiles } from '../volume/volume_files.ts';

/** Who reads a data set, and by what rules. */
interface Reader {
  readonly fs: FileSystem;
  readonly onEvent?: RunListener;
}

/**
 * The context and rules to read a data set with: as they are for pictures; for a folder of DICOM series or NIfTI volumes with a
 * file system that shows it as their slices, and by patient where nothing else is said; `set` is what they are. Single images are
 * pictures of patients: they have no `volumes`.
 * @throws FusionclipError as `openSliceSet`
 */
export async function sliced<C extends Reader, R extends SliceRules & Pick<DataRules, 'group' | 'range'>>(
  context: C,
  path: string,
  rules: R,
): Promise<{ context: C; rules: R; volumes: readonly SlicedVolume[] | null; set: SliceSet | null }> {
  const progress = stage(context.onEvent ?? (() => {}), 'a look at the volumes');
  const found = await slicedFiles(context.fs, path, rules, (done, total) => progress(done, total));
  if (!found) return { context, rules, volumes: null, set: null };
  context.onEvent?.({ type: 'note', text: volumeLines(found.set).join('\n') });
  // Which values of a volume are black and white its window says, and a slice at its end may be dark.
  const range = rules.range === 'auto' ? 'full' : rules.range;
  return {
    context: { ...context, fs: found.fs },
    // The masks of slices are made by `mask.values` and hold nothing else; what is normal has been told.
    rules: {
      ...rules,
      ...{ range, window: found.set.window.text, group: rules.group ?? 'folder', 'mask.values': null },
      ...{ normal: [], abnormal: [] },
      skipped: found.set.skipped,
    },
    volumes: found.set.volumes.every(({ placed }) => placed) ? found.set.volumes : null,
    set: found.set,
  };
}

/** Refuses the flags of volumes, where pictures are read: `usage`, by the name of the first that is given. */
export function refuseForPictures(given: Readonly<Record<string, boolean>>): void {
  const flag = Object.keys(given).find((name) => given[name]);
  if (flag) throw forVolumesAlone(flag);
}

function forVolumesAlone(flag: string): FusionclipError {
  return new FusionclipError('usage', `${flag} is for volumes, and these are pictures; leave it out.`);
}

/** {@link refuseForPictures} of rules to read a data set by: those that were given, or all with their defaults. */
export function refuseRulesOfVolumes(given: Partial<DataRules>): void {
  const { window, plane, accept, volume } = dataRules(given);
  refuseForPictures({
    ...{ '--window': window !== 'auto', '--plane': plane !== 'auto' },
    ...{ '--accept': accept !== '', '--volume': volume !== null },
  });
}

/**
 * Whether all slices of each volume are in one split, as they are where patients are told apart at all.
 * @throws FusionclipError `usage` for a volume that is torn
 */
export function requireWholeVolumes(volumes: readonly SlicedVolume[] | null, { splits }: Dataset): void {
  const [valid, test] = [splits.valid, splits.test].map((samples) => new Set(samples.map(({ id }) => id)));
  const torn = volumes?.find(({ stacks }) => {
    const ids = stacks.flatMap(({ slices }) => slices.filter((id) => id !== null));
    return ids.some((id) => valid.has(id)) && ids.some((id) => test.has(id));
  });
  if (torn) {
    throw new FusionclipError(
      'usage',
      `By this --group slices of ${torn.name} are in both splits; give a rule by which a volume is of one patient, or none.`,
    );
  }
}

/**
 * Those of some samples that lie on every `stride`-th slice of their volume, from its first on.
 * @throws FusionclipError `usage` for pictures, and where nothing is left of a volume
 */
export function stridden(
  samples: readonly Sample[],
  volumes: readonly SlicedVolume[] | null,
  stride: number,
): readonly Sample[] {
  if (stride === 1) return samples;
  if (!volumes) throw forVolumesAlone('--stride');
  const all = new Set(samples.map(({ id }) => id));
  const kept = new Set<string>();
  for (const { name, stacks } of volumes) {
    const own = (every: number) =>
      stacks.flatMap(({ slices }) =>
        slices.filter((id, k) => k % every === 0 && id !== null && all.has(id)),
      ) as string[];
    const some = own(stride);
    if (some.length === 0 && own(1).length > 0) {
      throw new FusionclipError(
        'usage',
        `--stride ${stride} leaves no slice of ${name} to be scored; give a smaller one.`,
      );
    }
    for (const id of some) kept.add(id);
  }
  return samples.filter(({ id }) => kept.has(id));
}

/** What was found, for people: a line a volume, and what was accepted or left out. */
export function volumeLines({ volumes, window, notes }: SliceSet): string[] {
  const patients = new Set(volumes.map(({ patient }) => patient)).size;
  const said = [`  grey levels of all: ${window.text} (${window.from})`, ...notes.map((note) => `  note: ${note}`)];
  if (volumes.some(({ placed }) => !placed)) return [...imageLines(volumes, patients), ...said];
  const lines = volumes.map(({ name, patient, kind, shape, affine, window, normal, abnormal, empty }) => {
    const size = `${shape.join('×')}, ${spacings(affine)
      .map((mm) => Number(mm.toFixed(3)))
      .join('×')} mm`;
    const slices = `${abnormal} slices with lesions, ${normal} without, ${empty} empty left out`;
    return `  ${patient}: ${kind} ${name}, ${size}, ${window}; ${slices}`;
  });
  return [`volumes: ${volumes.length} of ${patients} patients`, ...lines, ...said];
}

/** Single images together, as there may be thousands: sizes, pixels, and how they are shown. */
function imageLines(images: readonly SlicedVolume[], patients: number): string[] {
  const abnormal = images.reduce((sum, image) => sum + image.abnormal, 0);
  const masks = images.filter(({ lesions }) => lesions !== null).length;
  const range = (values: readonly number[]) => {
    const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
    return low === high ? String(low) : `${low} to ${high}`;
  };
  const shown = new Map<string, number>();
  for (const { window } of images) shown.set(window, (shown.get(window) ?? 0) + 1);
  const [across, down] = [0, 1].map((axis) => range(images.map(({ shape }) => shape[axis])));
  return [
    `single images: ${images.length} of ${counted(patients, 'patient')}, ${abnormal} abnormal (${counted(masks, 'mask')}), ${images.length - abnormal} normal`,
    `  ${across} × ${down} pixels`,
    ...[...shown].map(([window, count]) => `  ${count} shown by ${window}`),
  ];
}
