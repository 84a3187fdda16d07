import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Image } from '../../src/data/index.ts';

/** A picture on a canvas, pixel for pixel; styles give it its size on the page. */
export function Raster({ image, label, class: className }: { image: Image; label: string; class?: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  usePainted(canvas, (element) => draw(element, image), [image]);
  return <canvas ref={canvas} class={className} role="img" aria-label={label} />;
}

/** Paints a canvas now, and again when the browser has lost what was on it: a GPU process that dies takes that along. */
export function usePainted(
  canvas: RefObject<HTMLCanvasElement | null>,
  paint: (canvas: HTMLCanvasElement) => void,
  inputs: readonly unknown[],
): void {
  useLayoutEffect(() => {
    const element = canvas.current!;
    const again = () => paint(element);
    again();
    element.addEventListener('contextrestored', again);
    return () => element.removeEventListener('contextrestored', again);
  }, [...inputs]);
}

/** Draws RGB on a canvas of its size. */
export function draw(canvas: HTMLCanvasElement, image: Image): void {
  const { width, height } = image;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  contextOf(canvas).putImageData(pixelsOf(image), 0, 0);
}

/** The pixels of an RGB image as a canvas takes them. */
export function pixelsOf({ width, height, data }: Image): ImageData {
  const pixels = new ImageData(width, height);
  for (let i = 0, from = 0, to = 0; i < width * height; i++, from += 3, to += 4) {
    pixels.data.set([data[from], data[from + 1], data[from + 2], 255], to);
  }
  return pixels;
}

/** The context of a canvas in main memory: pictures that Chrome had sent to the GPU are not drawn after that is lost. */
export function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  return canvas.getContext('2d', { willReadFrequently: true })!;
}
