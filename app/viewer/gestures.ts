import { useRef } from 'preact/hooks';
import type { Pointers } from './canvas.tsx';
import { type Placement, panned, pointAt, type View, zoomed } from './frame.ts';
import { dragged, type Shades } from './shades.ts';

/** What dragging does. */
export type Tool = 'window' | 'pan';

interface Uses {
  readonly tool: Tool;
  readonly view: View;
  /** Null where there are no shades to change: of colours. */
  readonly shades: Shades | null;
  /** Whether the wheel goes through slices. */
  readonly stacked: boolean;
  onView(view: View): void;
  onShades(shades: Shades): void;
  /** Gets the point under the pointer in shares of the image, or null. */
  onPoint(point: readonly [number, number] | null): void;
  /** By so many slices. */
  onSlice(by: number): void;
}

/** Of the wheel: a notch of a mouse. */
const NOTCH = 100;

/**
 * Dragging changes the window or moves the image; with the shift key, another button or a second finger it always moves. The wheel
 * goes through slices; with the control key, and by two fingers, it zooms.
 */
export function usePointers(uses: Uses): Pointers {
  const held = useRef(new Map<number, { x: number; y: number }>());
  const start = useRef<{ x: number; y: number; shades: Shades | null; moves: boolean } | null>(null);
  const turned = useRef(0);
  const onCanvas = (event: MouseEvent, canvas: HTMLCanvasElement): [number, number] => {
    const fine = canvas.width / canvas.clientWidth;
    return [event.offsetX * fine, event.offsetY * fine];
  };
  const point = (event: MouseEvent, at: Placement, canvas: HTMLCanvasElement) =>
    pointAt(at, ...onCanvas(event, canvas));
  return {
    wheel(event, at, canvas) {
      const zooms = event.ctrlKey || event.metaKey;
      if (!zooms && !uses.stacked) return;
      event.preventDefault();
      if (zooms)
        return uses.onView(
          zoomed(uses.view, 2 ** (-event.deltaY / (2 * NOTCH)), point(event, at, canvas) ?? undefined),
        );
      turned.current += event.deltaMode === WheelEvent.DOM_DELTA_LINE ? (event.deltaY * NOTCH) / 3 : event.deltaY;
      const by = Math.trunc(turned.current / (NOTCH / 2));
      if (by === 0) return;
      turned.current = 0;
      uses.onSlice(Math.sign(by) * Math.max(1, Math.floor(Math.abs(by) / 2)));
    },
    down(event, _, canvas) {
      canvas.setPointerCapture(event.pointerId);
      held.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      const moves = uses.tool === 'pan' || event.shiftKey || event.button !== 0;
      start.current = { x: event.clientX, y: event.clientY, shades: uses.shades, moves };
    },
    move(event, at, canvas) {
      const before = held.current.get(event.pointerId);
      if (!before || !start.current) return uses.onPoint(point(event, at, canvas));
      const now = { x: event.clientX, y: event.clientY };
      const fine = canvas.width / canvas.clientWidth;
      const others = [...held.current].filter(([id]) => id !== event.pointerId);
      held.current.set(event.pointerId, now);
      if (others.length > 0) {
        const [, other] = others[0];
        const apart = (from: { x: number; y: number }) => Math.hypot(from.x - other.x, from.y - other.y) || 1;
        return uses.onView(zoomed(uses.view, apart(now) / apart(before)));
      }
      const { x, y, shades, moves } = start.current;
      if (moves) uses.onView(panned(uses.view, (now.x - before.x) * fine, (now.y - before.y) * fine, at));
      else if (shades) {
        uses.onShades(dragged(shades, (now.x - x) / canvas.clientWidth, (now.y - y) / canvas.clientHeight));
      }
    },
    up(event) {
      held.current.delete(event.pointerId);
      if (held.current.size === 0) start.current = null;
    },
    leave: () => uses.onPoint(null),
  };
}
