import { cosine, mix, segmentDistance, sine, smooth } from './arithmetic.ts';
import type { LesionKind } from './family.ts';
import { fractalField } from './noise.ts';
import type { Nucleus } from './nuclei.ts';
import type { Random } from './random.ts';
import { forBlob, inside, randomBlob } from './shapes.ts';
import type { Stage } from './stage.ts';
import type { Tissue } from './tissue.ts';

/** The kinds of lesion that a tissue section may have, and what captions call them. */
export const HISTOPATHOLOGY_KINDS: readonly LesionKind[] = [
  { name: 'nest', phrases: ['a nest of large irregular nuclei', 'a cluster of tumour cells'] },
  { name: 'sheet', phrases: ['a sheet of crowded tumour cells', 'tumour cells at one side'] },
  { name: 'gland', phrases: ['atypical glands', 'rings of crowded nuclei'] },
  { name: 'strands', phrases: ['strands of tumour cells', 'rows of tumour cells'] },
  { name: 'necrosis', phrases: ['necrosis', 'dead tissue with debris'] },
];

/** What a lesion puts in place of healthy tissue. */
export interface Atypia {
  /** Where healthy nuclei are gone, 0 to 1. */
  readonly spared: Float32Array;
  readonly nuclei: readonly Nucleus[];
}

/** Changes the stroma for a kind of lesion and lists its nuclei. */
export function planAtypia(stage: Stage, kind: string, tissue: Tissue): Atypia {
  const region = kind === 'gland' ? new Float32Array(stage.values.length) : regionOf(stage, kind);
  const nuclei = kind === 'gland' ? glands(stage, region, tissue) : [];
  if (kind === 'nest' || kind === 'sheet' || kind === 'strands') nuclei.push(...crowd(stage, region));
  if (kind === 'necrosis') nuclei.push(...debris(stage, region));
  const r = stage.disease;
  const tint = kind === 'necrosis' ? r.range(0.17, 0.3) : r.range(-0.1, 0.02);
  const rough = fractalField(stage.size, r.u32(), 30, 1);
  for (let i = 0; i < region.length; i++) {
    const c = region[i];
    if (c === 0) continue;
    // Cytoplasm in place of fibres; granular where cells have died.
    const grains = kind === 'necrosis' ? 0.1 * rough[i] : 0.015 * rough[i];
    tissue.pink[i] = mix(tissue.pink[i], (0.4 + tint + grains) * (1 - tissue.empty[i]), 0.85 * c);
    stage.mark(i, c);
  }
  return { spared: region, nuclei };
}

/** The region of the lesion, 0 to 1. */
function regionOf(stage: Stage, kind: string): Float32Array {
  const r = stage.disease;
  const { size } = stage;
  const region = new Float32Array(size * size);
  if (kind === 'sheet') {
    // Beyond a line that wavers.
    const [turn, at] = [r.next(), r.range(0.66, 0.8)];
    const [c, s] = [cosine(turn), sine(turn)];
    const waver = fractalField(size, r.u32(), 4, 2);
    for (let i = 0; i < region.length; i++) {
      const [x, y] = [(2 * (i % size) + 1) / size - 1, (2 * Math.floor(i / size) + 1) / size - 1];
      region[i] = smooth((c * x + s * y - at + 0.08 * waver[i]) / 0.04 + 0.5);
    }
    return region;
  }
  if (kind === 'strands') {
    const [turn, count] = [r.next(), r.int(2, 3)];
    const [c, s] = [cosine(turn), sine(turn)];
    const waver = fractalField(size, r.u32(), 5, 1);
    const offsets = Array.from({ length: count }, (_, k) => -0.5 + (k + r.range(0.2, 0.8)) / count);
    const middles = offsets.map(() => r.range(-0.35, 0.35));
    const half = r.range(0.075, 0.1);
    for (let i = 0; i < region.length; i++) {
      const [x, y] = [(2 * (i % size) + 1) / size - 1, (2 * Math.floor(i / size) + 1) / size - 1];
      const [a, b] = [c * x + s * y, c * y - s * x + 0.06 * waver[i]];
      for (let k = 0; k < count; k++) {
        const d = segmentDistance(a, b, middles[k] - 0.4, offsets[k] * 1.4, middles[k] + 0.4, offsets[k] * 1.4);
        region[i] = Math.max(region[i], smooth((half - d) / 0.03 + 0.5));
      }
    }
    return region;
  }
  const count = kind === 'nest' && r.chance(0.4) ? 2 : 1;
  const [low, high] = kind === 'necrosis' ? [0.3, 0.42] : [0.28 / Math.sqrt(count), 0.42 / Math.sqrt(count)];
  const side = r.sign();
  for (let k = 0; k < count; k++) {
    const x = count === 1 ? r.range(-0.55, 0.55) : side * (k === 0 ? r.range(0.3, 0.6) : r.range(-0.6, -0.3));
    // Regions live in the picture's own axes here; turning them with the fibres would change nothing.
    forBlob(stage, randomBlob(r, x, r.range(-0.55, 0.55), low, high, 0.15), 1.3, (i, q) => {
      region[i] = Math.max(region[i], inside(q, 0.12));
    });
  }
  return region;
}

/** A large, dark, uneven nucleus. */
function atypical(r: Random, x: number, y: number, radius: number, dark: number): Nucleus {
  const oblong = r.range(0.75, 1.35);
  const size = radius * r.range(0.75, 1.3);
  return {
    x,
    y,
    rx: size * oblong,
    ry: size / oblong,
    turn: r.next(),
    dark: dark * r.range(0.75, 1.3),
    texture: r.range(0.2, 0.35),
    lobes: r.range(0.02, 0.17),
    pale: r.range(0.15, 0.42),
    nucleoli: r.int(0, 2),
  };
}

/** Crowded nuclei wherever the region is. */
function crowd(stage: Stage, region: Float32Array): Nucleus[] {
  const r = stage.disease;
  const { size } = stage;
  const radius = r.range(0.066, 0.085);
  const [pitch, dark] = [radius * r.range(1.55, 1.9), r.range(0.8, 1.15)];
  const nuclei: Nucleus[] = [];
  for (let y = -1 + pitch / 2; y < 1 + pitch; y += pitch) {
    for (let x = -1 + pitch / 2; x < 1 + pitch; x += pitch) {
      const nucleus = atypical(r, x + pitch * r.range(-0.3, 0.3), y + pitch * r.range(-0.3, 0.3), radius, dark);
      if (r.chance(0.93) && covered(region, size, nucleus.x, nucleus.y)) nuclei.push(nucleus);
    }
  }
  return nuclei;
}

/** Fragments of nuclei and shadows of cells. */
function debris(stage: Stage, region: Float32Array): Nucleus[] {
  const r = stage.disease;
  const nuclei: Nucleus[] = [];
  for (let k = 0; k < 260; k++) {
    const [x, y] = [r.range(-1, 1), r.range(-1, 1)];
    const nucleus = {
      ...atypical(r, x, y, r.range(0.012, 0.026), r.range(0.5, 1.3)),
      nucleoli: 0,
      texture: 0,
      pale: 0,
    };
    if (covered(region, stage.size, x, y)) nuclei.push(nucleus);
  }
  return nuclei;
}

/** Rings of crowded oblong nuclei around an empty middle. */
function glands(stage: Stage, region: Float32Array, tissue: Tissue): Nucleus[] {
  const r = stage.disease;
  const { size } = stage;
  const nuclei: Nucleus[] = [];
  const count = r.int(1, 3);
  const start = r.next();
  for (let k = 0; k < count; k++) {
    const direction = start + k / count + r.range(-0.06, 0.06);
    const off = count === 1 ? r.range(0, 0.45) : r.range(0.45, 0.58);
    const [x, y] = [off * cosine(direction), off * sine(direction)];
    const outer = r.range(0.25, 0.34) / (count === 1 ? 0.8 : 1.1);
    const [lumen, oblong] = [outer * r.range(0.3, 0.5), r.range(0.85, 1.15)];
    for (let i = 0; i < region.length; i++) {
      const dx = ((2 * (i % size) + 1) / size - 1 - x) / oblong;
      const dy = ((2 * Math.floor(i / size) + 1) / size - 1 - y) * oblong;
      const d = Math.sqrt(dx * dx + dy * dy);
      const c = smooth((outer - d) / 0.03 + 0.5);
      if (c === 0) continue;
      region[i] = Math.max(region[i], c);
      const hole = smooth((lumen - d) / 0.04 + 0.5);
      tissue.empty[i] = Math.max(tissue.empty[i] * (1 - c), 0.9 * hole);
    }
    const dark = r.range(0.85, 1.2);
    const ring = (lumen + outer) / 2;
    const cells = Math.floor(ring * r.range(62, 78));
    for (let n = 0; n < cells; n++) {
      const turn = n / cells + r.range(-0.01, 0.01);
      const d = mix(lumen, outer, n % 2 === 0 ? r.range(0.2, 0.45) : r.range(0.6, 0.85));
      const [nx, ny] = [x + d * cosine(turn) * oblong, y + (d * sine(turn)) / oblong];
      nuclei.push({ ...atypical(r, nx, ny, 0.055, dark), rx: 0.08, ry: 0.048, turn: turn + r.range(-0.04, 0.04) });
    }
  }
  return nuclei;
}

function covered(region: Float32Array, size: number, x: number, y: number): boolean {
  const [column, row] = [Math.floor(((x + 1) * size) / 2), Math.floor(((y + 1) * size) / 2)];
  if (column < 0 || row < 0 || column >= size || row >= size) return false;
  return region[row * size + column] > 0.5;
}
