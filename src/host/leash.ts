import process from 'node:process';

/** Variable that tells a program that its standard input ends with the process that has started it. */
export const LEASH = 'FUSIONCLIP_LEASH';

/**
 * Ends this process when the one that has started it is gone, however that ended: nobody would see what it does, and
 * nobody could stop it. It ends at once, as files are whole at any moment.
 */
export function endWithLauncher(): void {
  if (!process.env[LEASH]) return;
  delete process.env[LEASH];
  const end = (): void => process.exit(1);
  const { stdin } = process;
  stdin.once('end', end).once('close', end).once('error', end).resume();
  // A program that has come to its end does not wait for its launcher's.
  (stdin as { unref?: () => void }).unref?.();
}
