import { bell, mix, smooth, unit } from './arithmetic.ts';
import { fractalField } from './noise.ts';
import type { Random } from './random.ts';
import type { Retina } from './retina.ts';
import type { Stage } from './stage.ts';

/** A dome over columns: 1 at the centre, 0 beyond `half` on either side; a bell at `round` 0, a blister at 1. */
function dome(x: number, at: number, half: number, round: number): number {
  const d = (x - at) / half;
  const s = 1 - d * d;
  return s <= 0 ? 0 : mix(s * s, s * (2 - s), round);
}

/** A place in the picture that leaves room for something of this half-width. */
export function placeAlong(random: Random, half: number): number {
  return random.range(-0.95 + half, 0.95 - half);
}

/** Raises an array of heights by a dome. */
export function raise(
  heights: Float64Array,
  retina: Retina,
  at: number,
  half: number,
  height: number,
  round = 0,
): void {
  for (let x = 0; x < heights.length; x++) heights[x] += height * dome(retina.x[x], at, half, round);
}

/** Cavities of fluid within the swollen middle layers, with thin walls between; drawn after the retina. */
export function drawCavities(stage: Stage, retina: Retina, at: number, half: number, level: number): void {
  const { size, values } = stage;
  const r = stage.disease;
  const cells = fractalField(size, r.u32(), r.range(11, 17), 1);
  const uneven = fractalField(size, r.u32(), 10, 1);
  for (let i = 0; i < values.length; i++) {
    const t = retina.layer[i];
    if (t < 0.26 || t > 0.84) continue;
    const x = retina.x[i % size];
    const d = Math.abs(x - at) / half + 0.12 * uneven[i];
    const span = smooth((1 - d) / 0.25) * smooth((t - 0.28) / 0.05) * smooth((0.82 - t) / 0.05);
    const hole = span * smooth((Math.abs(cells[i]) - 0.2) / 0.22);
    values[i] = mix(values[i], level, hole);
    stage.mark(i, span);
  }
}

/** Marks swollen retina as lesion where it is at least `least` thicker than healthy. */
export function markSwelling(stage: Stage, retina: Retina, least: number): void {
  for (let i = 0; i < stage.values.length; i++) {
    const t = retina.layer[i];
    if (t >= 0.12 && t <= 0.9 && retina.swelling[i % stage.size] >= least) stage.mark(i, 1);
  }
}

/** Hard exudates: bright grains in the middle layers, with shadows below. */
export function drawExudates(stage: Stage, retina: Retina, at: number, half: number, count: number): void {
  const { size, values } = stage;
  const r = stage.disease;
  for (let k = 0; k < count; k++) {
    const [cx, t, radius] = [at + half * r.range(-1, 1), r.range(0.3, 0.62), r.range(0.018, 0.04)];
    const column = Math.min(size - 1, Math.max(0, Math.floor(((cx + 1) * size) / 2)));
    const top = retina.surface(column);
    const cy = top + t * (retina.epithelium(column) - retina.fluid[column] - top);
    for (let x = 0; x < size; x++) {
      const dx = (retina.x[x] - cx) / radius;
      if (dx * dx > 9) continue;
      for (let y = 0, i = x; y < size; y++, i += size) {
        const dy = ((2 * y + 1) / size - 1 - cy) / radius;
        const spot = smooth(1.5 - Math.sqrt(dx * dx + dy * dy));
        values[i] = mix(values[i], 0.95, spot) * (dy > 1 ? 1 - 0.35 * bell(dx) : 1);
        if (spot > 0.5) stage.mark(i, 1);
      }
    }
  }
}

/** A membrane of new vessels: a bright uneven mass upon the pigment epithelium, within the fluid or pocket marked. */
export function drawMembrane(stage: Stage, retina: Retina, at: number, half: number, height: number): void {
  const { size, values } = stage;
  const r = stage.disease;
  const uneven = fractalField(size, r.u32(), 12, 2);
  const level = r.range(0.5, 0.85);
  for (let x = 0; x < size; x++) {
    const tall = height * dome(retina.x[x], at, half, 0.6);
    if (tall <= 0) continue;
    const base = retina.floor[x];
    for (let y = 0, i = x; y < size; y++, i += size) {
      const e = base - ((2 * y + 1) / size - 1);
      const c = smooth((tall - e) / 0.03 + 0.5) * smooth(e / 0.02 + 0.5) * unit(tall / 0.05);
      values[i] = mix(values[i], level * (1 + 0.22 * uneven[i]), 0.92 * c);
      stage.mark(i, c);
    }
  }
}
