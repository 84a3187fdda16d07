import type { Image } from '../data/image.ts';
import { mix, smooth } from './arithmetic.ts';
import { addNoise, bias, expose, greyImage } from './exposure.ts';
import type { PhantomFamily } from './family.ts';
import { drawLiverLesion, LIVER_KINDS } from './liver_lesions.ts';
import { drawStroke, drawVessel } from './shapes.ts';
import type { Stage } from './stage.ts';

/** An axial CT slice cut out along the liver: mottled tissue, vessels brighter or darker than it, black elsewhere. */
export const liver: PhantomFamily = {
  name: 'liver',
  dataset: 'Liver',
  masks: true,
  nouns: ['Liver', 'CT slice of the liver', 'axial liver CT'],
  kinds: LIVER_KINDS,
  render(stage: Stage, kind: string | null): Image {
    const r = stage.anatomy;
    stage.pose(stage.randomPose(0.04, 0.06, 0.1, r.range(0.03, 0.06)));
    const { values, size } = stage;
    const outline = liverField(stage);
    const tissue = Float32Array.from(outline, (q) => smooth((1 - q) / 0.05 + 0.5));
    const vessels = vesselLayer(stage);
    // Vessels are bright after contrast medium, dark before it.
    const contrast = r.chance(0.75) ? r.range(0.05, 0.32) : r.range(-0.16, -0.07);
    const clips = clipLayer(stage);
    const level = r.range(0.48, 0.58);
    const [coarse, fine] = [stage.fractal(7, 2), stage.noise(30)];
    const [wide, narrow] = [r.range(0.008, 0.03), r.range(0.008, 0.028)];
    for (let i = 0; i < values.length; i++) {
      values[i] = level + wide * coarse[i] + narrow * fine[i] + contrast * vessels[i];
    }
    if (kind) drawLiverLesion(stage, kind, tissue, outline);
    bias(values, stage.noise(2), r.range(0.03, 0.16));
    for (let i = 0; i < values.length; i++) values[i] = mix(values[i], 1.15, clips[i]);
    addNoise(values, stage.exposure, stage.exposure.range(0.012, 0.055) * Math.min(1, size / 112));
    const rim = r.range(0, 0.25);
    for (let i = 0; i < values.length; i++) {
      // The capsule and partial volume darken the edge.
      values[i] = Math.max(0, values[i] * (1 - rim * smooth((outline[i] - 0.86) / 0.14))) * tissue[i];
    }
    expose(values, stage.exposure, { white: [0.7, 1], mean: [0.22, 0.36] });
    return greyImage(stage);
  },
};

/** Right lobe, left lobe and the notches between them: below 1 inside. */
function liverField(stage: Stage): Float32Array {
  const { u, v } = stage;
  const r = stage.anatomy;
  const rough = stage.fractal(5, 2);
  const [width, height] = [r.range(0.5, 0.6), r.range(0.58, 0.7)];
  const [leftX, leftY] = [r.range(0.2, 0.36), r.range(-0.34, -0.2)];
  const [leftWidth, leftHeight] = [r.range(0.36, 0.56), r.range(0.22, 0.32)];
  const lean = r.range(-0.3, 0.15);
  const notches = [
    { x: r.range(0.1, 0.24), y: r.range(0.3, 0.42), size: r.range(0.06, 0.2) },
    { x: r.range(0.0, 0.12), y: r.range(0.5, 0.66), size: r.range(0.1, 0.2) },
    { x: r.range(0.02, 0.2), y: r.range(-0.7, -0.6), size: r.range(0.02, 0.1) },
  ];
  return Float32Array.from(u, (x, i) => {
    const y = v[i];
    const [a, b] = [(x + 0.26) / width, (y - 0.06 - 0.2 * (x + 0.26)) / height];
    const [c, d] = [(x - leftX) / leftWidth, (y - leftY - lean * (x - leftX)) / leftHeight];
    const right = Math.sqrt(a * a + b * b);
    const left = Math.sqrt(c * c + d * d);
    // A smooth minimum: the lobes flow into each other.
    const h = Math.max(0, 0.35 - Math.abs(right - left)) / 0.35;
    let q = Math.min(right, left) - 0.25 * h * h * 0.35 + 0.035 * rough[i];
    for (const notch of notches) {
      const [e, f] = [(x - notch.x) / notch.size, (y - notch.y) / notch.size];
      q += 0.5 * smooth(1.5 - Math.sqrt(e * e + f * f));
    }
    return q;
  });
}

/** Trees of vessels from the hilum into both lobes, and a few that cross the slice. */
function vesselLayer(stage: Stage): Float32Array {
  const r = stage.anatomy;
  const layer = new Float32Array(stage.size * stage.size);
  const width = r.range(0.022, 0.042);
  const [x, y] = [r.range(0.02, 0.14), r.range(-0.02, 0.12)];
  const trees = [
    { direction: r.range(0.42, 0.48), length: r.range(0.34, 0.46) },
    { direction: r.range(0.53, 0.6), length: r.range(0.3, 0.42) },
    { direction: r.range(0.84, 0.92), length: r.range(0.24, 0.34) },
  ];
  for (const { direction, length } of trees) {
    if (r.chance(0.15)) continue;
    drawVessel(layer, stage.size, r, { x, y, direction, length, width: width * r.range(0.7, 1.1), forks: 3 });
  }
  const crossing = r.int(2, 9);
  for (let k = 0; k < crossing; k++) {
    const [cx, cy, w] = [r.range(-0.65, 0.4), r.range(-0.45, 0.5), r.range(0.015, 0.04)];
    const [ex, ey] = [cx + r.range(-0.06, 0.06), cy + r.range(-0.06, 0.06)];
    drawStroke(layer, stage.size, { x0: cx, y0: cy, x1: ex, y1: ey, w0: w, w1: w * 0.8 });
  }
  return layer;
}

/** Surgical clips and calcifications: small, very bright, and no lesion. */
function clipLayer(stage: Stage): Float32Array {
  const r = stage.anatomy;
  const layer = new Float32Array(stage.size * stage.size);
  const count = r.chance(0.4) ? r.int(1, 5) : 0;
  for (let k = 0; k < count; k++) {
    const [x, y] = [r.range(-0.5, 0.4), r.range(-0.4, 0.4)];
    const [dx, dy, w] = [r.range(-0.05, 0.05), r.range(-0.05, 0.05), r.range(0.012, 0.03)];
    drawStroke(layer, stage.size, { x0: x, y0: y, x1: x + dx, y1: y + dy, w0: w, w1: w });
  }
  return layer;
}
