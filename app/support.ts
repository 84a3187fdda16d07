import type { SupportChoice } from './protocol/training.ts';

/** One of the two classes. */
export type ClassName = keyof SupportChoice;

/** The first images of each class in the order of the draw: what a training takes that is told nothing else. */
export function drawn(order: SupportChoice, shots: number): SupportChoice {
  return { normal: order.normal.slice(0, shots), abnormal: order.abnormal.slice(0, shots) };
}

/** With another image in the place of one: the next in the order of the draw that is not there yet. */
export function exchanged(support: SupportChoice, order: SupportChoice, of: ClassName, id: string): SupportChoice {
  const [all, own] = [order[of], support[of]];
  const at = all.indexOf(id);
  const next = [...all.slice(at + 1), ...all.slice(0, at)].find((each) => !own.includes(each));
  return next === undefined ? support : { ...support, [of]: own.map((each) => (each === id ? next : each)) };
}

/** Without an image; the last of its class stays. */
export function withoutImage(support: SupportChoice, of: ClassName, id: string): SupportChoice {
  const left = support[of].filter((each) => each !== id);
  return left.length === 0 ? support : { ...support, [of]: left };
}
