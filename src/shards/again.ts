import { type ErrorCode, FusionclipError } from '../base/errors.ts';
import { REFUSED } from '../dicomweb/refused.ts';

/** Failures of a shard that come back however often it is tried. */
export const FINAL_CODES: readonly ErrorCode[] = [
  ...(['usage', 'bad_data', 'bad_image', 'bad_model', 'not_finite', 'leak', 'too_large'] as const),
];

/** Whether a failure of a shard comes back however often it is tried; what another try may mend is none: a lost device, a full disk, the network. */
export function isFinal(error: unknown): boolean {
  return error instanceof FusionclipError && FINAL_CODES.includes(error.code);
}

/** What an error is about (`FusionclipError.about`) that is the fault of the machine where a shard is done: another one may do it. */
export const OF_WORKER = 'worker';

/** What the system says of a file that is not there, or not for us: another try brings the same. */
const LASTING = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EISDIR', 'ENAMETOOLONG', 'ELOOP']);

/** Failures that say nothing of an input: the GPU's, the model's, and those of who ended the work. */
const NOT_OF_INPUT: readonly ErrorCode[] = [
  ...(['interrupted', 'killed', 'device_lost', 'no_adapter', 'gpu_error', 'bad_model', 'too_large'] as const),
];

/** Whether an input that cannot be read is a row with its error: what the network or a disk did may be gone tomorrow, and is none. */
export function isOfInput(error: FusionclipError): boolean {
  if (error.code !== 'io') return !NOT_OF_INPUT.includes(error.code);
  const { code, name } = (error.cause ?? {}) as { code?: string; name?: string };
  if (LASTING.has(code ?? '') || name === 'NotFound') return true;
  // A token that has run out says nothing of a study.
  if (name === REFUSED) return false;
  const status = /\(status (\d+)\)|status (\d+);/.exec(error.message);
  if (status) return [400, 401, 403, 404, 405, 406, 410, 414, 451].includes(Number(status[1] ?? status[2]));
  return /^There is nothing at /.test(error.message);
}
