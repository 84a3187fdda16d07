import { smooth } from './arithmetic.ts';
import type { Stage } from './stage.ts';

/** Amounts of the two stains, and what shapes them. */
export interface Tissue {
  /** Eosin: stroma, cytoplasm, blood. */
  readonly pink: Float32Array;
  /** Haematoxylin: nuclei. */
  readonly blue: Float32Array;
  /** Where nuclei are dense: about unit variance. */
  readonly density: Float32Array;
  /** Chromatin texture. */
  readonly grain: Float32Array;
  /** 1 in fat and vessels, where there is nothing. */
  readonly empty: Float32Array;
}

/** Healthy tissue: stroma with fibres, fat and vessels, and a wash of haematoxylin. */
export function makeTissue(stage: Stage): Tissue {
  const r = stage.anatomy;
  const { size } = stage;
  stage.pose({ scaleX: 1, scaleY: 1, turn: r.next(), shiftX: 0, shiftY: 0, bend: 0.08 });
  // Fibres are waves across one direction, bent by noise.
  const fibres = stage.noise(3, 34);
  const broad = stage.fractal(5, 2);
  const wave = stage.noise(4);
  const density = stage.noise(r.range(2.5, 4.5));
  const grain = stage.noise(Math.min(size / 2.5, 60));
  const holes = stage.noise(r.range(4, 7));
  const [gaps, edge] = [r.chance(0.45) ? r.range(1.1, 1.7) : 9, 0.18];
  const base = r.range(0.28, 0.5);
  const [fibre, blotch] = [r.range(0.06, 0.2), r.range(0.03, 0.1)];
  const rows = turned(fibres, stage);
  const empty = holes.map((h) => smooth((h - gaps) / edge));
  const pink = new Float32Array(size * size);
  for (let i = 0; i < pink.length; i++) {
    const strand = smooth(0.5 + 0.5 * rows[i] + 0.25 * wave[i]);
    pink[i] = (base + fibre * (strand - 0.5) * 2 * smooth(0.6 - 0.5 * density[i]) + blotch * broad[i]) * (1 - empty[i]);
  }
  // A wash of haematoxylin that all tissue takes.
  const blue = pink.map((p) => 0.12 * p);
  return { pink, blue, density, grain, empty };
}

/** Samples a field along the anatomy's own (turned) axes, nearest pixel, repeating by reflection. */
function turned(field: Float32Array, { size, u, v }: Stage): Float32Array {
  const fold = (x: number) => {
    const t = Math.abs(x + 1) % 4;
    return Math.min(size - 1, Math.floor(((t > 2 ? 4 - t : t) * size) / 2));
  };
  return field.map((_, i) => field[fold(v[i]) * size + fold(u[i])]);
}
