import type { Image } from '../data/image.ts';
import { decay, mix, unit } from './arithmetic.ts';
import type { PhantomFamily } from './family.ts';
import { HISTOPATHOLOGY_KINDS, planAtypia } from './histopathology_lesions.ts';
import { whiteNoise } from './noise.ts';
import { drawNucleus, type Nucleus } from './nuclei.ts';
import type { Random } from './random.ts';
import type { Stage } from './stage.ts';
import { makeTissue, type Tissue } from './tissue.ts';

/**
 * A patch of lymph node stained with haematoxylin (violet nuclei) and eosin (pink stroma), as in Camelyon. Healthy: small
 * round nuclei, dense in some places and sparse in others, fibres, fat, vessels.
 */
export const histopathology: PhantomFamily = {
  name: 'histopathology',
  dataset: 'Histopathology',
  masks: false,
  nouns: ['histopathological image', 'stained tissue patch', 'H and E stained tissue'],
  kinds: HISTOPATHOLOGY_KINDS,
  render(stage: Stage, kind: string | null): Image {
    const tissue = makeTissue(stage);
    const atypia = kind ? planAtypia(stage, kind, tissue) : null;
    const spared = atypia?.spared;
    for (const nucleus of healthyNuclei(stage, tissue)) {
      if (spared && spared[pixelOf(stage.size, nucleus)] > 0.4) continue;
      drawNucleus(stage, tissue.blue, tissue.grain, nucleus);
    }
    for (const nucleus of atypia?.nuclei ?? []) drawNucleus(stage, tissue.blue, tissue.grain, nucleus);
    return stain(stage, tissue);
  },
};

/** Small round nuclei on a jittered grid, fewer where the tissue is sparse. */
function healthyNuclei(stage: Stage, tissue: Tissue): Nucleus[] {
  const r = stage.anatomy;
  const nuclei: Nucleus[] = [];
  const pitch = r.range(0.088, 0.12);
  const [radius, spread] = [pitch * r.range(0.34, 0.44), r.range(0.1, 0.22)];
  const [fill, slope] = [r.range(0.35, 0.9), r.range(0.15, 0.5)];
  const dark = r.range(0.75, 1.2);
  const long = r.range(0, 0.5); // share of spindle-shaped cells of the stroma
  for (let y = -1 + pitch / 2; y < 1; y += pitch) {
    for (let x = -1 + pitch / 2; x < 1; x += pitch) {
      const nucleus = jitter(r, x, y, pitch, radius * r.range(1 - spread, 1 + spread), dark);
      const spindle = r.chance(long * 0.5);
      const at = pixelOf(stage.size, nucleus);
      const present = r.next() < fill + slope * tissue.density[at] && tissue.empty[at] < 0.3;
      if (!present) continue;
      nuclei.push(spindle ? { ...nucleus, rx: nucleus.rx * 1.6, ry: nucleus.ry * 0.6 } : nucleus);
    }
  }
  return nuclei;
}

function jitter(r: Random, x: number, y: number, pitch: number, radius: number, dark: number): Nucleus {
  const oblong = r.range(0.9, 1.15);
  return {
    x: x + pitch * r.range(-0.36, 0.36),
    y: y + pitch * r.range(-0.36, 0.36),
    rx: radius * oblong,
    ry: radius / oblong,
    turn: r.next(),
    dark: dark * r.range(0.8, 1.2),
    texture: 0.12,
    lobes: 0,
    pale: 0.15,
    nucleoli: 0,
  };
}

/** The pixel that a nucleus's centre lies in. */
export function pixelOf(size: number, { x, y }: { x: number; y: number }): number {
  const clamp = (t: number) => Math.min(size - 1, Math.max(0, Math.floor(((t + 1) * size) / 2)));
  return clamp(y) * size + clamp(x);
}

/** Optical densities of haematoxylin and eosin in red, green and blue. */
const HAEMATOXYLIN = [1.35, 1.6, 0.66];
const EOSIN = [0.14, 1.0, 0.42];

/**
 * Turns stains into colours by Beer's law. Slides differ in how strongly they are stained: the mean of the stain and its
 * spread are brought to values drawn at random, the same for healthy and diseased patches.
 */
function stain(stage: Stage, { pink, blue }: Tissue): Image {
  const r = stage.exposure;
  const { size } = stage;
  const [meanTarget, spreadTarget] = [r.range(0.42, 0.78), r.range(0.2, 0.36)];
  const [hueH, hueE] = [r.range(0.85, 1.15), r.range(0.85, 1.15)];
  const light = r.range(0.93, 1);
  const noise = whiteNoise(3 * pink.length, r.u32());
  const strength = r.range(0.006, 0.022);
  // Green sees both stains: its density stands for the brightness of the picture.
  const density = Float32Array.from(pink, (p, i) => 0.65 * p + blue[i]);
  const mean = density.reduce((sum, d) => sum + d, 0) / density.length;
  const variance = density.reduce((sum, d) => sum + (d - mean) * (d - mean), 0) / density.length;
  const gain = Math.min(2.2, Math.max(0.45, spreadTarget / Math.sqrt(variance + 1e-6)));
  const data = new Uint8Array(3 * size * size);
  for (let i = 0; i < pink.length; i++) {
    // What is empty stays empty: the offset fades with the stain.
    const d = Math.max(0, meanTarget + gain * (density[i] - mean)) * unit(density[i] / 0.12);
    const scale = d / Math.max(1e-3, density[i]);
    const [h, e] = [blue[i] * scale * hueH, pink[i] * scale * hueE];
    for (let c = 0; c < 3; c++) {
      const value = light * decay(mix(HAEMATOXYLIN[c], HAEMATOXYLIN[c] * hueE, 0.3) * h + EOSIN[c] * e);
      data[3 * i + c] = Math.floor(unit(value + strength * noise[3 * i + c]) * 255 + 0.5);
    }
  }
  return { width: size, height: size, channels: 3, data };
}
