import { textColumns } from '../base/columns.ts';
import { realisedLines } from '../decide/realised.ts';
import type { EvaluateResults } from '../detect/evaluate_run.ts';
import type { TrainResults } from '../detect/results.ts';
import type { Sampling } from '../detect/sampling.ts';
import { type SetMetrics, thresholdText } from '../detect/set_metrics.ts';
import type { VolumeMetrics } from '../detect/volume_metrics.ts';
import { type Interval, isWide } from '../metrics/bootstrap.ts';
import {
  bestIntensity,
  type IntensityMetrics,
  intensityBaselines,
  intensityInside,
} from '../metrics/intensity_baseline.ts';
import type { PixelMetrics, RankingMetrics } from '../metrics/summary.ts';

import { volumeLines } from './volume_summary.ts';

type Row = readonly (string | number | null | undefined)[];

const HEAD: Row = ['', 'image AUROC', 'AP', 'F1-max', 'pixel AUROC', 'AP', 'F1-max', 'AUPRO', 'Dice'];

/** Metrics of a training run as a table for people. */
export function trainTable(results: TrainResults): string {
  const { selected, last, trivial, selectedBy } = results;
  const how = selectedBy === 'none' ? 'without training' : `epoch ${selected.epoch} (${selectedBy})`;
  const chosen = `${results.method}, ${how}`;
  const rows: Row[] = [metricsRow(chosen, selected)];
  if (last.step !== selected.step) rows.push(metricsRow(`epoch ${last.epoch} (last)`, last));
  return resultText(results, [...rows, ...intensityRows(trivial)], [['', selected.foreground, trivial]], selected);
}

/** Metrics of an evaluation as a table for people. */
export function evaluationTable(results: EvaluateResults): string {
  const rows = [metricsRow(results.method, results), ...intensityRows(results.trivial)];
  const text = resultText(results, rows, [['', results.foreground, results.trivial]], results);
  return results.decisions ? `${text}${realisedLines(results.decisions).join('\n')}\n` : text;
}

function resultText(
  {
    data,
    warning,
    findings,
    trivial,
    volumes,
  }: {
    data: string;
    warning: string | null;
    findings: readonly string[];
    trivial: IntensityMetrics | null;
    volumes?: VolumeMetrics | null;
  },
  rows: readonly Row[],
  inside: readonly [string, SetMetrics['foreground'], IntensityMetrics | null][],
  { images, image, imageThreshold, pixelThreshold, sampling }: SetMetrics,
): string {
  const lines = [
    `${data}, test: ${images.normal} normal and ${images.abnormal} abnormal images`,
    table([HEAD, ...rows]),
  ];
  if (sampling) lines.push(...samplingLines(volumes ? { ...sampling, patients: null } : sampling));
  const best = bestIntensity(trivial);
  if (best && best.image.auroc >= image.auroc)
    lines.push(
      `WARNING: brightness alone (${best.title}) tells these images apart as well or better: ${number(best.image.auroc)}`,
    );
  for (const [, model, intensity] of inside) {
    if (!model) continue;
    const grey = intensityInside(intensity);
    lines.push(
      `inside the content (pixels that are not black): pixel AUROC ${number(model.auroc)}, AP ${number(model.averagePrecision)}` +
        (grey ? `; grey values ${number(grey.auroc)}, ${number(grey.averagePrecision)}` : ''),
    );
  }
  if (imageThreshold) {
    const { value, from, accuracy, sensitivity, specificity } = imageThreshold;
    lines.push(
      `image threshold ${thresholdText(value)} (chosen on ${from}): accuracy ${number(accuracy)}, ` +
        `sensitivity ${number(sensitivity)}, specificity ${number(specificity)}`,
    );
  }
  if (pixelThreshold) {
    const { value, from, dice, diceMean } = pixelThreshold;
    lines.push(
      `pixel threshold ${thresholdText(value)} (chosen on ${from}): Dice ${number(dice)}, mean of the abnormal images ${number(diceMean)}`,
    );
  }
  if (volumes) lines.push(...volumeLines(volumes));
  for (const finding of findings) lines.push(`warning: ${finding}`);
  if (warning) lines.push(`WARNING: ${warning}`);
  return `${lines.join('\n')}\n`;
}

function samplingLines({ drawn, units, imageAuroc, imageAveragePrecision, exact, patients }: Sampling): string[] {
  const how = exact ? `exact interval of 95 %, of ${units} ${drawn}` : `95 % of the draws of ${units} ${drawn}`;
  const between = ({ low, high }: Interval) => `${number(low)} to ${number(high)}`;
  const precision = imageAveragePrecision ? `, AP ${between(imageAveragePrecision)}` : '';
  const lines = [`image AUROC, ${how}: ${between(imageAuroc)}${precision}${wideText(imageAuroc, units, drawn)}`];
  if (!patients) return lines;
  const { normal, abnormal, auroc, averagePrecision, sensitivity, specificity } = patients;
  const decided =
    sensitivity === null || specificity === null
      ? ''
      : `, sensitivity ${number(sensitivity)}, specificity ${number(specificity)}`;
  const counts = `${normal} normal and ${abnormal} abnormal patients`;
  lines.push(
    `by patient (${counts}, each by its highest image): AUROC ${number(auroc)}, AP ${number(averagePrecision)}${decided}`,
  );
  return lines;
}

/** What a reader of a number needs to know of its interval. */
function wideText(interval: Interval, units: number, drawn: string): string {
  if (interval.low <= 0.5 && interval.high >= 0.5) return '; chance (0.5) lies in it';
  return isWide(interval) ? `; wide, as ${units} ${drawn} tell little` : '';
}

function metricsRow(name: string, { image, pixel, pixelThreshold }: SetMetrics): Row {
  return [name, ...imageCells(image), ...pixelCells(pixel), pixelThreshold?.dice];
}

/** What brightness alone reaches, so that nobody takes a number for more than it is. */
function intensityRows(trivial: IntensityMetrics | null): Row[] {
  return intensityBaselines(trivial).map(({ title, image, pixel }) => [
    title,
    ...(image ? imageCells(image) : [null, null, null]),
    ...pixelCells(pixel),
  ]);
}

function imageCells({ auroc, averagePrecision, f1Max }: RankingMetrics): Row {
  return [auroc, averagePrecision, f1Max];
}

function pixelCells(metrics: PixelMetrics | null): Row {
  if (!metrics) return [];
  return [metrics.auroc, metrics.averagePrecision, metrics.f1Max, metrics.aupro];
}

/** Lines of a table; columns that are empty below their head are left out. */
function table(rows: readonly Row[]): string {
  const cells = rows.map((row) => HEAD.map((_, i) => (typeof row[i] === 'number' ? number(row[i]) : (row[i] ?? ''))));
  const used = HEAD.map((_, i) => i === 0 || cells.slice(1).some((row) => row[i] !== ''));
  return textColumns(
    cells.map((row) => row.filter((_, i) => used[i])),
    'lr',
  );
}

function number(value: number): string {
  return Number.isFinite(value) ? value.toFixed(4) : '–';
}
