import type { Tokenizer } from '../clip/index.ts';
import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { type InfoNceTargets, infoNceTargets, uploadIndex, uploadTargets } from '../kernels/index.ts';
import type { PretrainOptions } from './options.ts';
import type { PairSource } from './pairs.ts';
import { drawRegions, patchCoverage, type RegionSource } from './regions.ts';
import { drawView, mirroredCaption, viewInput } from './views.ts';

/** Inputs of one step, before they are on the GPU. */
export interface Batch {
  readonly images: Float32Array<ArrayBuffer>;
  readonly sentences: readonly (readonly number[])[];
  readonly targets: HostTargets;
  /** Null when no lesion is known. */
  readonly regions: { readonly tokens: Uint32Array; readonly targets: HostTargets } | null;
}

type HostTargets = InfoNceTargets<Float32Array<ArrayBuffer>>;

/**
 * Draws pairs and makes them the inputs of a step.
 * @param pairs their numbers
 * @param size of their square pictures in pixels
 */
export async function prepareBatch(
  { seed, patch, regions: count }: PretrainOptions,
  source: PairSource,
  tokenizer: Tokenizer,
  pairs: readonly number[],
  size: number,
): Promise<Batch> {
  const batch = pairs.length;
  const images = new Float32Array(batch * 3 * size * size);
  const captions: string[] = [];
  const truths: ReadonlySet<string>[] = [];
  const sources: RegionSource[] = [];
  const healthy = new Map<number, number>();
  for (const [b, index] of pairs.entries()) {
    const pair = await source.pair(index, size);
    const view = drawView(seed, pair.view, pair.mirror);
    images.set(viewInput(pair.image, view), b * 3 * size * size);
    const seen = (caption: string) => (view.mirrored ? mirroredCaption(caption) : caption);
    captions.push(seen(pair.caption));
    truths.push(new Set(pair.captions.map(seen)));
    if (!pair.mask) healthy.set(pair.view, b);
    const lesion = pair.mask && count > 0 ? patchCoverage(pair.mask, view.theta, patch) : null;
    sources.push({ index, lesion, twin: healthy.get(pair.view) ?? -1 });
  }
  const sentences = captions.map((caption) => tokenizer.sentence(caption));
  const targets = infoNceTargets(batch, batch, (i, j) => truths[i].has(captions[j]));
  const places = drawRegions(seed, count, sources);
  if (places.length === 0) return { images, sentences, targets, regions: null };
  const tokens = Math.floor(size / patch) ** 2 + 1;
  return {
    ...{ images, sentences, targets },
    regions: {
      tokens: Uint32Array.from(places, ({ picture, patch }) => picture * tokens + 1 + patch),
      targets: infoNceTargets(places.length, batch, (r, j) => truths[places[r].like].has(captions[j])),
    },
  };
}

/** The same on the GPU, in the caller's scope. @param size of the square pictures in pixels */
export function uploadBatch(gpu: Gpu, { images, sentences, targets, regions }: Batch, size: number) {
  const pictures = GpuArray.from(gpu, images, [sentences.length, 3, size, size]);
  const upload = (given: HostTargets, rows: number) => uploadTargets(gpu, given, [rows, sentences.length]);
  return {
    ...{ images: pictures, sentences, targets: upload(targets, sentences.length) },
    ...(regions && {
      regions: {
        tokens: uploadIndex(gpu, regions.tokens),
        targets: upload(regions.targets, regions.tokens.length),
      },
    }),
  };
}
