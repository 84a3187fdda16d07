import { contourRings } from '../../src/data/contour.ts';
import { resampleMap, type ScoreMap } from '../../src/data/heat_map.ts';
import type { Image } from '../../src/data/index.ts';
import { contextOf, pixelsOf } from '../components/raster.tsx';
import type { Slice } from '../protocol/viewing.ts';
import { COLOURS, type ColourName } from './colours.ts';
import type { Placement } from './frame.ts';
import { type Shades, shaded } from './shades.ts';

/** How a map is coloured. */
export interface HeatLooks {
  readonly colours: ColourName;
  /** Scores with the first and the last colour. */
  readonly range: readonly [number, number];
  /** Scores below it are transparent. */
  readonly floor: number;
}

/** Pixels to a side of a map that is coloured: smaller ones are interpolated before, not after. */
const FINE = 512;

/** Of the true lesion's outline: no heat colour comes near it. */
const LESION = '#5ff0e0';

/** A picture that is drawn on canvases: its pixels, and a canvas of them for as long as the browser keeps what is on it. */
export class Layer {
  readonly #pixels: ImageData;
  #canvas: HTMLCanvasElement | null = null;

  constructor(pixels: ImageData) {
    this.#pixels = pixels;
  }

  get width(): number {
    return this.#pixels.width;
  }

  /** A GPU process that dies takes what is on a canvas along, wherever it lies; then another is made. */
  get canvas(): HTMLCanvasElement {
    if (this.#canvas) return this.#canvas;
    const canvas = document.createElement('canvas');
    canvas.width = this.#pixels.width;
    canvas.height = this.#pixels.height;
    contextOf(canvas).putImageData(this.#pixels, 0, 0);
    canvas.addEventListener('contextlost', () => {
      this.#canvas = null;
    });
    this.#canvas = canvas;
    return canvas;
  }
}

/** A slice as a picture. */
export function sliceLayer(slice: Slice, shades: Shades): Layer {
  return new Layer(shaded(slice, shades));
}

/** A picture whose numbers are not at hand. */
export function pictureLayer(image: Image): Layer {
  return new Layer(pixelsOf(image));
}

/** A map in its colours, the more opaque the higher it is. */
export function heatLayer(map: ScoreMap, { colours, range: [low, high], floor }: HeatLooks): Layer {
  const scale = Math.max(1, FINE / Math.max(map.width, map.height));
  const pixels = new ImageData(Math.round(map.width * scale), Math.round(map.height * scale));
  const table = COLOURS[colours].table();
  const scores = resampleMap(map, pixels.width, pixels.height);
  for (let i = 0; i < scores.length; i++) {
    if (!(scores[i] >= floor)) continue;
    const level = high > low ? Math.max(0, Math.min(1, (scores[i] - low) / (high - low))) || 0 : 0;
    const colour = 3 * Math.round(255 * level);
    for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = table[colour + c];
    pixels.data[4 * i + 3] = Math.round(255 * level);
  }
  return new Layer(pixels);
}

/** A line around what is at or above a level, in shares of the sides. */
export interface Outline {
  readonly rings: readonly [number, number][][];
  readonly kind: 'threshold' | 'lesion';
}

/** The outline of a map at a level. */
export function outlineOf(map: ScoreMap, level: number, kind: Outline['kind']): Outline {
  return { rings: contourRings(map, level), kind };
}

/** What is drawn on a canvas. */
export interface Drawing {
  readonly base: Layer;
  readonly heat: Layer | null;
  readonly opacity: number;
  readonly outlines: readonly Outline[];
  /** Left of this share of the canvas nothing lies over the image; 0 shows all of it. */
  readonly swipe: number;
}

/** Draws an image with what lies over it. */
export function paint(
  canvas: HTMLCanvasElement,
  at: Placement,
  { base, heat, opacity, outlines, swipe }: Drawing,
): void {
  const context = contextOf(canvas);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = '#000';
  context.fillRect(0, 0, canvas.width, canvas.height);
  // Single pixels are seen as such when they are large.
  context.imageSmoothingEnabled = at.width / base.width < 4;
  context.imageSmoothingQuality = 'high';
  context.drawImage(base.canvas, at.left, at.top, at.width, at.height);
  context.save();
  context.beginPath();
  context.rect(swipe * canvas.width, 0, canvas.width, canvas.height);
  context.clip();
  context.imageSmoothingEnabled = true;
  context.globalAlpha = opacity;
  if (heat && opacity > 0) context.drawImage(heat.canvas, at.left, at.top, at.width, at.height);
  context.globalAlpha = 1;
  for (const outline of outlines) stroke(context, at, outline);
  context.restore();
  if (swipe > 0) {
    context.fillStyle = '#fff';
    context.fillRect(swipe * canvas.width - 1, 0, 2, canvas.height);
  }
}

/** Rings as a light line with a dark rim, to be seen on bright and dark tissue. */
function stroke(context: CanvasRenderingContext2D, at: Placement, { rings, kind }: Outline): void {
  const path = new Path2D();
  for (const ring of rings) {
    ring.forEach(([x, y], i) => {
      const point = [at.left + x * at.width, at.top + y * at.height] as const;
      if (i === 0) path.moveTo(...point);
      else path.lineTo(...point);
    });
    path.closePath();
  }
  const fine = globalThis.devicePixelRatio || 1;
  // Round ends would fill the gaps between dashes.
  context.lineCap = 'butt';
  context.setLineDash(kind === 'lesion' ? [7 * fine, 5 * fine] : []);
  for (const [style, weight] of [
    ['#000a', 3.5],
    [kind === 'lesion' ? LESION : '#fff', 1.75],
  ] as const) {
    context.strokeStyle = style;
    context.lineWidth = weight * fine;
    context.stroke(path);
  }
}
