import { useRef } from 'preact/hooks';
import { overlayHeatMap } from '../../src/data/index.ts';
import type { Picture } from '../protocol/viewing.ts';
import { draw, usePainted } from './raster.tsx';

/** How small maps are coloured. */
export interface ThumbLooks {
  readonly opacity: number;
  /** Scores shown as lowest and highest. */
  readonly range: readonly [number, number];
}

/** The picture under its map, small. */
export function MapThumb({ picture, looks }: { picture: Picture; looks: ThumbLooks }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { opacity, range } = looks;
  usePainted(canvas, (element) => draw(element, overlayHeatMap(picture.small, picture.map, { opacity, range })), [
    picture,
    opacity,
    range,
  ]);
  return <canvas ref={canvas} />;
}
