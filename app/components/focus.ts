import { useEffect, useRef } from 'preact/hooks';
import type { Phase } from '../state.ts';

/** What can have the focus. */
const FOCUSABLE = 'button:enabled, input:enabled, select:enabled, summary, a[href]';

/**
 * Keeps the keyboard where it was: fields that are disabled while the page works lose the focus, so it goes to the button
 * that stops the work, and back to the field afterwards. What is taken off the page with the focus on it leaves it to what
 * stood next to it.
 */
export function useFocusKept(phase: Phase): void {
  const last = useRef<HTMLElement | null>(null);
  const around = useRef<readonly Element[]>([]);
  useEffect(() => {
    const remember = ({ target }: FocusEvent) => {
      // Those that stop the work go with it; the focus goes back to where it was.
      if (!(target instanceof HTMLElement) || ['pause', 'cancel'].includes(target.id)) return;
      around.current = above(target);
      last.current = target;
    };
    const watcher = new MutationObserver(() => {
      const [gone] = around.current;
      if (document.activeElement !== document.body || !gone || gone.isConnected) return;
      const place = around.current.find((one) => one.isConnected && one.querySelector(FOCUSABLE));
      place?.querySelector<HTMLElement>(FOCUSABLE)?.focus({ preventScroll: true });
    });
    addEventListener('focusin', remember);
    watcher.observe(document.body, { childList: true, subtree: true });
    return () => {
      removeEventListener('focusin', remember);
      watcher.disconnect();
    };
  }, []);
  useEffect(() => {
    if (document.activeElement !== document.body || !last.current) return;
    const stop = document.querySelector<HTMLElement>('#pause, #cancel');
    if (stop) stop.focus({ preventScroll: true });
    else if (phase === 'idle') last.current.focus({ preventScroll: true });
    else if (phase === 'paused') document.querySelector<HTMLElement>('#resume')?.focus({ preventScroll: true });
  }, [phase]);
}

/** An element and all that hold it, the nearest first. */
function above(element: Element): Element[] {
  const out: Element[] = [];
  for (let one: Element | null = element; one && one !== document.body; one = one.parentElement) out.push(one);
  return out;
}
