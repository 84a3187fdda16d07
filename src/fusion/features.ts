import type { VisionTower } from '../clip/index.ts';
import type { GpuArray } from '../gpu/array.ts';
import { splitTokens } from '../kernels/assemble_tokens.ts';
import { Tensor } from '../nn/index.ts';
import type { LayerTokens } from './adapters.ts';
import { windowEmbeddings } from './windows.ts';

/** Tokens of every tapped layer of a batch of B images, by 1-based layer. */
export type Features = ReadonlyMap<number, LayerTokens>;

/** What the backbone says of a batch of B images, as far as a method asked for it. */
export interface Encoded {
  readonly features: Features;
  /** Image embeddings [B, E]. */
  readonly embedding?: GpuArray | null;
  /** Embeddings of all windows by the side of a window in patches, [B, windows, E]. */
  readonly windows?: ReadonlyMap<number, GpuArray>;
  /** The images themselves, [B, 3, S, S]. */
  readonly guide?: GpuArray | null;
  /** Cells of the stages of a pyramid by 1-based number, [B, cells, width]. */
  readonly stages?: ReadonlyMap<number, GpuArray>;
}

/** What a method takes of the backbone. */
export interface FeatureOptions {
  readonly layers: readonly number[];
  readonly tokens: 'raw' | 'ln_post';
  /** Whether the image embedding is wanted too (for the class token's text score). */
  readonly embedding?: boolean;
  /** Sides in patches of the windows whose embeddings are wanted. */
  readonly windows?: readonly number[];
  /** Stages of a pyramid whose cells are wanted, 1-based. */
  readonly stages?: readonly number[];
  /** Whether the images are wanted too, to draw maps to their edges. */
  readonly guide?: boolean;
}

/**
 * Runs the frozen tower on preprocessed images and splits class and patch tokens.
 * @param images [B, 3, S, S]
 */
export function extractFeatures(tower: VisionTower, images: GpuArray, options: FeatureOptions): Encoded {
  const result = tower.encode(new Tensor(images), { taps: options.layers, embedding: options.embedding ?? false });
  const features = new Map<number, LayerTokens>();
  for (const [layer, tap] of result.taps) {
    const tokens = options.tokens === 'ln_post' ? tower.normalise(tap) : tap;
    const { cls, patches } = splitTokens(tokens.value);
    features.set(layer, { cls: new Tensor(cls), patches: new Tensor(patches) });
  }
  const windows = new Map((options.windows ?? []).map((side) => [side, windowEmbeddings(tower, images, side)]));
  return { features, embedding: result.embedding?.value ?? null, windows, guide: options.guide ? images : null };
}

/** Bytes on the GPU that {@link extractFeatures} leaves of one image. */
export function encodedBytes(
  { config, grid, size }: VisionTower,
  { layers, embedding, windows = [], guide }: FeatureOptions,
): number {
  const rows = windows.reduce((n, side) => n + (grid - side + 1) ** 2, embedding ? 1 : 0);
  const pixels = guide ? 3 * size ** 2 : 0;
  return 4 * (layers.length * (grid ** 2 + 1) * config.vision.width + rows * config.embed + pixels);
}

/**
 * What the backbone says of each image as a whole, [B, D] as rows: its embedding where the method takes that, else the class token of
 * the last block that it takes. Null of a method that takes neither.
 */
export function wholeImages({ features, embedding }: Encoded, needs: FeatureOptions): GpuArray | null {
  // What a study keeps may hold more than is needed, and the same images must give the same numbers.
  if (needs.embedding && embedding) return embedding;
  return features.get(Math.max(...needs.layers))?.cls.value ?? null;
}

/** The arrays of a batch under one name each; the first axis of all is the images. */
export function arraysOf({ features, embedding, windows, guide, stages }: Encoded): Map<string, GpuArray> {
  const parts = new Map<string, GpuArray>();
  for (const [layer, { cls, patches }] of features) {
    parts.set(`cls.${layer}`, cls.value);
    parts.set(`patches.${layer}`, patches.value);
  }
  if (embedding) parts.set('embedding', embedding);
  for (const [side, array] of windows ?? []) parts.set(`window.${side}`, array);
  if (guide) parts.set('guide', guide);
  for (const [stage, array] of stages ?? []) parts.set(`stage.${stage}`, array);
  return parts;
}

/** The inverse of {@link arraysOf}. */
export function encodedOf(parts: ReadonlyMap<string, GpuArray>): Encoded {
  const numbered = (kind: string): [number, GpuArray][] =>
    [...parts].flatMap(([name, array]) =>
      name.startsWith(`${kind}.`) ? [[Number(name.slice(kind.length + 1)), array]] : [],
    );
  const tokens = ([layer, patches]: [number, GpuArray]): [number, LayerTokens] => [
    layer,
    { cls: new Tensor(parts.get(`cls.${layer}`)!), patches: new Tensor(patches) },
  ];
  return {
    features: new Map(numbered('patches').map(tokens)),
    embedding: parts.get('embedding') ?? null,
    windows: new Map(numbered('window')),
    stages: new Map(numbered('stage')),
    guide: parts.get('guide') ?? null,
  };
}
