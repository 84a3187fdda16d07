import type { DicomElement } from '../write.ts';
import { pointer } from './frames.ts';
import { type Code, coded, decimal, plainText, sequence } from './items.ts';

/** How an item of a report belongs to the one that holds it. */
export type Relation = 'CONTAINS' | 'HAS OBS CONTEXT' | 'HAS CONCEPT MOD' | 'INFERRED FROM' | 'HAS PROPERTIES';

/** An item of a report's content (PS3.3 C.17.3). */
export type ReportItem = readonly DicomElement[];

function item(relation: Relation, type: string, name: Code, value: readonly DicomElement[]): ReportItem {
  return [[0x0040a010, 'CS', relation], [0x0040a040, 'CS', type], coded(0x0040a043, name), ...value];
}

/** Words. */
export function textItem(relation: Relation, name: Code, text: string): ReportItem {
  return item(relation, 'TEXT', name, [[0x0040a160, 'UT', plainText(text, 1024)]]);
}

/** A concept. */
export function codeItem(relation: Relation, name: Code, value: Code, ...children: readonly ReportItem[]): ReportItem {
  return item(relation, 'CODE', name, [coded(0x0040a168, value), ...within(children)]);
}

/** A UID. */
export function uidItem(relation: Relation, name: Code, uid: string): ReportItem {
  return item(relation, 'UIDREF', name, [[0x0040a124, 'UI', uid]]);
}

/** A number with its unit. */
export function numberItem(name: Code, value: number, unit: Code, ...children: readonly ReportItem[]): ReportItem {
  return item('CONTAINS', 'NUM', name, [
    sequence(0x0040a300, [[0x0040a30a, 'DS', decimal(value)], coded(0x004008ea, unit)]),
    ...within(children),
  ]);
}

/** A picture, a frame of it, or a segment. */
export function imageItem(
  relation: Relation,
  name: Code,
  object: { readonly sopClass: string; readonly instance: string; readonly frame?: number | null },
  segment: number | null = null,
): ReportItem {
  const which: DicomElement[] = [...pointer(object)];
  if (object.frame) which.push([0x00081160, 'IS', String(object.frame)]);
  if (segment !== null) which.push([0x0062000b, 'US', [segment]]);
  return item(relation, 'IMAGE', name, [sequence(0x00081199, which)]);
}

/** Items together. */
export function containerItem(name: Code, ...children: readonly ReportItem[]): ReportItem {
  return item('CONTAINS', 'CONTAINER', name, [[0x0040a050, 'CS', 'SEPARATE'], ...within(children)]);
}

/** The items that an item holds. */
export function within(children: readonly ReportItem[]): DicomElement[] {
  return children.length > 0 ? [sequence(0x0040a730, ...children)] : [];
}
