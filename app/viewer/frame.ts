/** What part of an image is seen: the zoom, 1 where all of it fits its frame, and the point in the middle, in shares of the sides. */
export interface View {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

/** Where an image lies on a canvas, in pixels of the canvas. */
export interface Placement {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** All of an image. */
export const WHOLE: View = { zoom: 1, x: 0.5, y: 0.5 };

/** Of the zoom. */
const MOST = 32;

/** Where an image lies in a frame; its shape is kept, whatever the frame's. @param aspect height of a pixel in its widths */
export function placed(
  { zoom, x, y }: View,
  image: { readonly width: number; readonly height: number; readonly aspect: number },
  frame: { readonly width: number; readonly height: number },
): Placement {
  const tall = image.height * image.aspect;
  const scale = zoom * Math.min(frame.width / image.width, frame.height / tall);
  const [width, height] = [image.width * scale, tall * scale];
  return { left: frame.width / 2 - x * width, top: frame.height / 2 - y * height, width, height };
}

/** Zoomed by a factor; the point `at`, in shares of the image, stays where it is. */
export function zoomed(view: View, factor: number, at: readonly [number, number] = [view.x, view.y]): View {
  const zoom = Math.min(MOST, Math.max(1, view.zoom * factor));
  if (zoom === 1) return WHOLE;
  const kept = view.zoom / zoom;
  const move = (middle: number, point: number) => inside(point + (middle - point) * kept);
  return { zoom, x: move(view.x, at[0]), y: move(view.y, at[1]) };
}

/** Moved by so many pixels of the canvas. */
export function panned(view: View, across: number, down: number, { width, height }: Placement): View {
  if (view.zoom === 1) return view;
  return { ...view, x: inside(view.x - across / width), y: inside(view.y - down / height) };
}

/** The point of the image at a pixel of the canvas, in shares of its sides; null beside the image. */
export function pointAt(
  { left, top, width, height }: Placement,
  across: number,
  down: number,
): [number, number] | null {
  const [x, y] = [(across - left) / width, (down - top) / height];
  return x >= 0 && x < 1 && y >= 0 && y < 1 ? [x, y] : null;
}

function inside(share: number): number {
  return Math.min(1, Math.max(0, share));
}
