/** @jsxImportSource preact */

import type { TrainResults } from '../detect/results.ts';
import { intensityBaselines } from '../metrics/intensity_baseline.ts';
import type { PixelMetrics, RankingMetrics } from '../metrics/summary.ts';
import { DataTable } from './data_table.tsx';
import { fixed } from './verdict.ts';

/** The chosen and the last weights beside what brightness alone reaches: of images, and in sets with masks of pixels. */
export function MetricsTable({ results }: { readonly results: TrainResults }) {
  const { selected, last, selectedBy, trivial, kind } = results;
  const chosen = selectedBy === 'none' ? 'without training' : `chosen: epoch ${selected.epoch} (${selectedBy})`;
  const lines: { name: string; image: RankingMetrics | null; pixel: PixelMetrics | null }[] = [
    { name: chosen, image: selected.image, pixel: selected.pixel },
    ...(last.step === selected.step
      ? []
      : [{ name: `last: epoch ${last.epoch}`, image: last.image, pixel: last.pixel }]),
    ...intensityBaselines(trivial).map(({ title, image, pixel }) => ({ name: title, image, pixel })),
  ];
  // Two tables, so that each fits a telephone.
  return (
    <>
      <DataTable
        title="Test images: normal or abnormal"
        heads={['weights or baseline', 'AUROC', 'AP', 'F1-max']}
        rows={lines.flatMap(({ name, image }) =>
          image ? [[name, ...[image.auroc, image.averagePrecision, image.f1Max].map(fixed)]] : [],
        )}
      />
      {kind === 'pixel' && (
        <DataTable
          title="Their pixels: lesion or not"
          heads={['weights or baseline', 'AUROC', 'AP', 'F1-max', 'AUPRO', 'AUPRO, exact']}
          rows={lines.flatMap(({ name, pixel }) =>
            pixel
              ? [
                  [
                    name,
                    ...[pixel.auroc, pixel.averagePrecision, pixel.f1Max, pixel.aupro, pixel.auproExact].map(fixed),
                  ],
                ]
              : [],
          )}
        />
      )}
    </>
  );
}
