import type { Image } from '../data/image.ts';
import { bell, smooth } from './arithmetic.ts';
import { bias, expose, greyImage } from './exposure.ts';
import type { LesionKind, PhantomFamily } from './family.ts';
import { addSpeckle, drawRetina, Retina, type RetinaLook } from './retina.ts';
import { drawCavities, drawExudates, drawMembrane, placeAlong, raise } from './retina_lesions.ts';
import type { Stage } from './stage.ts';

const LOOK: RetinaLook = {
  thickness: [0.27, 0.36],
  level: [0.05, 0.4],
  tilt: 0.28,
  curvature: [0.02, 0.3],
  vitreous: [0.02, 0.07],
  choroid: [0.42, 0.7],
  speckle: [0.14, 0.3],
  smear: 0,
};

const KINDS: readonly LesionKind[] = [
  { name: 'drusen', phrases: ['drusen', 'small bumps below the retina'] },
  { name: 'neovascularisation', phrases: ['new vessels', 'a bright mass below the retina'] },
  { name: 'macular_oedema', phrases: ['macular oedema', 'cavities and exudates'] },
  { name: 'atrophy', phrases: ['atrophy of the outer retina', 'a gap in the outer retina'] },
  { name: 'hole', phrases: ['a macular hole', 'a hole in the retina'] },
];

/** Retinal OCT of another make: a thin curved line in a black picture, fine grain, often white registration corners. */
export const oct2017: PhantomFamily = {
  name: 'oct2017',
  dataset: 'Retina_OCT2017',
  masks: false,
  nouns: ['retinal OCT', 'retinal OCT line scan', 'single line OCT of the retina'],
  kinds: KINDS,
  render(stage: Stage, kind: string | null): Image {
    const retina = new Retina(stage, LOOK);
    const draw = kind ? PLAN[kind](stage, retina) : null;
    drawRetina(stage, retina);
    draw?.();
    bias(stage.values, stage.noise(2), stage.anatomy.range(0.1, 0.4));
    addSpeckle(stage, LOOK);
    expose(stage.values, stage.exposure, { white: [0.75, 1], mean: [0.17, 0.3] });
    drawCorners(stage);
    return greyImage(stage);
  },
};

/** White wedges that registration leaves in the corners, as in many of Kermany's pictures; healthy or not. */
function drawCorners(stage: Stage): void {
  const r = stage.anatomy;
  if (!r.chance(0.55)) return;
  const { size, values } = stage;
  const cuts = [0, 1, 2, 3].map(() => (r.chance(0.5) ? r.range(0.1, 0.75) : 0));
  const [steepness, level] = [r.range(0.3, 1.6), r.range(0.85, 1)];
  for (let y = 0, i = 0; y < size; y++) {
    const py = (2 * y + 1) / size - 1;
    for (let x = 0; x < size; x++, i++) {
      const px = (2 * x + 1) / size - 1;
      const cut = cuts[(px < 0 ? 0 : 1) + (py < 0 ? 0 : 2)] * 0.75;
      if (1 - Math.abs(px) + steepness * (1 - Math.abs(py)) < cut) {
        values[i] = level;
        stage.lesion[i] = 0;
      }
    }
  }
}

/** Changes the cross-section for a kind of lesion; what it returns is drawn upon the finished layers. */
const PLAN: Record<string, (stage: Stage, retina: Retina) => (() => void) | null> = {
  drusen(stage, retina) {
    const r = stage.disease;
    const count = r.int(3, 6);
    for (let k = 0; k < count; k++) {
      const at = -0.8 + (1.6 * (k + r.range(0.1, 0.9))) / count;
      raise(retina.detachment, retina, at, r.range(0.1, 0.17), r.range(0.08, 0.14), 0.7);
    }
    retina.detachmentLevel = r.range(0.42, 0.62);
    return null;
  },
  neovascularisation(stage, retina) {
    const r = stage.disease;
    const half = r.range(0.26, 0.4);
    const at = placeAlong(r, half);
    const height = r.range(0.14, 0.24);
    raise(retina.fluid, retina, at + r.range(-0.08, 0.08), half * 1.25, height * r.range(1.05, 1.35), 0.5);
    retina.fluidLevel = r.range(0.04, 0.12);
    return () => drawMembrane(stage, retina, at, half, height);
  },
  macular_oedema(stage, retina) {
    const r = stage.disease;
    const half = r.range(0.26, 0.42);
    const at = placeAlong(r, half);
    raise(retina.swelling, retina, at, half * 1.3, r.range(0.5, 0.95));
    const [level, grains] = [r.range(0.04, 0.1), r.int(2, 7)];
    return () => {
      drawCavities(stage, retina, at, half, level);
      drawExudates(stage, retina, at, half * 1.2, grains);
    };
  },
  atrophy(stage, retina) {
    const r = stage.disease;
    const half = r.range(0.25, 0.4);
    const at = placeAlong(r, half);
    const thinner = r.range(0.3, 0.45);
    for (let x = 0; x < retina.x.length; x++) {
      const gone = smooth((half - Math.abs(retina.x[x] - at)) / 0.12);
      retina.outer[x] = 1 - gone;
      retina.thickness[x] *= 1 - thinner * gone;
    }
    return () => markColumns(stage, retina, at, half, 0.3, 0.12);
  },
  hole(stage, retina) {
    const r = stage.disease;
    const half = r.range(0.13, 0.22);
    const at = placeAlong(r, half * 2);
    for (const side of [-1, 1]) raise(retina.swelling, retina, at + side * half * 1.9, half * 1.5, r.range(0.3, 0.6));
    const dark = r.range(0.03, 0.08);
    return () => drawHole(stage, retina, at, half, dark);
  },
};

/** Marks the retina below layer position `from`, and the choroid down to `depth`, over the columns of a lesion. */
function markColumns(stage: Stage, retina: Retina, at: number, half: number, from: number, depth: number): void {
  const { size } = stage;
  for (let x = 0; x < size; x++) {
    if (Math.abs(retina.x[x] - at) > half - 0.03) continue;
    for (let y = 0, i = x; y < size; y++, i += size) {
      const below = (2 * y + 1) / size - 1 - retina.floor[x];
      if (retina.layer[i] >= from || (below >= 0 && below < depth)) stage.mark(i, 1);
    }
  }
}

/** A gap through all layers but the pigment epithelium, with overhanging edges. */
function drawHole(stage: Stage, retina: Retina, at: number, half: number, dark: number): void {
  const { size, values } = stage;
  for (let i = 0; i < values.length; i++) {
    const t = retina.layer[i];
    if (t < 0 || t > 0.9) continue;
    const width = half * (0.62 + 0.38 * bell((t - 0.75) / 0.35));
    const c = smooth((width - Math.abs(retina.x[i % size] - at)) / 0.05 + 0.5);
    values[i] += (dark - values[i]) * c;
    stage.mark(i, c);
  }
}
