import { bell, mix, sine, smooth, unit } from './arithmetic.ts';
import { blurRows, whiteNoise } from './noise.ts';
import type { Stage } from './stage.ts';

/** What distinguishes two scanners: ranges to draw from, lengths in half-widths of the picture. */
export interface RetinaLook {
  /** Thickness of the healthy retina. */
  readonly thickness: readonly [number, number];
  /** Height of the pigment epithelium, from −1 (top) to 1. */
  readonly level: readonly [number, number];
  readonly tilt: number;
  readonly curvature: readonly [number, number];
  /** Brightness of the vitreous above and of the deep choroid below. */
  readonly vitreous: readonly [number, number];
  readonly choroid: readonly [number, number];
  /** Strength of speckle, and over how many pixels of a 112-pixel row it is smeared. */
  readonly speckle: readonly [number, number];
  readonly smear: number;
}

/**
 * A cross-section of the retina as heights above Bruch's membrane, one for each column. Lesions change these before the
 * picture is drawn: fluid lifts what is above it.
 */
export class Retina {
  readonly look: RetinaLook;
  /** Height in the picture (down is positive) of Bruch's membrane. */
  readonly floor: Float64Array;
  /** Of the retina between pigment epithelium and vitreous. */
  readonly thickness: Float64Array;
  /** Pocket between Bruch's membrane and the pigment epithelium, and how bright it is. */
  readonly detachment: Float64Array;
  detachmentLevel = 0.3;
  /** Fluid between pigment epithelium and photoreceptors. */
  readonly fluid: Float64Array;
  fluidLevel = 0.05;
  /** What thickens the retina in each column, in parts of the usual thickness; it goes into the middle layers. */
  readonly swelling: Float64Array;
  /** How much of the outer layers and the pigment epithelium is left. */
  readonly outer: Float64Array;
  /** Layer position (0 vitreous, 1 pigment epithelium) of each pixel; −1 outside the retina. */
  readonly layer: Float32Array;
  /** Usual thickness, away from the fovea. */
  readonly usual: number;
  /** Where the fovea is. */
  readonly fovea: number;
  /** Column centres on [-1, 1]. */
  readonly x: Float64Array;

  constructor(stage: Stage, look: RetinaLook) {
    const r = stage.anatomy;
    const { size } = stage;
    this.look = look;
    this.x = Float64Array.from({ length: size }, (_, i) => (2 * i + 1) / size - 1);
    this.fovea = r.range(-0.45, 0.45);
    const [level, tilt, curve] = [r.range(...look.level), r.range(-look.tilt, look.tilt), r.range(...look.curvature)];
    const waves = [1, 2, 3].map((k) => ({
      k: k * r.range(0.25, 0.45),
      phase: r.next(),
      height: r.range(0, 0.025) / k,
    }));
    this.usual = r.range(...look.thickness);
    const [pit, wide] = [r.range(0.15, 0.5), r.range(0.18, 0.34)];
    const slope = r.range(-0.12, 0.12);
    this.floor = this.x.map((x) =>
      waves.reduce((y, { k, phase, height }) => y + height * sine(k * x + phase), level + tilt * x + curve * x * x),
    );
    this.thickness = this.x.map((x) => {
      const d = (x - this.fovea) / wide;
      // The pit has a raised rim.
      return this.usual * (1 + slope * x - pit * bell(d) + 0.16 * bell((Math.abs(d) - 1.9) / 1.1));
    });
    this.detachment = new Float64Array(size);
    this.fluid = new Float64Array(size);
    this.swelling = new Float64Array(size);
    this.outer = new Float64Array(size).fill(1);
    this.layer = new Float32Array(size * size).fill(-1);
  }

  /** Height of the upper surface of the pigment epithelium, and of the retina, in a column (down is positive). */
  epithelium(column: number): number {
    return this.floor[column] - this.detachment[column];
  }

  surface(column: number): number {
    return this.epithelium(column) - this.fluid[column] - this.total(column);
  }

  /** Thickness with swelling; a retina that is lifted is stretched and thinner, so its surface bulges less. */
  total(column: number): number {
    const thickness = this.thickness[column];
    const lift = Math.min(this.detachment[column] + this.fluid[column], 0.8 * thickness);
    return thickness - 0.45 * lift + this.swelling[column] * this.usual;
  }
}

/** Upper ends of the layers on [0, 1] and how bright they are: nerve fibres, ganglion cells, … pigment epithelium. */
const LAYERS: readonly (readonly [number, number])[] = [
  [0, 0.74],
  [0.1, 0.5],
  [0.24, 0.58],
  [0.38, 0.33],
  [0.48, 0.52],
  [0.57, 0.24],
  [0.78, 0.4],
  [0.82, 0.78],
  [0.87, 0.48],
  [0.91, 0.97],
];

/** Brightness over the layer position in 256 steps, with layers of somewhat varying place and brightness. */
function layerProfile(stage: Stage): Float64Array {
  const r = stage.anatomy;
  const ends = LAYERS.map(([t], k) => (k === 0 ? -1 : t + r.range(-0.015, 0.015)));
  const levels = LAYERS.map(([, level]) => level * r.range(0.86, 1.12));
  return Float64Array.from({ length: 256 }, (_, i) => {
    const t = (i + 0.5) / 256;
    return levels.reduce((value, level, k) => mix(value, level, smooth((t - ends[k]) / 0.025 + 0.5)), 0);
  });
}

/**
 * Draws the cross-section: vitreous, layers, pockets of fluid (marked as lesion), choroid with its vessels, shadows of
 * retinal vessels. `visit` may change the brightness of a pixel of the retina by its column, place and layer.
 */
export function drawRetina(stage: Stage, retina: Retina): void {
  const { size, values } = stage;
  const r = stage.anatomy;
  const profile = layerProfile(stage);
  const vitreous = r.range(...retina.look.vitreous);
  const [deep, fade] = [r.range(...retina.look.choroid), r.range(0.3, 0.6)];
  const vessels = stage.noise(16, 22);
  const texture = stage.noise(30, 40);
  const wash = stage.noise(3);
  for (let x = 0; x < size; x++) {
    const floor = retina.floor[x];
    const [pocket, fluid, outer] = [retina.detachment[x], retina.fluid[x], retina.outer[x]];
    const thick = retina.total(x);
    const swollen = (retina.swelling[x] * retina.usual) / (thick - retina.swelling[x] * retina.usual);
    const band = 0.09 * retina.thickness[x];
    for (let y = 0, i = x; y < size; y++, i += size) {
      let e = floor - ((2 * y + 1) / size - 1);
      if (e < 0) {
        const depth = -e / fade;
        // Light reaches deeper where the pigment epithelium is gone.
        const through = deep * (1 + 0.6 * (1 - outer)) * bell(depth * (0.5 + 0.5 * outer));
        values[i] = Math.max(0, through * (1 + 0.3 * smooth(depth * 4) * vessels[i]) + 0.02 * wash[i]);
        continue;
      }
      if (e < pocket) {
        values[i] = retina.detachmentLevel * (1 + 0.12 * texture[i]);
        stage.mark(i, 1);
        continue;
      }
      e -= pocket;
      if (e >= band && e < band + fluid) {
        values[i] = retina.fluidLevel * (1 + 0.2 * texture[i]);
        stage.mark(i, 1);
        continue;
      }
      const t = e < band ? 1 - e / thick : 1 - (e - fluid) / thick;
      if (t < 0) {
        values[i] = vitreous * (1 + 0.25 * wash[i]);
        continue;
      }
      const place = unswollen(t, swollen);
      retina.layer[i] = place;
      const level = profile[Math.min(255, Math.floor(256 * place))];
      const kept = mix(0.34, level, place > 0.5 ? outer : 1);
      values[i] = kept * (1 + 0.05 * texture[i] + 0.04 * wash[i]) * (1 - 0.3 * unit(swollen) * smooth(t * 3));
    }
  }
  drawShadows(stage, retina);
}

/** The healthy layer position of `t` in a retina whose middle layers are swollen by a part `swelling` of all. */
function unswollen(t: number, swelling: number): number {
  if (swelling <= 0) return t;
  const s = t * (1 + swelling);
  const [from, to] = [0.36, 0.76]; // inner nuclear to outer nuclear layer take the swelling
  if (s < from) return s;
  const middle = to - from + swelling;
  return s < from + middle ? from + ((s - from) / middle) * (to - from) : s - swelling;
}

/** Blood vessels of the retina: a bright dot in the nerve fibres and a shadow on all that is below. */
function drawShadows(stage: Stage, retina: Retina): void {
  const { size, values } = stage;
  const r = stage.anatomy;
  const count = r.int(1, 6);
  for (let k = 0; k < count; k++) {
    const [at, wide, dark, bright] = [r.range(-1, 1), r.range(0.015, 0.035), r.range(0.15, 0.5), r.range(0, 0.5)];
    for (let x = 0; x < size; x++) {
      const shade = bell((retina.x[x] - at) / wide);
      if (shade < 0.02) continue;
      const top = retina.surface(x) + 0.02;
      for (let y = 0, i = x; y < size; y++, i += size) {
        const d = (2 * y + 1) / size - 1 - top;
        if (d < 0) continue;
        const dot = bell((d - 0.03) / 0.025);
        values[i] = values[i] * (1 - dark * shade * smooth((d - 0.03) / 0.06)) + bright * shade * dot;
      }
    }
  }
}

/** Speckle: the grain of coherent light, in proportion to brightness, and the detector's noise. */
export function addSpeckle(stage: Stage, look: RetinaLook): void {
  const { size, values } = stage;
  const r = stage.exposure;
  const strength = r.range(...look.speckle);
  const floor = r.range(0.01, 0.035);
  const reach = Math.floor((look.smear * size) / 112 + 0.5);
  const grain = blurRows(whiteNoise(values.length, r.u32()), size, reach);
  const gain = strength * Math.sqrt(2 * reach + 1);
  const dark = whiteNoise(values.length, r.u32());
  for (let i = 0; i < values.length; i++) {
    values[i] = Math.max(0, values[i] * Math.max(0.1, 1 + gain * grain[i]) + floor * Math.abs(dark[i]));
  }
}
