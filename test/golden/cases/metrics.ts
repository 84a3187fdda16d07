import { toFloat32 } from '../../../src/clip/half.ts';
import { components } from '../../../src/metrics/components.ts';
import { dice } from '../../../src/metrics/dice.ts';
import type { ScoredMap } from '../../../src/metrics/ranking.ts';
import { imageMetrics, pixelMetrics } from '../../../src/metrics/summary.ts';
import { exact, type GoldenCase, type ReadGolden, readFacts, readTensors, within } from './golden.ts';

interface MetricFacts {
  cases: {
    name: string;
    label: number[];
    score: number[];
    auroc: number | null;
    ap: number | null;
    f1_max: number | null;
  }[];
  aupro: {
    shape: [number, number, number];
    aupro: number | null;
    aupro_exact: number | null;
    auroc: number | null;
    ap: number | null;
    f1_max: number | null;
    dice_threshold: number;
    dice: number;
    regions: number[];
  }[];
}

/** Both sides sum some thousand float64 terms in different order. */
const TOLERANCE = 1e-12;

/** Image and pixel metrics, undefined ones included, at 1e-12; numbers of regions exactly. */
export async function* metricsCases(read: ReadGolden): AsyncGenerator<GoldenCase> {
  const facts = await readFacts<MetricFacts>(read, 'metrics');
  const tensors = await readTensors(read, 'metrics');
  for (const { name, label, score, auroc, ap, f1_max } of facts.cases) {
    const got = imageMetrics(label, score);
    yield within(name, [got.auroc, got.averagePrecision, got.f1Max], [auroc, ap, f1_max], TOLERANCE);
  }
  for (const [i, expected] of facts.aupro.entries()) {
    const [count, height, width] = expected.shape;
    const all = toFloat32('F32', tensors.get(`aupro.${i}.map`)!.data);
    const masks = tensors.get(`aupro.${i}.mask`)!.data;
    const area = width * height;
    const maps: ScoredMap[] = Array.from({ length: count }, (_, k) => ({
      width,
      height,
      map: all.subarray(k * area, (k + 1) * area),
      mask: masks.subarray(k * area, (k + 1) * area),
    }));
    const got = pixelMetrics(maps);
    for (const [name, actual, reference] of [
      ['auroc', got.auroc, expected.auroc],
      ['average precision', got.averagePrecision, expected.ap],
      ['f1 max', got.f1Max, expected.f1_max],
      ['aupro', got.aupro, expected.aupro],
      ['aupro exact', got.auproExact, expected.aupro_exact],
      [
        'dice',
        dice(
          masks,
          all.map((v) => Number(v > expected.dice_threshold)),
        ),
        expected.dice,
      ],
    ] as const) {
      yield within(`maps ${i} ${name}`, [actual], [reference], TOLERANCE);
    }
    const regions = maps.map(({ mask }) => components(mask!, width, height).areas.length - 1);
    yield exact(`maps ${i} regions`, regions, expected.regions);
  }
}
