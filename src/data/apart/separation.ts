/** How clearly a property tells two groups of images apart. */
export interface Separation {
  /** The largest distance between the distributions, of Kolmogorov and Smirnov: 1 where they have no value in common. */
  readonly distance: number;
  /** How likely a distance of at least this is where the groups do not differ: exact, at most too high. */
  readonly chance: number;
}

/** Larger groups count as so many: what is unlikely among these is more so among more. */
const ENOUGH = 60;

/** Names beyond this are as good as numbers of the images. */
const MOST_NAMES = 8;

/** Compares numbers. */
export function separation(a: readonly number[], b: readonly number[], looks = 1): Separation {
  const all = [...a.map((value) => ({ value, own: 1 })), ...b.map((value) => ({ value, own: 0 }))];
  all.sort((p, q) => p.value - q.value);
  let [first, second, distance] = [0, 0, 0];
  all.forEach(({ value, own }, i) => {
    if (own) first++;
    else second++;
    if (all[i + 1]?.value !== value) distance = Math.max(distance, Math.abs(first / a.length - second / b.length));
  });
  return { distance, chance: Math.min(1, looks * tail(distance, a.length, b.length)) };
}

/** Compares names, in the order that tells most; that there were others to choose from is allowed for. */
export function nameSeparation(a: readonly string[], b: readonly string[]): Separation {
  const names = [...new Set([...a, ...b])];
  if (names.length < 2 || names.length > MOST_NAMES) return { distance: 0, chance: 1 };
  const share = (all: readonly string[], name: string) => all.filter((one) => one === name).length / all.length;
  const lead = new Map(names.map((name) => [name, share(a, name) - share(b, name)]));
  const order = new Map(names.sort((p, q) => lead.get(p)! - lead.get(q)!).map((name, i) => [name, i]));
  const places = (all: readonly string[]) => all.map((name) => order.get(name)!);
  return separation(places(a), places(b), 2 ** (names.length - 1) - 1);
}

/**
 * P(D ≥ distance) of groups of n and m that do not differ, without ties: the share of the ways from (0, 0) to (n, m) that go
 * so far from the straight one.
 */
export function tail(distance: number, n: number, m: number): number {
  const [first, second] = [Math.min(n, ENOUGH), Math.min(m, ENOUGH)];
  if (first === 0 || second === 0 || distance <= 0) return 1;
  const limit = distance - 1e-9;
  const inside = new Float64Array(second + 1).fill(0);
  for (let j = 0; j <= second; j++) inside[j] = j / second < limit ? 1 : 0;
  for (let i = 1; i <= first; i++) {
    const weight = i / (i + second);
    inside[0] = i / first < limit ? weight * inside[0] : 0;
    for (let j = 1; j <= second; j++) {
      const near = Math.abs(i / first - j / second) < limit;
      inside[j] = near ? weight * inside[j] + inside[j - 1] : 0;
    }
  }
  return Math.max(0, 1 - inside[second]);
}
