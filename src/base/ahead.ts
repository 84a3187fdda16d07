/**
 * The results of some work on each item, in the order of the items, with up to `most` of them at work at a time.
 * Fails where the work on the next item has failed; nobody waits for those behind it then.
 */
export async function* ahead<T, R>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void> {
  const begun: Promise<R>[] = [];
  for (let next = 0; next < items.length || begun.length > 0; ) {
    while (next < items.length && begun.length < most) {
      const result = work(items[next++]);
      result.catch(() => {});
      begun.push(result);
    }
    yield await begun.shift()!;
  }
}
