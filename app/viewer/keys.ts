import { panned, WHOLE, zoomed } from './frame.ts';
import type { Looks } from './looks.ts';

interface Uses {
  readonly looks: Looks;
  onLooks(part: Partial<Looks>): void;
  onInvert(): void;
  onSlice(by: number): void;
  /** To the next or the previous image in the order of the gallery. */
  onImage(by: number): void;
}

/** Shares of the frame that an arrow moves. */
const MOVE = 0.1;

/** Does what a key means in the viewer; fields that take the key themselves keep it. */
export function viewerKey(event: KeyboardEvent, { looks, onLooks, onInvert, onSlice, onImage }: Uses): void {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const { view, over } = looks;
  const move = (across: number, down: number) =>
    onLooks({
      view: panned(view, across * MOVE, down * MOVE, { left: 0, top: 0, width: view.zoom, height: view.zoom }),
    });
  const arrows: Record<string, () => void> = {
    ArrowLeft: () => move(1, 0),
    ArrowRight: () => move(-1, 0),
    ArrowUp: () => move(0, 1),
    ArrowDown: () => move(0, -1),
  };
  const keys: Record<string, () => void> = {
    o: () => onLooks({ over: !over }),
    i: onInvert,
    '+': () => onLooks({ view: zoomed(view, 1.5) }),
    '=': () => onLooks({ view: zoomed(view, 1.5) }),
    '-': () => onLooks({ view: zoomed(view, 1 / 1.5) }),
    '0': () => onLooks({ view: WHOLE }),
    n: () => onImage(1),
    p: () => onImage(-1),
    PageDown: () => onSlice(1),
    PageUp: () => onSlice(-1),
  };
  const act = event.shiftKey
    ? (arrows[event.key] ?? keys[event.key])
    : keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function typing(target: EventTarget | null): boolean {
  if (target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) return true;
  return target instanceof HTMLInputElement && !['radio', 'checkbox'].includes(target.type);
}
