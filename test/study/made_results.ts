import type { TrainResults } from '../../src/detect/results.ts';

/** Results with given AUROCs, of a set with masks unless `pixel` is null. */
export function madeResults(
  image: number,
  pixel: number | null,
  selectedBy: TrainResults['selectedBy'] = 'valid',
): TrainResults {
  const ranking = (auroc: number) => ({ auroc, averagePrecision: 0, f1Max: 0 });
  const trivial = { mean: ranking(0.5), std: ranking(0.4), p995: ranking(0.3), map: null };
  const pixels = pixel === null ? null : { ...ranking(pixel), aupro: pixel / 2 };
  const selected = { image: ranking(image), pixel: pixels, pixelThreshold: null };
  return { selected, trivial, selectedBy } as unknown as TrainResults;
}
