import type { Image } from '../data/image.ts';
import { bias, expose, greyImage } from './exposure.ts';
import type { LesionKind, PhantomFamily } from './family.ts';
import { addSpeckle, drawRetina, Retina, type RetinaLook } from './retina.ts';
import { drawCavities, markSwelling, placeAlong, raise } from './retina_lesions.ts';
import type { Stage } from './stage.ts';

const LOOK: RetinaLook = {
  thickness: [0.46, 0.58],
  level: [0.2, 0.48],
  tilt: 0.14,
  curvature: [-0.06, 0.12],
  vitreous: [0.1, 0.24],
  choroid: [0.4, 0.62],
  speckle: [0.18, 0.34],
  smear: 1,
};

const KINDS: readonly LesionKind[] = [
  { name: 'cystoid_oedema', phrases: ['cystoid oedema', 'dark cavities in the retina'] },
  { name: 'subretinal_fluid', phrases: ['subretinal fluid', 'fluid below the retina'] },
  { name: 'detachment', phrases: ['a pigment epithelium detachment', 'a dome below the retina'] },
  { name: 'thickening', phrases: ['a thickened retina', 'diffuse oedema'] },
];

/** Retinal OCT for oedema: a thick retina that fills much of the picture, hazy vitreous, coarse smeared speckle. */
export const resc: PhantomFamily = {
  name: 'resc',
  dataset: 'Retina_RESC',
  masks: true,
  nouns: ['retinal OCT', 'macular OCT volume slice', 'OCT slice of the macula'],
  kinds: KINDS,
  render(stage: Stage, kind: string | null): Image {
    const retina = new Retina(stage, LOOK);
    const draw = kind ? PLAN[kind](stage, retina) : null;
    drawRetina(stage, retina);
    draw?.();
    bias(stage.values, stage.noise(2), stage.anatomy.range(0.1, 0.35));
    addSpeckle(stage, LOOK);
    expose(stage.values, stage.exposure, { white: [0.7, 1], mean: [0.32, 0.48] });
    return greyImage(stage);
  },
};

/** Changes the cross-section for a kind of lesion; what it returns is drawn upon the finished layers. */
const PLAN: Record<string, (stage: Stage, retina: Retina) => (() => void) | null> = {
  cystoid_oedema(stage, retina) {
    const r = stage.disease;
    const half = r.range(0.25, 0.42);
    const at = placeAlong(r, half);
    raise(retina.swelling, retina, at, half * 1.3, r.range(0.25, 0.55));
    const level = r.range(0.06, 0.13);
    return () => drawCavities(stage, retina, at, half, level);
  },
  subretinal_fluid(stage, retina) {
    const r = stage.disease;
    const count = r.chance(0.25) ? 2 : 1;
    for (let k = 0; k < count; k++) {
      const half = r.range(0.3, 0.5) / count;
      raise(retina.fluid, retina, placeAlong(r, half), half, r.range(0.16, 0.32), 0.6);
    }
    retina.fluidLevel = r.range(0.04, 0.12);
    return null;
  },
  detachment(stage, retina) {
    const r = stage.disease;
    const count = r.chance(0.25) ? 2 : 1;
    for (let k = 0; k < count; k++) {
      const half = r.range(0.26, 0.44) / Math.sqrt(count);
      raise(retina.detachment, retina, placeAlong(r, half), half, r.range(0.18, 0.34), 1);
    }
    retina.detachmentLevel = r.range(0.14, 0.34);
    return null;
  },
  thickening(stage, retina) {
    const r = stage.disease;
    const half = r.range(0.35, 0.5);
    raise(retina.swelling, retina, placeAlong(r, half), half, r.range(0.35, 0.6), 0.5);
    return () => markSwelling(stage, retina, 0.2);
  },
};
