import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { methodPreset } from '../fusion/index.ts';
import type { RunListener } from '../run/events.ts';
import { FolderLock } from '../run/lock.ts';
import type { RunConfig } from '../run/run_config.ts';
import { BEST, LATEST, type RunFolder } from '../run/run_folder.ts';
import type { RunState } from '../run/run_state.ts';
import { checkWeights, readState } from './checkpoint.ts';

/** What a run needs before it writes and after it was broken off; experiment.ts has the run itself. */

/** The state that a run goes on from; null, which is said, where it has none and begins again. */
export async function lastState(
  fs: FileSystem,
  folder: RunFolder,
  { fusion }: RunConfig,
  onEvent: RunListener,
): Promise<RunState | null> {
  const latest = folder.file(LATEST);
  if (!(await fs.stat(latest))) {
    const text = `${folder.path} has no ${LATEST}, so its training begins again at step 1.`;
    if (methodPreset(fusion.method).trained) onEvent({ type: 'note', text });
    return null;
  }
  const state = await readState(fs, latest);
  // They are known to be needed only after hours, and to be beyond repair then.
  if (state.best) await checkWeights(fs, folder.file(BEST));
  return state;
}

/** Takes the folder of a run; see {@link FolderLock.take}. */
export function takeFolder(
  { fs, onEvent }: { readonly fs: FileSystem; readonly onEvent?: RunListener },
  out: string,
): Promise<FolderLock> {
  return FolderLock.take(fs, out, (text) => onEvent?.({ type: 'note', text }));
}

/** How a run goes on that a failure has ended. */
export function resumeAdvice(out: string): string {
  return `go on with fusionclip train --resume --out ${out}`;
}

/** A failure of files, a full disk above all, with how to go on when it is mended. */
export function resumable(error: unknown, out: string): unknown {
  if (!(error instanceof FusionclipError) || error.code !== 'io') return error;
  const text = `${error.message.replace(/\.$/, '')}; then ${resumeAdvice(out)}.`;
  return new FusionclipError('io', text, { cause: error });
}
