import type { Prediction } from './prediction.ts';
/**
 * Images in the order of how wrong their scores are: how far beyond the threshold on the wrong side, or, when nothing is
 * wrong, how near to it. Without a threshold abnormal ones with low scores come first.
 */
export function worstFirst(predictions: readonly Prediction[], threshold: number | null): Prediction[] {
  const bar = threshold ?? 0;
  const wrong = ({ label, score }: Prediction) => (label === 1 ? bar - score : score - bar);
  return predictions.toSorted((a, b) => wrong(b) - wrong(a));
}
