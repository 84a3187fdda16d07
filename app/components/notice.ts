import type { State } from '../state.ts';

/** What screen readers are told when work has ended; empty while it goes on. */
export function noticeOf({
  phase,
  outcome,
  error,
  progress,
}: Pick<State, 'phase' | 'outcome' | 'error' | 'progress'>): string {
  if (error) return '';
  if (phase === 'paused') return progress ? `Paused after step ${progress.step} of ${progress.steps}.` : 'Paused.';
  if (phase !== 'idle' || !outcome) return '';
  const { metrics, rows } = outcome;
  const images = `${rows.length} ${rows.length === 1 ? 'image is' : 'images are'} scored`;
  return `Done: ${images}${metrics ? `, image AUROC ${metrics.image.auroc.toFixed(3)}` : ''}.`;
}
