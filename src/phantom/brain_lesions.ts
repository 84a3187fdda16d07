import { bell, cosine, mix, sine, smooth } from './arithmetic.ts';
import type { LesionKind } from './family.ts';
import { fractalField } from './noise.ts';
import { type Blob, forBlob, inside, randomBlob } from './shapes.ts';
import type { Stage } from './stage.ts';

/** The kinds of lesion that the brain may have, and what captions call them. */
export const BRAIN_KINDS: readonly LesionKind[] = [
  { name: 'tumour', phrases: ['a tumour with oedema', 'a bright tumour'] },
  { name: 'necrotic_tumour', phrases: ['a ring-shaped tumour', 'a tumour with a necrotic core'] },
  { name: 'foci', phrases: ['several bright foci', 'scattered bright spots'] },
  { name: 'infarct', phrases: ['a wedge-shaped infarct', 'an infarct'] },
  { name: 'cyst', phrases: ['a dark cyst', 'a cyst'] },
  { name: 'haemorrhage', phrases: ['a haemorrhage', 'a dark bleeding'] },
];

/** Draws one kind of lesion; `tissue` is the coverage of the brain, outside of which nothing is drawn. */
export function drawBrainLesion(stage: Stage, kind: string, tissue: Float32Array): void {
  const r = stage.disease;
  const strength = r.range(0.8, 1.25);
  if (kind === 'foci') {
    const count = r.int(5, 9);
    for (let k = 0; k < count; k++) drawFocus(stage, place(stage, 0.2, 0.6, k), strength, tissue);
    return;
  }
  if (kind === 'infarct') {
    drawInfarct(stage, strength, tissue);
    return;
  }
  const count = kind !== 'tumour' && r.chance(0.3) ? 2 : 1;
  for (let k = 0; k < count; k++) {
    const [x, y] = place(stage, 0.3, 0.58, k);
    const smaller = count > 1 ? 0.75 : 1;
    if (kind === 'tumour') drawTumour(stage, x, y, strength, tissue);
    else if (kind === 'necrotic_tumour') drawRing(stage, x, y, smaller, strength, tissue);
    else if (kind === 'cyst') drawCyst(stage, x, y, smaller, strength, tissue);
    else drawBleeding(stage, x, y, smaller, strength, tissue);
  }
}

/** A place in the brain away from the midline; places of odd and even `k` lie in different halves. */
function place(stage: Stage, least: number, most: number, k: number): [number, number] {
  const r = stage.disease;
  const side = k === 0 ? r.sign() : k % 2 === 1 ? -1 : 1;
  const angle = r.range(-0.19, 0.19) + (side < 0 ? 0.5 : 0);
  const distance = r.range(least, most);
  return [0.85 * distance * cosine(angle), 1.05 * distance * sine(angle)];
}

/** Oedema that follows the white matter around a core of uneven brightness. */
function drawTumour(stage: Stage, x: number, y: number, strength: number, tissue: Float32Array): void {
  const r = stage.disease;
  const { values } = stage;
  const oedema = randomBlob(r, x, y, 0.2, 0.31, 0.27);
  const core: Blob = randomBlob(r, x + r.range(-0.05, 0.05), y + r.range(-0.05, 0.05), 0.11, 0.19, 0.2);
  const uneven = fractalField(stage.size, r.u32(), 14, 2);
  forBlob(stage, oedema, 1.2, (i, q) => {
    const c = inside(q, 0.25) * tissue[i];
    values[i] = mix(values[i], 0.66 + 0.03 * uneven[i], 0.75 * c * strength);
    stage.mark(i, c);
  });
  const level = r.range(0.52, 0.84);
  forBlob(stage, core, 1.2, (i, q) => {
    const c = inside(q, 0.2) * tissue[i];
    values[i] = mix(values[i], level + 0.1 * uneven[i], c);
    stage.mark(i, c);
  });
}

/** A bright ring about a dark core. */
function drawRing(stage: Stage, x: number, y: number, scale: number, strength: number, tissue: Float32Array): void {
  const r = stage.disease;
  const { values } = stage;
  const blob = randomBlob(r, x, y, 0.19 * scale, 0.28 * scale, 0.15);
  const uneven = fractalField(stage.size, r.u32(), 10, 2);
  const [core, rim] = [r.range(0.1, 0.3), r.range(0.66, 0.82)];
  forBlob(stage, blob, 1.6, (i, q) => {
    const c = inside(q, 0.2) * tissue[i];
    const halo = 0.1 * strength * smooth((1.6 - q) / 0.6) * tissue[i];
    const ring = bell((q - 0.8 - 0.05 * uneven[i]) / 0.2);
    values[i] = mix(values[i] + halo, mix(core + 0.04 * uneven[i], rim * strength, ring), c);
    stage.mark(i, c);
  });
}

function drawFocus(stage: Stage, [x, y]: [number, number], strength: number, tissue: Float32Array): void {
  const blob = randomBlob(stage.disease, x, y, 0.05, 0.09, 0.18);
  forBlob(stage, blob, 1.4, (i, q) => {
    const c = inside(q, 0.5) * tissue[i];
    stage.values[i] = mix(stage.values[i], 0.74, 0.9 * c * strength);
    stage.mark(i, c);
  });
}

/** A territory that widens towards the cortex and in which the folds are swollen shut. */
function drawInfarct(stage: Stage, strength: number, tissue: Float32Array): void {
  const r = stage.disease;
  const { u, v, values } = stage;
  const angle = r.range(-0.2, 0.2) + (r.chance(0.5) ? 0.5 : 0);
  const [c, s] = [cosine(angle), sine(angle)];
  const [apex, opening] = [r.range(0.18, 0.34), r.range(0.5, 0.85)];
  const rough = fractalField(stage.size, r.u32(), 9, 2);
  const level = r.range(0.6, 0.7);
  for (let i = 0; i < values.length; i++) {
    const along = c * u[i] + s * v[i] - apex;
    const aside = Math.abs(c * v[i] - s * u[i]);
    const d = Math.min(along + 0.05, 0.08 + opening * along - aside) + 0.045 * rough[i];
    const cover = smooth(d / 0.06 + 0.5) * tissue[i];
    if (cover === 0) continue;
    values[i] = mix(values[i], level + 0.02 * rough[i], Math.min(1, 0.8 * cover * strength));
    stage.mark(i, cover);
  }
}

/** Fluid within a thin bright wall. */
function drawCyst(stage: Stage, x: number, y: number, scale: number, strength: number, tissue: Float32Array): void {
  const r = stage.disease;
  const { values } = stage;
  const blob = randomBlob(r, x, y, 0.16 * scale, 0.25 * scale, 0.05);
  const [fluid, wall] = [r.range(0.05, 0.16), r.range(0.02, 0.22) * strength];
  forBlob(stage, blob, 1.5, (i, q) => {
    const c = inside(q, 0.14) * tissue[i];
    values[i] = mix(values[i] + wall * bell((q - 1.08) / 0.1) * tissue[i], fluid, c);
    stage.mark(i, c);
  });
}

/** Blood: blotches, dark and bright, in a dark rim. */
function drawBleeding(stage: Stage, x: number, y: number, scale: number, strength: number, tissue: Float32Array): void {
  const r = stage.disease;
  const { values } = stage;
  const blob = randomBlob(r, x, y, 0.17 * scale, 0.25 * scale, 0.22);
  const blotches = fractalField(stage.size, r.u32(), 13, 2);
  const level = r.range(0.25, 0.4);
  forBlob(stage, blob, 1.5, (i, q) => {
    const c = inside(q, 0.16) * tissue[i];
    const rim = smooth((q - 0.7) / 0.2);
    const content = mix(level + 0.2 * strength * blotches[i], 0.08, rim);
    const halo = 0.14 * strength * bell((q - 1.15) / 0.2) * tissue[i];
    values[i] = mix(values[i] + halo, Math.max(0.04, content), c);
    stage.mark(i, c);
  });
}
