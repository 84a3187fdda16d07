import type { Image } from '../data/image.ts';
import { bell, mix, segmentDistance, smooth } from './arithmetic.ts';
import { BRAIN_KINDS, drawBrainLesion } from './brain_lesions.ts';
import { addNoise, bias, expose, greyImage } from './exposure.ts';
import type { PhantomFamily } from './family.ts';
import type { Stage } from './stage.ts';

/** Outline of the brain in units of the head's outline. */
const BRAIN = 0.87;

/**
 * Axial MRI of the head, FLAIR-like: fluid is dark, cortex brighter than white matter, a bright scalp around a dark skull
 * (or the skull stripped), two lateral ventricles that are large, small or above the slice, folds, a midline.
 */
export const brain: PhantomFamily = {
  name: 'brain',
  dataset: 'Brain',
  masks: true,
  nouns: ['Brain', 'axial FLAIR MRI of the brain', 'brain MRI slice'],
  kinds: BRAIN_KINDS,
  render(stage: Stage, kind: string | null): Image {
    const r = stage.anatomy;
    const stripped = r.chance(0.3);
    const scale = stripped ? 0.1 : 0.06;
    stage.pose(stage.randomPose(0.03, 0.05, scale, r.range(0.015, 0.03)));
    const { values } = stage;
    const head = headField(stage);
    drawTissue(stage, head);
    drawDeep(stage);
    const tissue = maskBrain(stage, head);
    if (kind) drawBrainLesion(stage, kind, tissue);
    drawShell(stage, head, stripped);
    bias(values, stage.noise(2), r.range(0.1, 0.4));
    const texture = stage.fractal(26, 2);
    const mottle = r.range(0.01, 0.04);
    for (let i = 0; i < values.length; i++) values[i] *= 1 + mottle * texture[i];
    addNoise(values, stage.exposure, stage.exposure.range(0.008, 0.035));
    expose(values, stage.exposure, { white: [0.72, 1], mean: [0.3, 0.44] });
    return greyImage(stage);
  },
};

/** Distance from the head's centre in units of its outline, which is narrower at the front (v < 0). */
function headField(stage: Stage): Float32Array {
  const { u, v } = stage;
  const r = stage.anatomy;
  const [width, length, taper] = [r.range(0.68, 0.76), r.range(0.82, 0.9), r.range(0.03, 0.12)];
  return Float32Array.from(u, (x, i) => {
    const [a, b] = [x / (width * (1 + taper * v[i])), v[i] / length];
    return Math.sqrt(a * a + b * b);
  });
}

/** White matter, the ribbon of cortex, and the furrows between folds. */
function drawTissue(stage: Stage, head: Float32Array): void {
  const { u, v, values } = stage;
  const r = stage.anatomy;
  const folds = stage.noise(r.range(13, 18));
  const wander = stage.noise(5);
  const [white, grey, fluid] = [r.range(0.36, 0.43), r.range(0.48, 0.6), r.range(0.05, 0.14)];
  const depth = r.range(0.2, 0.34);
  const wide = r.range(0.1, 0.3);
  const fissure = r.range(0.006, 0.02);
  for (let i = 0; i < values.length; i++) {
    const d = BRAIN - head[i] + 0.012 * wander[i];
    if (d < -0.05) continue;
    const fold = Math.abs(folds[i]);
    const near = smooth((depth - d) / 0.1);
    const cortex = Math.max(smooth((0.075 - d) / 0.03), near * smooth((0.8 - fold) / 0.3));
    const furrow = near * smooth((wide - fold) / 0.16);
    let value = mix(white, grey, cortex) + 0.012 * wander[i];
    value = mix(value, fluid, furrow);
    // The gap between the halves: wide at the front and the back, a line between.
    const gap = fissure * (1 + 2.5 * smooth((0.16 - d) / 0.1));
    const middle = smooth((gap - Math.abs(u[i] + 0.012 * wander[i])) / 0.015 + 0.5) * smooth(Math.abs(v[i]) / 0.2 - 1);
    values[i] = mix(value, fluid, 0.9 * middle);
  }
}

/** Ventricles with the bright caps that healthy people have, and the grey nuclei beside them. */
function drawDeep(stage: Stage): void {
  const { u, v, values } = stage;
  const r = stage.anatomy;
  const above = r.chance(0.2);
  const width = above ? -1 : r.range(0.02, 0.075);
  const [front, back, spread] = [r.range(-0.36, -0.24), r.range(0.22, 0.42), r.range(0.1, 0.22)];
  const skew = r.range(0.85, 1.15);
  const caps = r.range(0, 0.16);
  const nuclei = above ? 0 : r.range(0.02, 0.09);
  const fluid = r.range(0.03, 0.1);
  const third = above ? 0 : r.range(0.006, 0.02);
  const [px, py] = [r.range(0.2, 0.25), r.range(-0.12, -0.02)];
  for (let i = 0; i < values.length; i++) {
    const y = v[i];
    if (Math.abs(y) > 0.6 || Math.abs(u[i]) > 0.5) continue;
    const x = Math.abs(u[i]);
    const thick = width * (u[i] < 0 ? skew : 1) * (1.1 - 1.3 * Math.abs(y));
    const horn = Math.min(
      segmentDistance(x, y, 0.05, -0.02, 0.13, front),
      segmentDistance(x, y, 0.05, -0.02, 0.1, 0.12),
      segmentDistance(x, y, 0.1, 0.12, spread, back),
    );
    const [ax, ay] = [(x - px) / 0.08, (y - py) / 0.17];
    const [bx, by] = [(x - 0.1) / 0.075, (y - 0.12) / 0.12];
    const nucleus = Math.max(smooth(1.6 - (ax * ax + ay * ay)), smooth(1.6 - (bx * bx + by * by)));
    let value = values[i] + nuclei * nucleus;
    if (!above) {
      value += caps * bell((horn - thick) / 0.03) * smooth(Math.abs(y) / 0.12 - 1);
      value = mix(value, fluid, smooth((thick - horn) / 0.02 + 0.5));
      value = mix(value, fluid, smooth((third - x) / 0.012 + 0.5) * smooth((0.18 - Math.abs(y - 0.06)) / 0.05));
    }
    values[i] = value;
  }
}

/** Coverage of the brain; what lies outside becomes fluid-dark. */
function maskBrain(stage: Stage, head: Float32Array): Float32Array {
  const { values } = stage;
  return Float32Array.from(head, (q, i) => {
    const coverage = smooth((BRAIN - q) / 0.02 + 0.5);
    values[i] *= coverage;
    return coverage;
  });
}

/** Skull and scalp: a dark ring, marrow in it, and fat that may be the brightest of the picture. */
function drawShell(stage: Stage, head: Float32Array, stripped: boolean): void {
  const { u, v, values } = stage;
  const r = stage.anatomy;
  const [fat, marrow, skin] = [r.range(0.35, 1), r.range(0.05, 0.3), r.range(0.02, 0.05)];
  const uneven = stage.noise(6);
  // Blood that flows into the slice is bright in healthy people too.
  const [sinus, vessel] = [r.range(0, 0.45), r.range(0.015, 0.035)];
  const tail = r.chance(0.5) ? 0.79 : -0.77;
  for (let i = 0; i < values.length; i++) {
    const q = head[i];
    if (q < 0.7 || q > 1.08) continue;
    const [x, y] = [u[i] / vessel, (v[i] - tail * 0.97) / (1.6 * vessel)];
    values[i] += sinus * bell(Math.sqrt(x * x + y * y) / 1.2) * smooth((0.92 - q) / 0.02);
    if (stripped) continue;
    values[i] += marrow * smooth((0.018 - Math.abs(q - 0.925)) / 0.012 + 0.5);
    values[i] += fat * (1 + 0.18 * uneven[i]) * smooth((skin - Math.abs(q - 1 + 0.01 * uneven[i])) / 0.015 + 0.5);
  }
}
