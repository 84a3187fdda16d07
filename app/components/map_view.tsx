import { useRef } from 'preact/hooks';
import { contourRings } from '../../src/data/contour.ts';
import { heatColours, overlayHeatMap } from '../../src/data/index.ts';
import type { Picture } from '../protocol.ts';
import { draw, usePainted } from './raster.tsx';

/** How maps are coloured. */
export interface Looks {
  readonly opacity: number;
  /** Scores shown as lowest and highest. */
  readonly range: readonly [number, number];
}

interface Props {
  readonly picture: Picture | null;
  readonly id: string;
  readonly looks: Looks;
  /** Value of the map at which the line is drawn; null draws none. */
  readonly level: number | null;
  /** Whether the true lesion is outlined. */
  readonly outlined: boolean;
}

/** Pixels of the canvas for each pixel of the picture's longer side: lines are finer than pixels. */
const CANVAS = 1024;

/** Of the true lesion's outline: no heat colour comes near it. */
const LESION = '#5ff0e0';

/** The image as it is, and the image under its map with the lines of threshold and lesion. */
export function MapView({ picture, id, looks, level, outlined }: Props) {
  const plain = useRef<HTMLCanvasElement>(null);
  const mapped = useRef<HTMLCanvasElement>(null);
  const { opacity, range } = looks;
  const paintPlain = (canvas: HTMLCanvasElement) => picture && draw(canvas, picture.image);
  usePainted(plain, paintPlain, [picture]);
  const paintMap = (canvas: HTMLCanvasElement) => {
    if (!picture) return;
    const { image, map, lesion } = picture;
    const scale = CANVAS / Math.max(image.width, image.height);
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    const context = canvas.getContext('2d')!;
    const small = document.createElement('canvas');
    draw(small, overlayHeatMap(image, map, { opacity, range }));
    context.imageSmoothingQuality = 'high';
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
    if (outlined && lesion) stroke(context, contourRings(lesion, 0.5), LESION, [18, 14]);
    if (level !== null) stroke(context, contourRings(map, level), '#fff', []);
  };
  usePainted(mapped, paintMap, [picture, opacity, range, level, outlined]);
  return (
    <div class="views">
      <figure>
        <canvas ref={plain} id="plain" role="img" aria-label={`${id}, as it is`} />
        <figcaption>{picture && !picture.there ? 'Image (not kept; give it again to see it)' : 'Image'}</figcaption>
      </figure>
      <figure>
        <canvas ref={mapped} id="map" role="img" aria-label={`${id} with its anomaly map`} />
        <figcaption>Anomaly map</figcaption>
      </figure>
    </div>
  );
}

/** Rings as a light line in `colour` with a dark rim, to be seen on bright and dark tissue. */
function stroke(context: CanvasRenderingContext2D, rings: [number, number][][], colour: string, dash: number[]): void {
  const { width, height } = context.canvas;
  const path = new Path2D();
  for (const ring of rings) {
    path.moveTo(ring[0][0] * width, ring[0][1] * height);
    for (const [x, y] of ring) path.lineTo(x * width, y * height);
    path.closePath();
  }
  // Round ends would fill the gaps between dashes.
  context.lineCap = 'butt';
  context.setLineDash(dash);
  for (const [style, weight] of [
    ['#000a', 8],
    [colour, 4],
  ] as const) {
    context.strokeStyle = style;
    context.lineWidth = weight;
    context.stroke(path);
  }
}

/** The picture under its map, small. */
export function MapThumb({ picture, looks }: { picture: Picture; looks: Looks }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { opacity, range } = looks;
  usePainted(canvas, (element) => draw(element, overlayHeatMap(picture.small, picture.map, { opacity, range })), [
    picture,
    opacity,
    range,
  ]);
  return <canvas ref={canvas} />;
}

/** The heat colours from the lowest to the highest score. */
export function MapLegend({ range: [low, high] }: { range: readonly [number, number] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  usePainted(canvas, (element) => draw(element, { width: 256, height: 1, channels: 3, data: heatColours() }), []);
  return (
    <div class="legend">
      <span>{low.toPrecision(3)}</span>
      <canvas ref={canvas} role="img" aria-label={`Colours from ${low.toPrecision(3)} to ${high.toPrecision(3)}`} />
      <span>{high.toPrecision(3)}</span>
    </div>
  );
}
