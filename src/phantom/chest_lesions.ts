import { bell, mix, smooth } from './arithmetic.ts';
import type { LesionKind } from './family.ts';
import { fractalField, noiseField } from './noise.ts';
import { drawVessel, forBlob, inside, randomBlob } from './shapes.ts';
import type { Stage } from './stage.ts';

/** The kinds of lesion that the chest may have, and what captions call them. */
export const CHEST_KINDS: readonly LesionKind[] = [
  { name: 'opacity', phrases: ['a hazy opacity', 'a ground-glass opacity'] },
  { name: 'consolidation', phrases: ['a consolidation', 'a dense consolidation'] },
  { name: 'effusion', phrases: ['a pleural effusion', 'fluid above the diaphragm'] },
  { name: 'nodules', phrases: ['round nodules', 'lung nodules'] },
  { name: 'cavity', phrases: ['a cavity', 'a ring-shaped cavity'] },
  { name: 'reticulation', phrases: ['a reticular pattern', 'fine lines in the lung'] },
];

/** Draws one kind of lesion into the lungs; `domes` are the heights of the diaphragm, picture's left and right. */
export function drawChestLesion(
  stage: Stage,
  kind: string,
  lungs: Float32Array,
  domes: readonly [number, number],
): void {
  const r = stage.disease;
  const strength = r.range(0.85, 1.25);
  if (kind === 'effusion') {
    drawEffusion(stage, lungs, domes);
    return;
  }
  const counts: Record<string, [number, number]> = { opacity: [1, 2], nodules: [2, 5], reticulation: [1, 2] };
  const count = r.int(...(counts[kind] ?? [1, 1]));
  const first = r.sign();
  for (let k = 0; k < count; k++) {
    const side = k % 2 === 0 ? first : -first;
    const small = kind === 'nodules' || kind === 'cavity';
    const y = small ? r.range(-0.5, 0.4) : r.range(-0.35, 0.32);
    // The heart leaves less room on the picture's right.
    const x = side * r.range(side > 0 && y > 0 ? 0.44 : 0.3, 0.54);
    DRAW[kind](stage, x, y, strength, count, lungs);
  }
}

type Draw = (stage: Stage, x: number, y: number, strength: number, count: number, lungs: Float32Array) => void;

const DRAW: Record<string, Draw> = {
  /** A haze through which vessels are seen, uneven, without an edge. */
  opacity(stage, x, y, strength, count, lungs) {
    const r = stage.disease;
    const blob = randomBlob(r, x, y, 0.3 / Math.sqrt(count), 0.42 / Math.sqrt(count), 0.2);
    const patches = fractalField(stage.size, r.u32(), 11, 2);
    forBlob(stage, blob, 1.5, (i, q) => {
      const c = inside(q, 0.6) * lungs[i];
      stage.values[i] += 0.14 * strength * c * (1 + 0.45 * patches[i]);
      stage.mark(i, c);
    });
  },
  /** Lung without air: dense, with an irregular edge, and dark airways that run through it. */
  consolidation(stage, x, y, strength, _, lungs) {
    const r = stage.disease;
    const blob = randomBlob(r, x, y, 0.22, 0.34, 0.25);
    const airways = new Float32Array(stage.size * stage.size);
    const direction = x > 0 ? r.range(-0.1, 0.1) : r.range(0.4, 0.6);
    const start = { x: x - (x > 0 ? 0.2 : -0.2), y, direction };
    drawVessel(airways, stage.size, r, { ...start, length: 0.28, width: 0.024, forks: 2 });
    const patches = fractalField(stage.size, r.u32(), 13, 2);
    forBlob(stage, blob, 1.4, (i, q) => {
      const c = inside(q, 0.3) * lungs[i];
      const add = 0.25 * strength + 0.03 * patches[i] - 0.12 * airways[i];
      stage.values[i] += c * add;
      stage.mark(i, c);
    });
  },
  /** Round, of even density, several. */
  nodules(stage, x, y, strength, count, lungs) {
    const r = stage.disease;
    const blob = randomBlob(r, x, y, 0.085, count < 3 ? 0.17 : 0.13, 0.05);
    const density = r.range(0.15, 0.22) * strength;
    forBlob(stage, blob, 1.3, (i, q) => {
      const c = inside(q, 0.25);
      stage.values[i] += density * c * mix(0.3, 1, lungs[i]) * (1.15 - 0.3 * q);
      stage.mark(i, c * smooth(2 * lungs[i]));
    });
  },
  /** A wall about air, often with a level of fluid. */
  cavity(stage, x, y, strength, _, lungs) {
    const r = stage.disease;
    const blob = randomBlob(r, x, y, 0.16, 0.25, 0.08);
    const level = blob.y + blob.ry * r.range(0.05, 0.6);
    const wall = r.range(0.2, 0.3) * strength;
    forBlob(stage, blob, 1.5, (i, q) => {
      const c = inside(q, 0.15) * mix(0.3, 1, lungs[i]);
      const fluid = smooth((stage.v[i] - level) / 0.015 + 0.5);
      const ring = bell((q - 0.85) / 0.16);
      stage.values[i] += c * mix(mix(-0.07, 0.16 * strength, fluid), wall, ring);
      stage.mark(i, c);
    });
  },
  /** A net of fine lines. */
  reticulation(stage, x, y, strength, count, lungs) {
    const r = stage.disease;
    const blob = randomBlob(r, x, y, 0.34 / Math.sqrt(count), 0.44 / Math.sqrt(count), 0.15);
    const first = noiseField(stage.size, r.u32(), 26);
    const second = noiseField(stage.size, r.u32(), 26);
    forBlob(stage, blob, 1.4, (i, q) => {
      const c = inside(q, 0.5) * lungs[i];
      const line = Math.max(smooth(1 - Math.abs(first[i]) / 0.4), smooth(1 - Math.abs(second[i]) / 0.4));
      stage.values[i] += c * strength * (0.2 * line - 0.04);
      stage.mark(i, c);
    });
  },
};

/** Fluid that has gathered at the bottom of one lung and climbs along the chest wall. */
function drawEffusion(stage: Stage, lungs: Float32Array, domes: readonly [number, number]): void {
  const r = stage.disease;
  const { u, v, values } = stage;
  const side = r.sign();
  const height = domes[side < 0 ? 0 : 1] - r.range(0.22, 0.48);
  const climb = r.range(0.25, 0.6);
  const density = r.range(0.24, 0.34);
  for (let i = 0; i < values.length; i++) {
    const x = side * u[i];
    if (x <= 0) continue;
    const meniscus = height + 0.1 - climb * Math.max(0, x - 0.3) * Math.max(0, x - 0.3) * 2.4 - v[i];
    const c = smooth(-meniscus / 0.1 + 0.5) * lungs[i];
    values[i] += density * c;
    stage.mark(i, c);
  }
}
