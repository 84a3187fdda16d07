import { FusionclipError } from '../base/errors.ts';
import { isStudyAddress } from '../dicomweb/address.ts';

/** The start of an address; the drive of a path has one letter. */
const SCHEME = /^([a-z][a-z0-9+.-]+):\/\//i;

/**
 * Refuses an address that no worker can read, or that a plan would give away: each would be a row with the same error.
 * @param where what names it, as a sentence begins
 * @throws FusionclipError `bad_data`
 */
export function requireReadable(path: string, where: string): void {
  const [, scheme] = SCHEME.exec(path) ?? [];
  if (scheme === undefined) return;
  const refuse = (text: string) => new FusionclipError('bad_data', `${where} is an address ${text}.`);
  if (!/^https?$/.test(scheme)) throw refuse(`of ${scheme}:, which is not read; give a path, or one of https:`);
  if (/^[^/]*\/\/[^/?#]*@/.test(path)) throw refuse('with a password, which the plan would keep; take it out');
  if (isStudyAddress(path)) throw refuse('of a DICOMweb server; give it to plan archive with dicomweb: before it');
}
