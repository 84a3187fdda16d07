import { FusionclipError } from './errors.ts';

/**
 * How a server is asked with a token: one of two words says itself how it is to be used, `Basic …`.
 * @param from the variable that it comes from
 * @throws FusionclipError `usage` for a token that no request can carry; runtimes would repeat it in their own words
 */
export function authorizationOf(token: string, from: string): string {
  if (!/^[\t -~]*$/.test(token)) {
    const text = `${from} holds what no token has (a line break, a letter of another script); copy it again.`;
    throw new FusionclipError('usage', text);
  }
  return /\s/.test(token) ? token : `Bearer ${token}`;
}
