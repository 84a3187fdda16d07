import type { FileSystem } from '../base/file_system.ts';
import { imageKey } from '../data/image.ts';
import type { Sample } from '../data/layout/dataset.ts';
import { readSample } from '../data/layout/open.ts';
import type { SeenImages } from './known_images.ts';
import { type Framing, pixelsOf } from './pictures.ts';
import type { ScoredSet } from './scoring.ts';
import type { Support } from './support.ts';

/**
 * The keys of what a run has looked at.
 * @param chosen what weights were compared on; they are read for it
 * @param test the test images
 */
export async function seenImages(
  fs: FileSystem,
  framing: Framing,
  { shots, abnormal }: Support,
  chosen: readonly Sample[],
  test: ScoredSet,
): Promise<SeenImages> {
  const keys: string[] = [];
  for (const sample of chosen) keys.push(imageKey(pixelsOf(await readSample(fs, sample, framing.grey), framing)));
  return {
    // In normal-only mode they are made of the normal ones.
    abnormal: shots.abnormal.length > 0 ? abnormal.map(({ pixels }) => imageKey(pixels)) : [],
    chosen: keys,
    test: test.images.flatMap(({ key }) => key ?? []),
  };
}
