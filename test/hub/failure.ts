import { expect } from 'vitest';
import { FusionclipError } from '../../src/base/errors.ts';

/** The error with which `work` fails. */
export async function failure(work: Promise<unknown>): Promise<FusionclipError> {
  const error = await work.then(
    () => null,
    (e) => e,
  );
  expect(error).toBeInstanceOf(FusionclipError);
  return error;
}
