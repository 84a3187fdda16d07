import { FusionclipError } from '../../base/errors.ts';
import { stem } from '../../base/paths.ts';
import { sourceName } from '../audit/source_name.ts';
import { placeOf } from './place.ts';

/**
 * The rule that `group` names: whom an image is of, or null where it finds nobody.
 *
 * * `auto`: the file name without its last number, if a digit is left (`sourceName`)
 * * `folder`: the first folder between the class and the file
 * * a regular expression: its first group, or the match, in the file name or else in the path
 *
 * @throws FusionclipError `usage` for text that is no regular expression
 */
export function patientRule(group: string | null): (id: string, sub: string) => string | null {
  if (group === null) return () => null;
  if (group === 'auto') return (id) => sourceName(id);
  if (group === 'folder') return (_, sub) => sub.split('/')[0] || null;
  let rule: RegExp;
  try {
    rule = new RegExp(group);
  } catch (cause) {
    throw new FusionclipError('usage', `--group takes auto, folder or a regular expression, not "${group}".`, {
      cause,
    });
  }
  return (id) => {
    const match = rule.exec(stem(id)) ?? rule.exec(id);
    return match ? (match[1] ?? match[0]) : null;
  };
}

/** The rule of {@link patientRule} for the ids of images alone. */
export function patientOfId(group: string | null): (id: string) => string | null {
  const rule = patientRule(group);
  return (id) => rule(id, placeOf(id.slice(0, Math.max(0, id.lastIndexOf('/'))), new Set()).sub);
}
