// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of source files
import { type Mutation, mutations } from './mutation.ts';

/** Metrics, thresholds and brightness alone. */
export const metrics: readonly Mutation[] = [
  ...mutations('src/metrics/paired.ts', 'metrics/paired', [
    ['k <= freedom - 2;', 'k <= freedom + 2;'],
    ['const odd = freedom % 2 === 1;', 'const odd = freedom % 2 === 0;'],
    ['> 0.05) low = t;', '> 0.1) low = t;'],
  ]),
  ...mutations('src/metrics/aupro.ts', 'metrics/metrics', [
    ['fpr < maxFpr', 'fpr <= maxFpr'],
    ['!(value > thresholds[k - 1])', '!(value >= thresholds[k - 1])'],
    ['overlapAbove[k] += pixels / area;', 'overlapAbove[k] += pixels;'],
    ['pro: overlapAbove[k] / lesions', 'pro: overlapAbove[k]'],
    ['if (kept.length < 2) return Number.NaN;', 'if (kept.length < 3) return Number.NaN;'],
    [
      'if (nextFpr <= maxFpr) {',
      'if (nextFpr < maxFpr) {',
      { equivalent: 'at the bound itself both branches add the same trapezoid, and nothing is added after it' },
    ],
    ['(nextPro - pro) * (maxFpr - fpr)', '(nextPro - pro) * maxFpr'],
    ['known ? area / maxFpr', 'known ? area'],
    ['const known = !done;', 'const known = true;'],
    ['low + k * ((high - low) / steps)', 'low + (k + 1) * ((high - low) / steps)'],
    ['(b.fpr - last) / (first - last)) * (a.pro + b.pro)', '(b.fpr - last) / (first - last)) * (2 * b.pro)'],
  ]),
  ...mutations('src/metrics/auroc.ts', 'metrics/metrics', [
    ['above + p / 2', 'above + p'],
    ['won / (positives * negatives)', 'won / (positives + negatives)'],
  ]),
  ...mutations('src/metrics/average_precision.ts', 'metrics/metrics', [
    ['predicted += p + n;', 'predicted += n;'],
    ['(p / positives) * (truePositives / predicted)', '(truePositives / positives) * (truePositives / predicted)'],
  ]),
  ...mutations('src/metrics/f1_max.ts', 'metrics/metrics', [
    ['if (f1 > value)', 'if (f1 >= value)'],
    ['(2 * truePositives) / (predicted + positives)', 'truePositives / (predicted + positives)'],
  ]),
  ...mutations('src/metrics/summary.ts', 'metrics/metrics', [
    ['for (const other of others) other.visit(score, p, n);', ''],
  ]),
  ...mutations('src/base/steps.ts', 'base/steps', [
    ['if (turns.due) await turns.take();', ''],
    ['await turn(this.#signal);', 'await turn();'],
  ]),
  ...mutations('src/metrics/dice.ts', 'metrics/metrics', [
    ['total === 0 ? 1 :', 'total === 0 ? 0 :'],
    ['both += inA & inB;', 'both += inA | inB;'],
  ]),
  ...mutations('src/metrics/components.ts', 'metrics/metrics', [
    ['x = Math.max(x - 1, 0)'.replace('x = ', 'let nx = '), 'let nx = x'],
    ['ny <= Math.min(y + 1, height - 1)', 'ny <= Math.min(y, height - 1)'],
  ]),
  ...mutations('src/metrics/ranking.ts', 'metrics/metrics', [
    ['mask && mask[i] !== 0 ? 1 : 0', 'mask && mask[i] === 1 ? 1 : 0'],
    ['if (bits === 0x80000000) return 0x80000000;', ''],
    [
      'const score = scores[i] + 0;',
      'const score = scores[i];',
      { equivalent: '−0 and 0 are equal to every comparison here; only the sign of a printed zero differs' },
    ],
    ['key & 0x80000000 ? key ^ 0x80000000 : ~key', 'key ^ 0x80000000'],
    ['for (let i = 0; i < n.length; i++) low[n[i]]++;', 'for (let i = 0; i < p.length; i++) low[p[i]]++;'],
  ]),
  ...mutations('src/metrics/bootstrap.ts', 'metrics/bootstrap', [
    ['quantile(values, (1 - level) / 2), high', 'quantile(values, 1 - level), high'],
    ['values[low] + (at - low) * (values[high] - values[low])', 'values[low]'],
    ['* kind.length)];', '* (kind.length - 1))];'],
    ['normal.length > 0 && abnormal.length > 0', 'normal.length > 0 && abnormal.length < 0'],
  ]),
  ...mutations('src/detect/set_metrics.ts', 'detect/evaluate > of four small maps > a score that is the threshold', [
    ['scores[i] >= threshold === predicted', 'scores[i] > threshold === predicted'],
    ['map[i] >= threshold ? 1 : 0', 'map[i] > threshold ? 1 : 0'],
    ['specificity: passed / (passed + falseAlarm),', 'specificity: passed / (passed + hit),'],
    ['if (lesion.includes(1)) each.push', 'each.push'],
    ['if (grey![at] === 0) continue;', ''],
    ['f1: (2 * hit) / (2 * hit + missed + falseAlarm)', 'f1: (2 * hit) / (2 * hit + missed)'],
  ]),
  ...mutations('src/metrics/intensity_scores.ts', 'metrics/intensity_scores', [
    ['0.995 * (data.length - 1)', '0.995 * data.length'],
    ['(value - mean) ** 2', 'Math.abs(value - mean)'],
  ]),
  ...mutations('src/metrics/components.ts', 'metrics/metrics', [
    ['Math.min(x + 1, width - 1)', 'Math.min(x + 1, width)'],
    ['areas[0] = labels.length -', 'areas[0] = 1 + labels.length -'],
  ]),
  ...mutations('src/metrics/exact.ts', 'metrics/exact', [
    ['Math.min(withClass', 'Math.max(withClass'],
    ['count === 0 ? 0 :', 'count <= 1 ? 0 :'],
    ['if (k >= count) sum', 'if (k > count) sum'],
  ]),
  ...mutations('src/metrics/bootstrap.ts', 'metrics/bootstrap', [
    ['share * (values.length - 1)', 'share * values.length'],
    ['patient === null ? `image ${i}`', 'patient === null ? `image ${label}`'],
  ]),
  ...mutations('src/detect/sampling.ts', 'detect/sampling', [
    ['Math.max(most, one)', 'Math.min(most, one)'],
    ['score >= threshold === above', 'score > threshold === above'],
  ]),
];
