import { useEffect, useRef } from 'preact/hooks';
import type { Phase } from '../state.ts';

/**
 * Keeps the keyboard where it was: fields that are disabled while the page works lose the focus, so it goes to the button
 * that stops the work, and back to the field afterwards.
 */
export function useFocusKept(phase: Phase): void {
  const last = useRef<HTMLElement | null>(null);
  useEffect(() => {
    const remember = ({ target }: FocusEvent) => {
      if (target instanceof HTMLElement && !['pause', 'cancel'].includes(target.id)) last.current = target;
    };
    addEventListener('focusin', remember);
    return () => removeEventListener('focusin', remember);
  }, []);
  useEffect(() => {
    if (document.activeElement !== document.body || !last.current) return;
    const stop = document.querySelector<HTMLElement>('#pause, #cancel');
    if (stop) stop.focus({ preventScroll: true });
    else if (phase === 'idle') last.current.focus({ preventScroll: true });
    else if (phase === 'paused') document.querySelector<HTMLElement>('#resume')?.focus({ preventScroll: true });
  }, [phase]);
}
