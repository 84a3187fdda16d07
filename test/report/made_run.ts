import { allSteps } from '../../src/base/steps.ts';
import { presetConfig } from '../../src/clip/index.ts';
import { rangeOf, type ScoreMap } from '../../src/data/heat_map.ts';
import { FULL } from '../../src/data/range/rule.ts';
import { trainResults } from '../../src/detect/results.ts';
import type { ScoredImage } from '../../src/detect/scoring.ts';
import { evaluateScores, intensityInSteps } from '../../src/detect/set_metrics.ts';
import { intensityScores } from '../../src/metrics/intensity_scores.ts';
import { phantom } from '../../src/phantom/index.ts';
import type { RunRecord } from '../../src/report/index.ts';
import type { Prediction } from '../../src/report/prediction.ts';
import { type RunConfig, runSettings } from '../../src/run/run_config.ts';
import { noise } from '../harness/close.ts';

/** What a made run is like. */
export interface MadeRun {
  /** Test images, half of them abnormal. */
  readonly images?: number;
  readonly kind?: 'pixel' | 'image';
  /** How much higher the maps are on the lesions, in units of their noise. */
  readonly strength?: number;
  /** Of the image score. */
  readonly threshold?: number;
  readonly steps?: number;
  readonly settings?: Readonly<Record<string, string>>;
}

const SIZE = 48;

/** A finished run that no GPU has computed: brain phantoms, and maps that are noise and a part of the lesion. */
export function madeRun(made: MadeRun = {}): RunRecord {
  const { images = 24, kind = 'pixel', strength = 2, threshold = 1.2, steps = 40, settings = {} } = made;
  const ids = Array.from({ length: images }, (_, i) => `test/${i % 2 ? 'Ungood' : 'good'}/img/${i}.png`);
  // Some pictures for all images: a phantom takes its time.
  const pictures = Array.from({ length: Math.min(images, 24) }, (_, i) =>
    phantom('brain', 5, i, { size: SIZE, abnormal: i % 2 === 1 }),
  );
  const pictureOf = (i: number) => pictures[i % pictures.length];
  const scored = ids.map((id, i): ScoredImage => {
    const { image, mask } = pictureOf(i);
    const hum = noise(i, 9);
    const map = Float32Array.from(mask.data, (lesion, at) => {
      const part = hum[Math.floor((at % SIZE) / 16) + 3 * Math.floor(at / SIZE / 16)];
      return 1 + 0.2 * part + (lesion ? 0.2 * strength * (0.6 + 0.4 * hum[4]) : 0);
    });
    const score = rangeOf(map)[1];
    const label = i % 2 === 1 ? 1 : 0;
    const lesion = label === 1 ? mask.data.map((value) => value / 255) : null;
    const trivial = intensityScores(image);
    return { id, label, mask: lesion, grey: image.data, trivial, map, score, scoreMax: score, scoreMean: score };
  });
  const set = { size: SIZE, images: scored };
  const thresholds = {
    image: { value: threshold, f1: 0.8, from: 'valid' },
    pixel: kind === 'pixel' ? ({ value: 1.25, f1: 0.5, from: 'valid' } as const) : null,
  } as const;
  const metrics = evaluateScores(set, kind, thresholds);
  const header: RunConfig = {
    ...runSettings({ epochs: '4', ...settings }),
    kind,
    object: 'brain',
    model: { name: 'model.safetensors', hash: '0123-4567', config: presetConfig('T') },
    data: { path: '/data/Brain', name: 'Brain' },
    grey: FULL,
  };
  const evaluation = { metrics, trivial: allSteps(intensityInSteps(set, kind)), scored: set };
  const [, mapScale] = rangeOf(...scored.map(({ map }) => map));
  const calibration = { thresholds, ranges: null, mapScale, scores: null };
  const choice = { candidate: 0, epoch: 4, step: steps, score: { image: 0.9, pixel: 0.8, value: 0.85 } };
  const shots = { normal: 2, abnormal: 2 };
  // As the run folder has it: a number that is none becomes null.
  const results = JSON.parse(
    JSON.stringify(trainResults(header, shots, 'valid', { choice, evaluation, calibration }, { choice, evaluation })),
  );
  const maps = new Map(scored.map(({ id, map }) => [id, map]));
  const indices = new Map(ids.map((id, i) => [id, i]));
  const support = (folder: string) => [0, 1].map((i) => `valid/${folder}/img/${i}.png`);
  return {
    path: '/run',
    header,
    results,
    environment: {
      adapter: 'an adapter',
      runtime: 'deno',
      version: '2',
      started: '2026-01-01T00:00:00.000Z',
      seconds: 75,
    },
    data: {
      lines: ['/Brain_AD: layout bmad'],
      leaks: { warnings: [] },
      patients: { rule: 'folder', used: false, valid: 3, test: 5, unknown: 0 },
      leftOut: [{ what: 'files that are no pictures', count: 4, examples: ['a.txt', 'b.txt', 'c.txt'] }],
    },
    shots: { seed: 0, normal: support('good'), abnormal: support('Ungood') },
    steps: Array.from({ length: steps }, (_, i) => {
      const parts = { 'focal.gal.1': 2 / (i + 1), 'focal.gal.2': 1 / (i + 1), 'dice.gal.1': 0.5, 'dice.loc.1': 0.25 };
      const loss = 3 / (i + 1) + 0.75;
      return { step: i + 1, epoch: 1 + Math.floor((4 * i) / steps), loss, parts, seconds: 2 + i / 2 };
    }),
    selection: [1, 2, 3, 4].map((epoch) => ({
      step: (epoch * steps) / 4,
      epoch,
      image: 0.6 + 0.08 * epoch,
      pixel: kind === 'pixel' ? 0.7 + 0.05 * epoch : null,
      best: epoch !== 3,
    })),
    predictions: scored.map(
      ({ id, label, score, map }): Prediction => ({
        id,
        label: label ?? 0,
        score,
        abnormal: score >= thresholds.image.value,
        range: rangeOf(map),
      }),
    ),
    pictures: {
      image: async (id) => pictureOf(indices.get(id) ?? 0).image,
      mask: async (id) => (kind === 'pixel' && /Ungood/.test(id) ? pictureOf(indices.get(id) ?? 1).mask : null),
      map: async (id): Promise<ScoreMap | null> => {
        const data = maps.get(id);
        return data ? { width: SIZE, height: SIZE, data } : null;
      },
    },
  };
}
