import { arraysOf, type Encoded, extractFeatures, type FeatureOptions } from '../fusion/index.ts';
import type { GpuArray } from '../gpu/array.ts';
import { Tensor } from '../nn/index.ts';
import type { Detector } from './detector.ts';

/**
 * What the frozen backbone says of images that several runs have in common, kept on the GPU from run to run: methods,
 * shots and seeds of a study score the same test images. Batches are kept whole, so a run gets the same bits whether
 * they were computed for it or for another.
 */
export class SharedFeatures {
  readonly #bytes: number;
  /** Arrays by name for each batch, by the ids of its images. */
  readonly #batches = new Map<string, Map<string, GpuArray>>();
  #domain = '';
  #used = 0;
  #hits = 0;

  /** @param bytes of GPU memory; batches that do not fit any more are computed anew by each run */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Bytes that are kept now. */
  get used(): number {
    return this.#used;
  }

  /** Batches that did not have to go through the backbone, so far. */
  get hits(): number {
    return this.#hits;
  }

  /**
   * What a method that leaves the backbone frozen takes of a batch; what is not kept yet is computed in one pass.
   * @param domain everything else that the features depend on (data set, model, preprocessing); those of another domain
   * are dropped, so runs of one domain should follow each other
   * @param images [B, 3, S, S], asked for only when something is missing
   */
  encode(detector: Detector, domain: string, ids: readonly string[], images: () => GpuArray): Encoded {
    const { vision, method } = detector;
    if (domain !== this.#domain) this.release();
    this.#domain = domain;
    const key = ids.join('\n');
    const kept = this.#batches.get(key) ?? new Map<string, GpuArray>();
    const names = namesOf(method.needs, vision.config.vision.layers);
    if ([...names.values()].every((name) => kept.has(name))) {
      this.#hits++;
      return encodedOf(method.needs, names, kept);
    }
    const made = arraysOf(extractFeatures(vision, images(), method.needs));
    const fresh = [...made]
      .map(([part, array]) => [names.get(part)!, array] as const)
      .filter(([name]) => !kept.has(name));
    const all = new Map([...kept, ...fresh]);
    const bytes = fresh.reduce((sum, [, { size }]) => sum + 4 * size, 0);
    if (this.#used + bytes <= this.#bytes) {
      for (const [, array] of fresh) array.keep();
      this.#batches.set(key, all);
      this.#used += bytes;
    }
    return encodedOf(method.needs, names, all);
  }

  release(): void {
    for (const batch of this.#batches.values()) for (const array of batch.values()) array.release();
    this.#batches.clear();
    this.#used = 0;
  }
}

/**
 * Names of the arrays that a method needs, by what `arraysOf` calls them. An image embedding beside the last block's
 * tokens is computed in another way than one alone, and may differ in its last bit.
 */
function namesOf({ layers, embedding, windows = [] }: FeatureOptions, blocks: number): Map<string, string> {
  const tokens = layers.flatMap((layer) => [`cls.${layer}`, `patches.${layer}`]);
  const names = [...tokens, ...windows.map((side) => `window.${side}`)].map((name) => [name, name] as const);
  const alone = !layers.includes(blocks);
  return new Map([...names, ...(embedding ? [['embedding', alone ? 'embedding.alone' : 'embedding'] as const] : [])]);
}

function encodedOf(
  { layers, embedding, windows = [] }: FeatureOptions,
  names: ReadonlyMap<string, string>,
  arrays: ReadonlyMap<string, GpuArray>,
): Encoded {
  const part = (name: string) => arrays.get(names.get(name)!)!;
  const tokens = (layer: number) => ({
    cls: new Tensor(part(`cls.${layer}`)),
    patches: new Tensor(part(`patches.${layer}`)),
  });
  return {
    features: new Map(layers.map((layer) => [layer, tokens(layer)])),
    embedding: embedding ? part('embedding') : null,
    windows: new Map(windows.map((side) => [side, part(`window.${side}`)])),
  };
}
