import type { FileSystem } from '../base/file_system.ts';
import type { DataRules } from '../data/layout/rules.ts';
import type { RunListener } from '../run/events.ts';
import { stage } from '../run/events.ts';
import type { SliceRules, SliceSet } from '../volume/slice_set.ts';
import { slicedFiles } from '../volume/volume_files.ts';

/** Who reads a data set, and by what rules. */
interface Reader {
  readonly fs: FileSystem;
  readonly onEvent?: RunListener;
}

/**
 * The context and rules to read a data set with: as they are for pictures; for a folder of DICOM series or NIfTI volumes with a
 * file system that shows it as their slices, and by patient where nothing else is said; `set` is what they are.
 * @throws FusionclipError as `openSliceSet`
 */
export async function sliced<C extends Reader, R extends SliceRules & Pick<DataRules, 'group' | 'range'>>(
  context: C,
  path: string,
  rules: R,
): Promise<{ context: C; rules: R; set: SliceSet | null }> {
  const progress = stage(context.onEvent ?? (() => {}), 'a look at the volumes');
  const found = await slicedFiles(context.fs, path, rules, (done, total) => progress(done, total));
  if (!found) return { context, rules, set: null };
  context.onEvent?.({ type: 'note', text: volumeLines(found.set).join('\n') });
  // Which values of a volume are black and white its window says, and a slice at its end may be dark.
  const range = rules.range === 'auto' ? 'full' : rules.range;
  return {
    context: { ...context, fs: found.fs },
    rules: { ...rules, range, group: rules.group ?? 'folder' },
    set: found.set,
  };
}

/** What was found, for people: a line a volume, and what was accepted or left out. */
export function volumeLines({ volumes, notes }: SliceSet): string[] {
  const patients = new Set(volumes.map(({ patient }) => patient)).size;
  const lines = volumes.map(({ name, patient, kind, shape, spacing, window, normal, abnormal, empty }) => {
    const size = `${shape.join('×')}, ${spacing.map((mm) => Number(mm.toFixed(3))).join('×')} mm`;
    const slices = `${abnormal} slices with lesions, ${normal} without, ${empty} empty left out`;
    return `  ${patient}: ${kind} ${name}, ${size}, ${window}; ${slices}`;
  });
  return [`volumes: ${volumes.length} of ${patients} patients`, ...lines, ...notes.map((note) => `  note: ${note}`)];
}
