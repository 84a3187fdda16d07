import { turn } from '../base/turn.ts';
import { heatLayer, type ScoreMap } from '../data/heat_map.ts';
import type { Image } from '../data/image.ts';
import { unframedMap } from '../detect/pictures.ts';
import { OUTLINE_WIDTH, outlinePath } from './outline.ts';
import type { Prediction } from './prediction.ts';
import type { RunRecord } from './read_run.ts';
import { dataUrl } from './thumbnails.ts';

/** A test image with all that is shown of it. */
export interface GalleryItem {
  readonly prediction: Prediction;
  /** The image as a data URL, or null when it is gone. */
  readonly image: string | null;
  /** The map as transparent colours, or null when there is none. */
  readonly layer: string | null;
  /** Size of what the paths are drawn in. */
  readonly width: number;
  readonly height: number;
  /** SVG path of the true lesion; empty without one. */
  readonly lesion: string;
  /** SVG path of the line at which the map reaches the pixel threshold; empty without one. */
  readonly predicted: string;
}

/** The longer side of a layer of colours in pixels: maps are smooth, and a browser smooths them again. */
const LAYER_SIDE = 96;

/** Reads what the gallery shows of some images. */
export async function galleryItems(
  run: RunRecord,
  chosen: readonly Prediction[],
  signal?: AbortSignal,
): Promise<GalleryItem[]> {
  const { header, pictures, results } = run;
  const level = results.selected.pixelThreshold?.value ?? null;
  const range = colourRange(run);
  const out: GalleryItem[] = [];
  for (const prediction of chosen) {
    const { id } = prediction;
    const [image, own, mask] = [await pictures.image(id), await pictures.map(id), await pictures.mask(id)];
    const map = own && image ? unframedMap(own, image, header.fusion.norm) : own;
    await turn(signal);
    const { width, height } = image ?? map ?? { width: 1, height: 1 };
    const tall = Math.round((OUTLINE_WIDTH * height) / width);
    const scale = Math.min(1, LAYER_SIDE / Math.max(width, height));
    const side = (length: number) => Math.max(1, Math.round(length * scale));
    out.push({
      prediction,
      image: image && dataUrl(image),
      layer: map && dataUrl(heatLayer(map, side(width), side(height), { range })),
      width: OUTLINE_WIDTH,
      height: tall,
      lesion: mask ? outlinePath(asMap(mask), 127.5, tall) : '',
      predicted: map && level !== null ? outlinePath(map, level, tall) : '',
    });
  }
  return out;
}

/** The scores that colours span, as in the run's heat maps: from 0 to the largest value of validation. */
export function colourRange({ predictions, results }: RunRecord): [number, number] {
  // Runs of before there was a scale were drawn by the extremes of the set.
  return [0, results.mapScale ?? predictions.reduce((most, { range }) => Math.max(most, range[1]), 0)];
}

function asMap({ width, height, data }: Image): ScoreMap {
  return { width, height, data: Float32Array.from(data) };
}
