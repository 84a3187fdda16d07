import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { usePainted } from '../components/raster.tsx';
import { type Placement, placed, type View } from './frame.ts';
import { type Drawing, paint } from './layers.ts';

interface Props {
  readonly id: string;
  readonly label: string;
  readonly caption: string;
  readonly view: View;
  /** Size of the image, and the height of its pixels in widths. */
  readonly image: { readonly width: number; readonly height: number; readonly aspect: number };
  /** Null while there is nothing to show. */
  readonly drawing: Drawing | null;
  readonly pointers: Pointers;
}

/** What the pointer does on a canvas, with where the image lies on it. */
export interface Pointers {
  wheel(event: WheelEvent, at: Placement, canvas: HTMLCanvasElement): void;
  down(event: PointerEvent, at: Placement, canvas: HTMLCanvasElement): void;
  move(event: PointerEvent, at: Placement, canvas: HTMLCanvasElement): void;
  up(event: PointerEvent): void;
  leave(): void;
}

/** One frame of the viewer: as large as its place on the page, whatever the shape of the image. */
export function ViewerCanvas({ id, label, caption, view, image, drawing, pointers }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(canvas);
  const at = placed(view, image, size);
  const show = (element: HTMLCanvasElement) => {
    element.width = size.width;
    element.height = size.height;
    if (drawing) paint(element, at, drawing);
  };
  usePainted(canvas, show, [drawing, view, size, image.width, image.height, image.aspect]);
  return (
    <figure>
      <canvas
        ref={canvas}
        id={id}
        role="img"
        aria-label={label}
        onWheel={(event) => pointers.wheel(event, at, event.currentTarget)}
        onPointerDown={(event) => pointers.down(event, at, event.currentTarget)}
        onPointerMove={(event) => pointers.move(event, at, event.currentTarget)}
        onPointerUp={(event) => pointers.up(event)}
        onPointerCancel={(event) => pointers.up(event)}
        onPointerLeave={() => pointers.leave()}
        onContextMenu={(event) => event.preventDefault()}
      />
      <figcaption>{caption}</figcaption>
    </figure>
  );
}

/** Pixels of the screen that a canvas takes. */
function useSize(canvas: RefObject<HTMLCanvasElement | null>) {
  const [size, setSize] = useState({ width: 320, height: 320 });
  useLayoutEffect(() => {
    const measure = () => {
      const { clientWidth, clientHeight } = canvas.current!;
      const fine = globalThis.devicePixelRatio || 1;
      const [width, height] = [clientWidth, clientHeight].map((n) => Math.max(1, Math.round(n * fine)));
      setSize((old) => (old.width === width && old.height === height ? old : { width, height }));
    };
    measure();
    const watcher = new ResizeObserver(measure);
    watcher.observe(canvas.current!);
    return () => watcher.disconnect();
  }, []);
  return size;
}
