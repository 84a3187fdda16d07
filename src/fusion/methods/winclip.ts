import { FusionclipError } from '../../base/errors.ts';
import { WINCLIP_STATES, WINCLIP_TEMPLATES } from '../../clip/sentences.ts';
import { GpuArray } from '../../gpu/array.ts';
import { bilinearResize } from '../../kernels/resize.ts';
import type { Encoded, FeatureOptions } from '../features.ts';
import { blurMaps, oneBranch } from '../fuse.ts';
import { alignOf, geometryOf, refineMaps } from '../maps.ts';
import { abnormalPairs, imageMeans, readTogether, secondOf } from '../predict.ts';
import { type Ensemble, ensembleFeatures } from '../prompts.ts';
import { windowPatches } from '../windows.ts';
import { type Method, type ModelParts, type Remembered, type Scorer, UntrainedModel } from './method.ts';

/** Sides of the windows in patches. */
export const WINDOW_SIDES: readonly number[] = [2, 3];

/** 22 templates; the embeddings are averaged as they are. */
export const WINCLIP_ENSEMBLE: Ensemble = {
  templates: WINCLIP_TEMPLATES,
  states: WINCLIP_STATES,
  normalised: false,
};

/** What the text says of a batch, on the host. */
export interface TextScores {
  /** P(abnormal) of the image embedding, one an image. */
  readonly cls: Float32Array<ArrayBuffer>;
  /** P(abnormal) of the windows by side, [B, windows]. */
  readonly windows: ReadonlyMap<number, Float32Array>;
  /** Harmonic mean of image, small and large windows on the patch grid, [B, N]. */
  readonly grid: Float32Array<ArrayBuffer>;
  /** What was read with it. */
  readonly more: readonly Float32Array<ArrayBuffer>[];
}

/**
 * WinCLIP: every window of 2×2 and 3×3 patches is an image of its own to CLIP. A patch has the harmonic mean of the
 * windows that cover it, the map the harmonic mean of the scales, the image the score of its class token.
 */
export class WinClip extends UntrainedModel {
  readonly #text: GpuArray;
  readonly #windows: ReadonlyMap<number, readonly (readonly number[])[]>;

  /** @param text features [2, E], normalised; released with the method */
  constructor(parts: ModelParts, needs: FeatureOptions, text: GpuArray) {
    super(parts, needs);
    this.#text = text;
    const { grid } = parts.vision;
    this.#windows = new Map(WINDOW_SIDES.map((side) => [side, windowPatches(grid, side)]));
  }

  fit(_: Remembered): Scorer {
    return {
      bank: null,
      score: async (images) => {
        const { cls, grid } = await this.textScores(images);
        return oneBranch(await this.upsample(grid, images), imageMeans(grid, cls.length), cls);
      },
      release: () => {},
    };
  }

  /**
   * What the text says of a batch.
   * @param more arrays of the same batch that are read with it
   */
  async textScores({ embedding, windows }: Encoded, more: readonly GpuArray[] = []): Promise<TextScores> {
    const { temperature } = this.options;
    using job = this.gpu.job();
    const asked = [embedding!, ...WINDOW_SIDES.map((side) => windows!.get(side)!)];
    const pairs = job.do(() => asked.map((embeddings) => abnormalPairs(embeddings, this.#text, temperature)));
    const read = await readTogether(this.gpu, [...pairs, ...more]);
    const [cls, ...probabilities] = read.slice(0, asked.length).map((values) => secondOf(values!));
    const patches = this.vision.grid ** 2;
    const scales = [Float32Array.from({ length: cls.length * patches }, (_, i) => cls[Math.floor(i / patches)])];
    WINDOW_SIDES.forEach((side, i) => {
      scales.push(this.overPatches(probabilities[i], side));
    });
    const bySide = new Map(WINDOW_SIDES.map((side, i) => [side, probabilities[i]]));
    return { cls, windows: bySide, grid: harmonicMean(scales), more: read.slice(asked.length).map((one) => one!) };
  }

  /** Scores of windows [B, windows] as the harmonic mean over the windows that cover each patch, [B, N]. */
  overPatches(scores: Float32Array, side: number): Float32Array<ArrayBuffer> {
    const windows = this.#windows.get(side)!;
    const patches = this.vision.grid ** 2;
    const batch = scores.length / windows.length;
    const out = new Float32Array(batch * patches);
    for (let b = 0; b < batch; b++) {
      const inverse = new Float64Array(patches);
      const count = new Float64Array(patches);
      windows.forEach((window, w) => {
        for (const patch of window) {
          inverse[patch] += 1 / scores[b * windows.length + w];
          count[patch]++;
        }
      });
      for (let i = 0; i < patches; i++) out[b * patches + i] = count[i] / inverse[i];
    }
    return out;
  }

  /** Patch grids [B, N] of some images as maps [B, S, S]. */
  async upsample(grid: Float32Array<ArrayBuffer>, { guide }: Encoded): Promise<Float32Array<ArrayBuffer>> {
    const geometry = geometryOf(this.vision);
    const { size, std } = geometry;
    const batch = grid.length / geometry.grid ** 2;
    using job = this.gpu.job();
    const refined = job.do(() => {
      const cells = GpuArray.from(this.gpu, grid, [batch, geometry.grid, geometry.grid, 1]);
      const maps = bilinearResize(cells, [size, size], alignOf(this.options, geometry));
      return refineMaps(maps, guide, this.options, std).read();
    });
    return blurMaps(await refined, size, this.options['map.blur']);
  }

  release(): void {
    this.#text.release();
  }
}

/** Harmonic mean of arrays, element by element; a zero in any gives 0. */
export function harmonicMean(arrays: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  return Float32Array.from(arrays[0], (_, i) => arrays.length / arrays.reduce((sum, array) => sum + 1 / array[i], 0));
}

/** Text features [2, E] of WinCLIP's sentences. @throws FusionclipError `usage` when no window fits into the image */
export async function winclipText(parts: ModelParts): Promise<GpuArray> {
  const most = Math.max(...WINDOW_SIDES);
  if (parts.vision.grid < most) {
    const { patch } = parts.vision.config.vision;
    throw new FusionclipError('usage', `WinCLIP's windows need a --size of at least ${most * patch} with this model.`);
  }
  return (await ensembleFeatures(parts, WINCLIP_ENSEMBLE)).keep();
}

function needs(): FeatureOptions {
  return { layers: [], tokens: 'raw', embedding: true, windows: WINDOW_SIDES };
}

/** `--method winclip` */
export const winclip: Method = {
  needs,
  create: async (parts) => new WinClip(parts, needs(), await winclipText(parts)),
};
