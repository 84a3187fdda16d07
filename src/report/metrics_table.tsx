/** @jsxImportSource preact */

import type { TrainResults } from '../detect/results.ts';
import { intensityBaselines } from '../metrics/intensity_baseline.ts';
import type { PixelMetrics, RankingMetrics } from '../metrics/summary.ts';
import { DataTable } from './data_table.tsx';
import { fixed } from './verdict.ts';

/** The chosen and the last weights beside what brightness alone reaches. */
export function MetricsTable({ results }: { readonly results: TrainResults }) {
  const { selected, last, selectedBy, trivial, kind } = results;
  const row = (name: string, image: RankingMetrics | null, pixel: PixelMetrics | null): string[] => [
    name,
    ...cells(image && [image.auroc, image.averagePrecision, image.f1Max], 3),
    ...(kind === 'pixel'
      ? cells(pixel && [pixel.auroc, pixel.averagePrecision, pixel.f1Max, pixel.aupro, pixel.auproExact], 5)
      : []),
  ];
  const chosen = selectedBy === 'none' ? 'without training' : `chosen: epoch ${selected.epoch} (${selectedBy})`;
  const rows = [row(chosen, selected.image, selected.pixel)];
  if (last.step !== selected.step) rows.push(row(`last: epoch ${last.epoch}`, last.image, last.pixel));
  for (const { title, image, pixel } of intensityBaselines(trivial)) rows.push(row(title, image, pixel));
  const pixelHeads = ['pixel AUROC', 'AP', 'F1-max', 'AUPRO', 'AUPRO exact'];
  const heads = ['weights or baseline', 'image AUROC', 'AP', 'F1-max', ...(kind === 'pixel' ? pixelHeads : [])];
  return <DataTable title="Metrics of the test images" heads={heads} rows={rows} />;
}

function cells(values: readonly number[] | null, count: number): string[] {
  return Array.from({ length: count }, (_, i) => (values ? fixed(values[i]) : ''));
}
