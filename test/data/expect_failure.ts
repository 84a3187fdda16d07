import { assert } from 'chai';
import { type ErrorCode, FusionclipError } from '../../src/base/errors.ts';

/** Runs `work` and asserts that it fails with a `FusionclipError` of this code whose message matches every pattern. */
export async function expectFailure(code: ErrorCode, patterns: readonly RegExp[], work: () => unknown): Promise<void> {
  let failure: unknown;
  try {
    await work();
  } catch (error) {
    failure = error;
  }
  assert.instanceOf(failure, FusionclipError, 'expected a FusionclipError');
  const { code: actual, message } = failure as FusionclipError;
  assert.equal(actual, code, message);
  for (const pattern of patterns) assert.match(message, pattern);
}
