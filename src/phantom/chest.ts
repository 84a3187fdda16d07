import type { Image } from '../data/image.ts';
import { bell, mix, smooth } from './arithmetic.ts';
import { CHEST_KINDS, drawChestLesion } from './chest_lesions.ts';
import { drawBones, drawDevices } from './chest_parts.ts';
import { addNoise, bias, expose, greyImage } from './exposure.ts';
import type { PhantomFamily } from './family.ts';
import { drawVessel } from './shapes.ts';
import type { Stage } from './stage.ts';

/** A frontal X-ray: dark lungs between ribs, a white heart to the picture's right, diaphragm, spine, shoulders. */
export const chest: PhantomFamily = {
  name: 'chest',
  dataset: 'Chest',
  masks: false,
  nouns: ['Chest X-ray film', 'frontal chest X-ray', 'chest radiograph'],
  short: 'chest X-ray',
  kinds: CHEST_KINDS,
  render(stage: Stage, kind: string | null): Image {
    const r = stage.anatomy;
    const pose = stage.randomPose(0.012, 0.05, 0.07, 0.014);
    stage.pose({ ...pose, scaleX: 1.08 * pose.scaleX, scaleY: 1.1 * pose.scaleY });
    const { values } = stage;
    const thorax = makeThorax(stage);
    drawBody(stage, thorax);
    drawBones(stage, thorax.lungs);
    if (kind) drawChestLesion(stage, kind, thorax.lungs, thorax.domes);
    bias(values, stage.noise(2), r.range(0.05, 0.25));
    drawDevices(stage);
    addNoise(values, stage.exposure, stage.exposure.range(0.004, 0.022));
    collimate(stage);
    expose(values, stage.exposure, { white: [0.78, 1], mean: [0.44, 0.66], haze: [0, 0.1] });
    return greyImage(stage);
  },
};

/** What ribs and lesions need to know about a chest. */
interface Thorax {
  /** Coverage of both lungs. */
  readonly lungs: Float32Array;
  /** Heights of the diaphragm's domes, picture's left and right. */
  readonly domes: readonly [number, number];
}

/** The lungs: what lies between chest wall, mediastinum with heart, and diaphragm. */
function makeThorax(stage: Stage): Thorax {
  const r = stage.anatomy;
  const { u, v } = stage;
  const [wide, apex] = [r.range(0.74, 0.84), r.range(-0.84, -0.72)];
  const domes = [r.range(0.4, 0.62), 0] as [number, number];
  domes[1] = domes[0] + r.range(0.02, 0.1);
  // The heart: an egg that lies upon the diaphragm with its tip to the picture's right and down.
  const [heart, heartX, heartLean] = [r.range(0.27, 0.38), r.range(0.07, 0.13), r.range(0.25, 0.6)];
  const heartY = domes[0] - heart * r.range(0.45, 0.65);
  const rough = stage.noise(5);
  const aorta = r.range(0.1, 0.16);
  const curve = r.range(0.35, 0.65);
  const lungs = Float32Array.from(u, (x, i) => {
    const y = v[i];
    const side = x < 0 ? 0 : 1;
    // Chest wall: an egg, narrow at the apex.
    const [a, b] = [x / (wide * (0.8 + 0.22 * smooth((y - apex) / 1.1))), (y - 0.35) / (0.35 - apex)];
    const wall = 1 - Math.sqrt(a * a + (b < 0 ? b * b : 0.06 * b * b));
    const middle = Math.abs(x) - 0.09 - 0.03 * bell((y + 0.35) / 0.2) * (side === 1 ? aorta / 0.05 : 1);
    const [c, d] = [
      (x - heartX) / heart,
      (y - heartY - heartLean * (x - heartX)) / (heart * (x < heartX ? 0.95 : 0.75)),
    ];
    const organ = Math.sqrt(c * c + d * d) - 1 + 0.03 * rough[i];
    const e = (Math.abs(x) - 0.38) / 0.42;
    const floor = domes[side] + curve * 0.28 * e * e - y;
    const cover = (distance: number, edge: number) => smooth(distance / edge + 0.5);
    return cover(wall, 0.07) * cover(middle, 0.07) * cover(organ, 0.12) * cover(floor, 0.035);
  });
  return { lungs, domes };
}

/** Soft tissue with its shades, lungs with their vessels, air above the shoulders. */
function drawBody(stage: Stage, { lungs }: Thorax): void {
  const { u, v, values, size } = stage;
  const r = stage.anatomy;
  const [soft, air, dense] = [r.range(0.56, 0.66), r.range(0.14, 0.3), r.range(0.08, 0.22)];
  const neck = r.range(0.17, 0.24);
  const [shoulder, slope] = [r.range(-0.84, -0.7), r.range(0.35, 0.8)];
  const outside = r.range(0.02, 0.12);
  const [breast, breastY] = [r.range(0, 0.13), r.range(0.18, 0.4)];
  const vessels = new Float32Array(values.length);
  for (const side of [-1, 1]) {
    for (const direction of [0.1, 0.02, -0.08, 0.19]) {
      const turn = side > 0 ? direction : 0.5 - direction;
      const [x, y] = [side * 0.15, r.range(-0.12, 0.1)];
      drawVessel(vessels, size, r, { x, y, direction: turn, length: r.range(0.22, 0.36), width: 0.022, forks: 3 });
    }
  }
  const hila = r.range(0.04, 0.12);
  const shade = r.range(0.08, 0.2);
  const wash = stage.noise(4);
  for (let i = 0; i < values.length; i++) {
    const [x, y] = [u[i], v[i]];
    const side = Math.abs(x);
    let value = soft + dense * smooth((y - 0.3) / 0.5) * bell(side / 1.1) + dense * 0.8 * bell(side / 0.26);
    const [a, b] = [(side - 0.42) / 0.3, (y - breastY) / 0.3];
    const lung = lungs[i];
    const depth = air + 0.06 * bell((side - 0.4) / 0.3);
    value = mix(value, soft - depth, lung);
    value += breast * smooth(1.2 - Math.sqrt(a * a + b * b)) * (1 - 0.5 * lung);
    const hilum = hila * bell(Math.sqrt((side - 0.17) * (side - 0.17) + 0.5 * (y - 0.02) * (y - 0.02)) / 0.16);
    value += lung * (shade * vessels[i] * bell(side / 0.7) + hilum) + 0.012 * wash[i];
    // Above the slope of the shoulders and beside the arms there is only air.
    const beyond = Math.max(0, side - neck);
    const top = shoulder + slope * beyond * beyond - 0.5 * bell(beyond / 0.14) - y;
    const flank = side - (0.87 + 0.25 * smooth((0.25 - y) / 0.7));
    const body = smooth(-top / 0.05 + 0.5) * smooth(-flank / 0.06 + 0.5);
    values[i] = mix(outside, value, body);
  }
}

/** Black borders where the beam was narrowed. */
function collimate(stage: Stage): void {
  const r = stage.anatomy;
  if (!r.chance(0.4)) return;
  const { size, values } = stage;
  const margins = [0, 1, 2, 3].map(() => (r.chance(0.5) ? Math.floor(r.range(0, 0.06) * size) : 0));
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      if (x < margins[0] || size - x <= margins[1] || y < margins[2] || size - y <= margins[3]) {
        values[i] = 0;
        stage.lesion[i] = 0;
      }
    }
  }
}
