import { joined } from '../../base/bytes.ts';
import type { DataSet, Element, Writing } from '../data_set.ts';
import { type DicomElement, encodeElements, headOf, markOf } from '../write.ts';

/** What becomes of an element: `keep` it, with its items gone through, `remove` it, or another value; of packed pixels all their parts. */
export type Change = 'keep' | 'remove' | { readonly value: Uint8Array };

/** Decides on each element of a data set and of the items in it. */
export type ChangeRule = (element: Element, within: DataSet) => Change;

const UNDEFINED = 0xffffffff;

/**
 * A data set in the writing that it has, with some elements changed. Lengths of groups go, lengths of sequences are stated; pixels stay
 * as they are, packed or not. Sequences of which a file does not say that they are (implicit files) are known by how they begin.
 * @param added elements of the outermost level, in place of those with the same tag; explicit or implicit as the data set is, little endian
 */
export function rewritten(dataSet: DataSet, rule: ChangeRule, added: readonly DicomElement[] = []): Uint8Array {
  const { writing } = dataSet;
  const own = new Map(added.map((element) => [element[0], element]));
  const parts = new Map<number, Uint8Array[]>();
  for (const element of dataSet.elements.values()) {
    if ((element.tag & 0xffff) === 0 || own.has(element.tag)) continue;
    const part = changed(element, dataSet, rule);
    if (part) parts.set(element.tag, part);
  }
  for (const [tag, element] of own) parts.set(tag, [encodeElements([element], writing)]);
  return joined([...parts].sort(([a], [b]) => a - b).flatMap(([, part]) => part));
}

/** The items of an element, or null where it is no sequence. Throws where one that says that it is cannot be read. */
export function itemsOf(element: Element, within: DataSet): readonly DataSet[] | null {
  const { vr, items, tag, fragments } = element;
  if (fragments) return null;
  if (items || vr === 'SQ') return within.items(tag);
  if (vr !== '' && vr !== 'UN') return null;
  const start = within.value(element).subarray(0, 4).join();
  return start === '254,255,0,224' || start === '255,254,224,0' ? within.items(tag) : null;
}

function changed(element: Element, within: DataSet, rule: ChangeRule): Uint8Array[] | null {
  const change = rule(element, within);
  if (change === 'remove') return null;
  const { writing } = within;
  if (element.fragments) {
    const value = change === 'keep' ? within.value(element) : change.value;
    const end = markOf(0xe0dd, writing);
    const closed = value.length >= 8 && value.subarray(-8).join() === end.join();
    return [headOf(element, UNDEFINED, writing), value, ...(closed ? [] : [end])];
  }
  if (change !== 'keep') return withHead(element, even(change.value), writing);
  const items = itemsOf(element, within);
  if (!items) return withHead(element, even(within.value(element)), writing);
  const parts = items.flatMap((item) => {
    const bytes = rewritten(item, rule);
    return [markOf(0xe000, item.writing, bytes.length), bytes];
  });
  return withHead(element, joined(parts), writing);
}

function withHead(element: Element, value: Uint8Array, writing: Writing): Uint8Array[] {
  return [headOf(element, value.length, writing), value];
}

function even(bytes: Uint8Array): Uint8Array {
  return bytes.length % 2 ? joined([bytes, new Uint8Array(1)]) : bytes;
}
