import { type Mutation, mutations } from './mutation.ts';

/** Maps, scores, both branches, banks, and the calibration of what is added. */
export const fusion: readonly Mutation[] = [
  ...mutations('src/fusion/fuse.ts', 'fusion/options', [
    ["const share = options.fuse === 'mean' ? 0.5 : 1;", 'const share = 1;'],
    ["kind === 'pixel' ? 'max' : 'mean'", "kind === 'pixel' ? 'mean' : 'max'"],
    ["ownScore && options['score.image'] === 'auto' ? ownScore", 'ownScore ? ownScore', { suite: 'fusion/options' }],
    ['.sort().subarray(-count)', '.sort().subarray(0, count)'],
    ["if (options['score.cls'] === 'add') return 1;", "if (options['score.cls'] === 'add') return 0.5;"],
    ['return ranges ? 0.5 : peak;', 'return peak;'],
    [
      '0.5 * (clsScore[i] + rescale(s, low, high))',
      'clsScore[i] + rescale(s, low, high)',
      { suite: 'fusion/readings > april' },
    ],
    [
      '0.5 * rescale(z, zeroLow, zeroHigh) + 0.5 * rescale(few[i], fewLow, fewHigh)',
      '0.5 * rescale(z, zeroLow, zeroHigh) + 0.5 * rescale(few[i], zeroLow, zeroHigh)',
    ],
    ['return high > low ? (value - low) / (high - low) : 0;', 'return high > low ? value / (high - low) : 0;'],
    ['return high > low ? (value', 'return high >= low ? (value'],
    [
      'withClassScore(score, clsScore);\n  const weight',
      'score;\n  const weight',
      { suite: 'fusion/readings > april' },
    ],
    ['Math.ceil(4 * sigma)', 'Math.ceil(sigma)', { suite: 'fusion/readings > map.blur' }],
    ['exp(-0.5 * ((i - radius) / sigma) ** 2)', 'exp(-(((i - radius) / sigma) ** 2))', { suite: 'fusion/settings' }],
    ['period - 1 - j', 'period - j', { suite: 'fusion/settings' }],
    ['fewMean: rangeOf(scores.fewMean),', 'fewMean: rangeOf(scores.zeroMean),'],
  ]),
  ...mutations('src/data/heat_map.ts', 'fusion/options', [
    ['if (data[i] < low) low = data[i];', 'if (data[i] > low) low = data[i];'],
  ]),
  ...mutations('src/fusion/predict.ts', 'fusion/readings > pixel', [
    ["blurMaps(maps, size, options['map.blur'])", 'blurMaps(maps, size, 0)', { suite: 'fusion/readings > map.blur' }],
    ["this.#model.options['memory.cls'])", 'false)', { suite: 'fusion/settings' }],
    [
      'this.#model.bankRows(features, false)',
      "this.#model.bankRows(features, this.#model.options['memory.cls'])",
      { suite: 'fusion/settings' },
    ],
    ['mapWeights?.[k] ?? 1', '1', { suite: 'fusion/readings > branch.weights' }],
    ['peak: weights.reduce((a, b) => a + b, 0),', 'peak: weights.length,', { suite: 'fusion/readings > score.cls' }],
    ['pairs[2 * i + 1])', 'pairs[2 * i])', { suite: 'fusion/readings > score.cls' }],
    [
      'addInto(total, array, weights[k + 1]);',
      'addInto(total, array, weights[k]);',
      { suite: 'fusion/readings > branch.weights' },
    ],
    ['Float32Array.of(0, 1), [2, 1]).keep()', 'Float32Array.of(1, 0), [2, 1]).keep()'],
    ['return sum / length;', 'return sum;', { suite: 'fusion/readings > score.image mean' }],
  ]),
  ...mutations('src/fusion/memory_bank.ts', 'fusion/settings', [
    ['bank.filter((_, i) => i !== skip)', 'bank.filter((_, i) => i === skip)'],
    ['skip === null ? bank :', 'skip !== null ? bank :'],
    ['if (total) addInto(total, nearest);', 'if (total) total = nearest;'],
  ]),
  ...mutations('shaders/bank_distance.wgsl', 'kernels/bank_distance', [
    ['let distance = 1.0 - row_most(most, local);', 'let distance = row_most(most, local);'],
    ['select(min(best[row], distance), distance, params.first == 1u)', 'distance'],
    ['most = max(most, dots', 'most = min(most, dots'],
    ['bank_norm[params.start + i]', 'bank_norm[i]'],
  ]),
  ...mutations('src/fusion/maps.ts', 'fusion/settings', [
    ["radius: options['map.guide.radius'],", 'radius: 14,'],
    ["range: options['map.guide.range'] / unit,", "range: options['map.guide.range'],"],
    ['std.reduce((a, b) => a + b) / std.length', 'std[0]'],
  ]),
  ...mutations('shaders/guided_upsample.wgsl', 'kernels/guided_upsample', [
    ['exponent += params.range * step * step;', 'exponent += params.range * abs(step);'],
    ['min(id.x + params.radius, params.width - 1u)', 'min(id.x + params.radius, params.width - 2u)'],
  ]),
  ...mutations('src/fusion/methods/clip.ts', 'fusion/baselines > clip', [
    ['Math.max(most, p + v)', 'Math.max(most, p * v)'],
  ]),
  ...mutations('src/fusion/methods/winclip.ts', 'fusion/baselines > winclip', [
    ['inverse[patch] += 1 / scores[b * windows.length + w];', 'inverse[patch] += scores[b * windows.length + w];'],
    ['normalised: false,', 'normalised: true,'],
  ]),
  ...mutations('src/fusion/methods/winclip_plus.ts', 'fusion/baselines > winclip', [
    ["how === 'mean' ? (z + few[i]) / 2 : z + few[i]", '(z + few[i]) / 2'],
    ['Math.max(0, d) / 2', 'Math.max(0, d)'],
    ['Math.max(most, (p + d) / 2)', 'Math.max(most, p + d)'],
  ]),
  ...mutations('src/fusion/methods/mvfa.ts', 'fusion/baselines > mvfa', [
    ['fewMean: imageMeans(scores.fewMap, scores.fewMean.length),', 'fewMean: scores.fewMean,'],
    ["return this.#kind === 'pixel' ? 'seg' : 'det';", "return 'seg';"],
  ]),
  ...mutations('src/medclip/preprocess.ts', 'medclip/medclip', [['data[i * channels]', 'data[i / channels]']]),
  ...mutations('src/medclip/method.ts', 'medclip/method', [
    ["options['text.mean'] === 'cosines' ? pair : l2Normalize(pair)", 'l2Normalize(pair)'],
    ['last === 1 ? [1] : [last - 1, last]', '[last]'],
    [
      'exp(Math.min(Math.max(logitScale, 0), MOST_LOGIT_SCALE))',
      'exp(Math.max(logitScale, 0))',
      { equivalent: 'logit_scale of generated models is ln 100 = 4.60517, below the bound of 4.6052' },
    ],
  ]),
  ...mutations('src/fusion/windows.ts', 'fusion/baselines', [
    ['Math.max(0, grid - side + 1)', 'Math.max(0, grid - side)'],
    ['(y + dy) * grid + x + dx', '(x + dx) * grid + y + dy'],
  ]),
];
