import { cosine, sine } from './arithmetic.ts';
import { fractalField, noiseField } from './noise.ts';
import { Random } from './random.ts';

/** How anatomy lies in the picture: the same organ in different people, and patients that do not lie straight. */
export interface Pose {
  /** Half-width and half-height of what the anatomy's unit square covers; 1 is the whole picture. */
  readonly scaleX: number;
  readonly scaleY: number;
  /** In turns. */
  readonly turn: number;
  readonly shiftX: number;
  readonly shiftY: number;
  /** Strength of smooth bending. */
  readonly bend: number;
}

/**
 * The picture being made. Pixels have two positions: in the picture, and in the anatomy (`u` right, `v` down, about
 * [-1, 1]), which is the former turned, shifted, stretched and bent. Families describe organs and lesions in the latter.
 */
export class Stage {
  readonly size: number;
  /** Brightness before exposure; 0 is black. */
  readonly values: Float32Array;
  /** How much of each pixel is lesion, 0 to 1. */
  readonly lesion: Float32Array;
  u: Float32Array;
  v: Float32Array;
  readonly anatomy: Random;
  readonly disease: Random;
  readonly exposure: Random;
  /** For the choice of kind and caption. */
  readonly words: Random;

  constructor(family: string, seed: number, index: number, size: number) {
    this.size = size;
    this.values = new Float32Array(size * size);
    this.lesion = new Float32Array(size * size);
    const key = new Random(`phantom.${family}.${index}`, seed).u32();
    this.anatomy = new Random('phantom.anatomy', key);
    this.disease = new Random('phantom.disease', key);
    this.exposure = new Random('phantom.exposure', key);
    this.words = new Random('phantom.words', key);
    this.u = new Float32Array(size * size);
    this.v = new Float32Array(size * size);
    this.#place({ scaleX: 1, scaleY: 1, turn: 0, shiftX: 0, shiftY: 0, bend: 0 });
  }

  /** Lays the anatomy into the picture. */
  pose(pose: Pose): void {
    this.#place(pose);
    if (pose.bend === 0) return;
    const bendU = this.noise(3);
    const bendV = this.noise(3);
    for (let i = 0; i < this.u.length; i++) {
      this.u[i] += pose.bend * bendU[i];
      this.v[i] += pose.bend * bendV[i];
    }
  }

  /** A pose drawn at random: up to `turn` turns either way, `shift` off centre, `scale` larger or smaller. */
  randomPose(turn: number, shift: number, scale: number, bend: number): Pose {
    const r = this.anatomy;
    const both = r.range(1 - scale, 1 + scale);
    return {
      scaleX: both * r.range(0.94, 1.06),
      scaleY: both * r.range(0.94, 1.06),
      turn: r.range(-turn, turn),
      shiftX: r.range(-shift, shift),
      shiftY: r.range(-shift, shift),
      bend,
    };
  }

  /** Smooth noise of the anatomy with this many cells across the picture. */
  noise(cellsX: number, cellsY = cellsX): Float32Array {
    return noiseField(this.size, this.anatomy.u32(), cellsX, cellsY);
  }

  /** Noise of the anatomy in several octaves. */
  fractal(cells: number, octaves: number): Float32Array {
    return fractalField(this.size, this.anatomy.u32(), cells, octaves);
  }

  /** Marks a pixel as lesion to the degree `coverage`. */
  mark(pixel: number, coverage: number): void {
    if (coverage > this.lesion[pixel]) this.lesion[pixel] = coverage;
  }

  #place({ scaleX, scaleY, turn, shiftX, shiftY }: Pose): void {
    const { size, u, v } = this;
    const [c, s] = [cosine(turn), sine(turn)];
    for (let y = 0, i = 0; y < size; y++) {
      const py = (2 * y + 1) / size - 1 - shiftY;
      for (let x = 0; x < size; x++, i++) {
        const px = (2 * x + 1) / size - 1 - shiftX;
        u[i] = (c * px + s * py) / scaleX;
        v[i] = (c * py - s * px) / scaleY;
      }
    }
  }
}
