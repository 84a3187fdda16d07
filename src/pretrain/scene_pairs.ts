import { captionsOfScene, scene } from '../scene/index.ts';
import type { Pair, PairSource } from './pairs.ts';

/** Scenes, each with its twin, whose captions a vocabulary is learned from. */
const SPOKEN = 1500;

/**
 * Scenes that are drawn when they are needed, in twins: the same things under the same view, sound and damaged. Nothing
 * medical is among them.
 */
export function scenePairs(seed: number): PairSource {
  return {
    captions: Array.from({ length: 2 * SPOKEN }, (_, i) => captionsOfScene(seed, i >> 1, i % 2 === 1)).flat(),
    async pair(index: number, size: number): Promise<Pair> {
      const twins = Math.floor(index / 2);
      const damaged = index % 2 === 1;
      const { image, mask, caption, captions } = scene(seed, twins, size, damaged);
      return { image, caption, captions, view: twins, mirror: true, mask: damaged ? mask : null };
    },
  };
}
