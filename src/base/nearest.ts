/**
 * The names that an unknown one may stand for, at most three and most likely first: those with it, or one of its words, as a part
 * (`nctx`: `prompt.nctx`; `lr`: `lr.adapter`, …; `batch-size`: `batch`, `size`), else the one that is fewest letters apart.
 */
export function nearestNames(given: string, names: readonly string[]): string[] {
  const words = given.toLowerCase().split(/[-_.]/).filter(Boolean);
  const parts = (name: string) => name.toLowerCase().split('.');
  const whole = names.filter((name) => parts(name).includes(given.toLowerCase()));
  if (whole.length > 0) return whole.slice(0, 3);
  const near = nearest(given, names);
  if (near !== undefined) return [near];
  const some = names.filter((name) => parts(name).every((part) => words.includes(part)));
  return some.slice(0, 3);
}

/** A list of names as an advice, or `otherwise`. */
export function advice(names: readonly string[], otherwise: string): string {
  if (names.length === 0) return otherwise;
  const [last, ...rest] = [...names].reverse();
  return `did you mean ${rest.length > 0 ? `${rest.reverse().join(', ')} or ${last}` : last}?`;
}

/** The name that takes the fewest changes of letters, at most three and fewer than most of them. */
function nearest(given: string, names: readonly string[]): string | undefined {
  const near = names
    .map((name) => ({ name, changes: changes(given, name), length: Math.max(given.length, name.length) }))
    .filter((one) => one.changes <= 3 && one.changes < 0.6 * one.length)
    .sort((a, b) => a.changes - b.changes);
  return near[0]?.name;
}

/** Letters to add, drop, exchange or swap with their neighbour until `a` reads as `b`. */
function changes(a: string, b: string): number {
  const least = Array.from({ length: a.length + 1 }, (_, i) => [i]);
  for (let j = 1; j <= b.length; j++) least[0][j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const other = a[i - 1] === b[j - 1] ? 0 : 1;
      least[i][j] = Math.min(least[i - 1][j] + 1, least[i][j - 1] + 1, least[i - 1][j - 1] + other);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwapped) least[i][j] = Math.min(least[i][j], least[i - 2][j - 2] + 1);
    }
  }
  return least[a.length][b.length];
}
