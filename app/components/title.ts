import { useEffect, useRef } from 'preact/hooks';
import type { State } from '../state.ts';

const NAME = 'fusionclip';

/** Says in the title how far the work is, and that it has ended while the page was not in sight. */
export function useTitle({ phase, progress, stage, outcome, error }: State): void {
  const working = useRef(false);
  const busy = ['training', 'pausing', 'scoring', 'stopping', 'preparing'].includes(phase);
  const { done = 0, total = 0 } = stage ?? (progress && { done: progress.step, total: progress.steps }) ?? {};
  const counted = stage !== null;
  const percent = Math.round((100 * done) / Math.max(1, total));
  useEffect(() => {
    // Images are looked at before the first step and after the last one: that is no share of the training.
    if (busy)
      document.title = `${percent} % ${phase !== 'training' ? phase : counted ? 'looked at' : 'trained'} – ${NAME}`;
    else if (phase === 'paused') document.title = `Paused – ${NAME}`;
    else if (working.current && document.hidden) document.title = `${error ? '✗ Stopped' : '✓ Done'} – ${NAME}`;
    else document.title = NAME;
    working.current = busy;
    const seen = () => {
      if (!document.hidden && !busy && phase !== 'paused') document.title = NAME;
    };
    document.addEventListener('visibilitychange', seen);
    return () => document.removeEventListener('visibilitychange', seen);
  }, [busy, phase, percent, counted, outcome, error]);
}
