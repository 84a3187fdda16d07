import { heatColours } from '../../src/data/heat_map.ts';

/** Colour maps by name: 256 RGB triples each. */
export const COLOURS = {
  heat: { title: 'heat', table: heatColours },
  viridis: {
    title: 'viridis',
    table: () =>
      between(['440154', '482878', '3e4989', '31688e', '26828e', '1f9e89', '35b779', '6ece58', 'b5de2b', 'fde725']),
  },
  red: { title: 'red', table: () => between(['ff3b30', 'ff3b30']) },
  grey: { title: 'grey', table: () => between(['000000', 'ffffff']) },
} as const;

/** The name of one of {@link COLOURS}. */
export type ColourName = keyof typeof COLOURS;

/** Straight lines between colours. */
function between(stops: readonly string[]): Uint8Array {
  const out = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (stops.length - 1);
    const first = Math.min(stops.length - 2, Math.floor(at));
    for (let c = 0; c < 3; c++) {
      const [a, b] = [first, first + 1].map((k) => Number.parseInt(stops[k].slice(2 * c, 2 * c + 2), 16));
      out[3 * i + c] = Math.round(a + (b - a) * (at - first));
    }
  }
  return out;
}
