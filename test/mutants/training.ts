// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of source files
import { type Mutation, mutations } from './mutation.ts';

/** Trainer, optimiser, schedules, selection, support, calibration and checkpoints. */
export const training: readonly Mutation[] = [
  ...mutations('src/train/trainer.ts', 'train/settings', [
    ["        options['lr.adapter'],", "        options['lr.prompt'],"],
    [
      "group(method.parameters.filter(isPrompt), options['lr.prompt'])",
      "group(method.parameters.filter(isPrompt), options['lr.adapter'])",
    ],
    ['lr: rate ?? lr', 'lr'],
    ['betas: options.betas }', 'betas: [0.5, 0.999] as const }'],
    ['this.#options.epochs * this.#stepsPerEpoch', '(this.#options.epochs - 1) * this.#stepsPerEpoch'],
    [
      "this.#step % this.#options['checkpoint.every'] === 0 && at + 1 < this.#stepsPerEpoch",
      "this.#step % this.#options['checkpoint.every'] === 0",
    ],
    [
      'epochOrder(this.#items.length, this.#options.seed, epoch)',
      'epochOrder(this.#items.length, this.#options.seed, 0)',
      { suite: 'train/step_inputs' },
    ],
    [
      'epochOrder(this.#items.length, this.#options.seed, epoch)',
      'epochOrder(this.#items.length, 0, epoch)',
      { suite: 'train/step_inputs' },
    ],
    ['order.slice(at * batch, (at + 1) * batch)', 'order.slice(at, at + batch)', { suite: 'train/step_inputs' }],
    [
      'tape.backward(total, this.#one);\n    this.adam',
      'tape.backward(total, this.#one);\n    tape.backward(total, this.#one);\n    this.adam',
    ],
  ]),
  ...mutations('src/train/step_inputs.ts', 'train/', [
    ['this.#maskHost.fill(0)', 'this.#maskHost', { suite: 'train/step_inputs' }],
    ['host.set(item.mask, i * item.mask.length)', 'host.set(item.mask, 0)', { suite: 'train/step_inputs' }],
    ['(item) => item.label)', '(item) => 1 - item.label)', { suite: 'train/step_inputs' }],
  ]),
  ...mutations('src/base/order.ts', 'train/step_inputs', [
    ['Math.ceil(count / batch)', 'Math.floor(count / batch)', { suite: 'train/settings > shots, shots.abnormal' }],
    ['`order.${epoch}`', "'order'"],
  ]),
  ...mutations('src/nn/adam.ts', 'nn/tape > Adam', [
    ['betas = [0.9, 0.999], eps = 1e-8', 'betas = [0.9, 0.99], eps = 1e-8'],
    ['lr: settings.lr * lrScale', 'lr: settings.lr'],
    ['p.zeroGrad();', ''],
    ['this.#steps++;\n', '\n'],
  ]),
  ...mutations('shaders/adam.wgsl', 'kernels/adam', [
    ['schedule[2] * g * g', 'schedule[2] * g'],
    ['(sqrt(v) / schedule[5] + schedule[3])', '(sqrt(v / schedule[5]) + schedule[3])'],
    ['old * schedule[4] - schedule[0]', 'old - schedule[0]'],
    ['grad[i] * schedule[7]', 'grad[i]'],
    ['theta[i] = select(old, next, inside);', 'theta[i] = next;'],
    ['(g - old_m) * schedule[1]', 'g * schedule[1]'],
  ]),
  ...mutations('shaders/clip_norm.wgsl', 'kernels/clip_norm', [
    ['sums += g * g;', 'sums += abs(g);'],
    ['(params.size + 3u) / 4u', 'params.size / 4u'],
    [
      'id.y * (groups.x * WORKGROUP) + id.x',
      'id.x',
      { equivalent: 'a second row of workgroups begins at a gradient of 2^26 numbers, 256 MiB: more than a suite has' },
    ],
  ]),
  ...mutations('src/pretrain/schedule.ts', 'pretrain/schedule', [
    ['return (step + 1) / warmup;', 'return step / warmup;'],
    ['if (step < warmup)', 'if (step <= warmup)'],
    ['Math.max(1, steps - warmup)', 'steps'],
    ['if (step < end) return { stage, end };', 'if (step <= end) return { stage, end };'],
  ]),
  ...mutations('src/pretrain/regions.ts', 'pretrain/regions', [
    ['const LEAST = 0.3;', 'const LEAST = 0;'],
    [
      'like: picture }, { picture: twin, patch, like: twin }',
      'like: picture }, { picture: twin, patch, like: picture }',
    ],
    ['if (!lesion || twin < 0) return;', 'if (!lesion) return;'],
    ['sum / (255 * patch * patch)', 'sum / (255 * patch)'],
  ]),
  ...mutations('src/pretrain/views.ts', 'pretrain/views', [
    ["side === 'left' ? 'right' : 'left'", "side === 'left' ? 'left' : 'right'"],
    ['mirrored ? -scale : scale', 'scale'],
    ['view.gain * (seen[from + i] - 128) + 128 + view.lift', 'view.gain * seen[from + i] + view.lift'],
    ['mirror && draw(0) < 0.5', 'draw(0) < 0.5'],
  ]),
  ...mutations('src/pretrain/pretrainer.ts', 'pretrain/settings', [
    ['const factor = rateFactor(this.#step, warmup, this.steps);', 'const factor = 1;'],
    ['stepClipped(factor, clip)', 'stepClipped(factor, 1e6)'],
  ]),
  ...mutations('src/pretrain/optimiser.ts', 'pretrain/settings', [
    ['return shape.length > 1 && !/embedding/.test(name);', 'return shape.length > 1;'],
    ['{ ...shared, weightDecay, parameters: all.filter(decays) }', '{ ...shared, parameters: all.filter(decays) }'],
    ['const BETAS = [0.9, 0.98] as const;', 'const BETAS = [0.9, 0.999] as const;'],
  ]),
  ...mutations('src/detect/selection.ts', 'train/settings', [
    ['(image + pixel) / 2', 'image'],
    ['Number.isNaN(pixel) ? image', 'Number.isNaN(pixel) ? pixel'],
    ["this.#options['eval.cache'] * 2 ** 20", '2 ** 40'],
    ['latest.of.step === of.step', 'true', { suite: 'detect/selection' }],
  ]),
  ...mutations('src/train/training.ts', 'train/settings', [
    ["training.epoch % train['eval.every'] === 0", 'true'],
    ['const due = end ||', 'const due ='],
    [
      'score.value > best.score.value',
      'score.value < best.score.value',
      { suite: 'detect/evaluate > never looks at test' },
    ],
    [
      "parts.selectedBy === 'test-oracle' ? 'test-oracle' : 'valid'",
      "'valid'",
      { suite: 'detect/evaluate > the oracle is marked' },
    ],
    ['await detector.restart(signal);', '', { suite: 'train/settings > lr.grid: every rate' }],
    [
      'new Trainer(detector, parts.items, train, { rate, team: parts.team })',
      'new Trainer(detector, parts.items, train, { team: parts.team })',
      { suite: 'train/settings > lr.grid: every rate' },
    ],
  ]),
  ...mutations('src/detect/scoring.ts', 'train/settings > settings of evaluation', [
    [
      "if (options.fuse === 'mvfa') waiting.push({ items, scores });",
      "if (options.fuse === 'x' as string) waiting.push({ items, scores });",
    ],
    ["options.fuse === 'calib' ? ranges : null", 'null'],
    ['rangeOf(...batches.map((scores) => scores[key]))', 'rangeOf(batches[0][key])'],
  ]),
  ...mutations('src/detect/support_set.ts', 'train/settings > settings of evaluation', [
    ["options['memory.augment'] ? 'mvfa' : 'none'", "'none'"],
    ['batch(picture, 0, i, `', 'batch(picture, 0, null, `'],
    ['...this.#abnormal.map((picture, i) => batch(picture, 1, null, `support ${normal.length + i}`)),', ''],
    ['await this.ranges(images, signal)', 'null'],
  ]),
  ...mutations('src/detect/predict.ts', 'detect/predict', [
    ['await addBad(places.get(scored.id)!);', ''],
    ['scale: mapScale, level', 'scale: null, level'],
    ['await output.clear();', ''],
  ]),
  ...mutations('src/detect/image_threshold.ts', 'detect/predict', [
    ['const seen = testScores ?? scores;', 'const seen = scores ?? testScores;'],
    ['(score) => score >= chosen.value', '(score) => score > chosen.value'],
    ['value: reached.at(-1)!', 'value: reached[0]!'],
    ['low <= 0.5 && high >= 0.5', 'low <= 0.5 && high <= 0.5'],
    ['point?.specificity?.value === 0', 'point?.specificity?.value === 1'],
  ]),
  ...mutations('src/metrics/exact.ts', 'metrics/exact', [
    ['count === total ? 1', 'count === 0 ? 1'],
    ['atLeast(count + 1, total, p)', 'atLeast(count, total, p)'],
    ["Math.min(withClass('normal'), withClass('abnormal'))", "Math.max(withClass('normal'), withClass('abnormal'))"],
  ]),
  ...mutations('src/train/forecast.ts', 'train/forecast', [
    ['steps: epochs * perEpoch,', 'steps: epochs / perEpoch,'],
    ['state.candidate * train.epochs * perEpoch + state.step', 'state.step'],
    ['[this.#isPerfect ? twice : once, twice]', '[once, once]'],
    ['this.#isPerfect ? twice', 'this.#isPerfect ? once'],
  ]),
  ...mutations('src/base/progress.ts', 'train/forecast', [
    ['(2 * least * most) / (least + most)', 'least'],
    ['least < FEW && most > NEAR * least', 'least < FEW'],
  ]),
  ...mutations('src/train/provenance.ts', 'train/identity', [
    ['known ? now : names', 'names', { suite: 'train/trainer > resumed after step' }],
    ['known ? now : names', 'now'],
  ]),
  ...mutations('src/detect/slice_source.ts', 'detect/slice_source', [
    ['known.get(id) ?? null', 'known.get(id) && null'],
  ]),
  ...mutations('src/detect/weight_sum.ts', 'train/identity', [
    ['shape.length > 1 && values.length > 1', 'shape.length > 1 || values.length > 1', { suite: 'detect/weight_sum' }],
    ['value === values[0]', 'value === 1'],
    ['for (const [name, shape] of shapes) {', 'for (const [name, shape] of [...shapes].slice(0, 3)) {'],
  ]),
  ...mutations('src/detect/support.ts', 'train/settings', [
    [
      "sampleShots(dataset, options.shots, options['shots.abnormal'], options.seed",
      'sampleShots(dataset, options.shots, options.shots, options.seed',
    ],
    ["options['shots.index'])", '0)'],
    ['...items(shots.abnormal, abnormal, 1)', '...items(shots.abnormal, abnormal, 0)', { suite: 'train/step_inputs' }],
    ['normal[(i + 1) % normal.length]', 'normal[i]', { suite: 'train/step_inputs' }],
    ['{ ...shots, rest: [] }', 'shots', { suite: 'detect/rescore > a run of normal images alone' }],
  ]),
  ...mutations('src/detect/pictures.ts', 'train/settings > norm', [
    ['mask: mask && warpMask(mask, size, view)', 'mask', { suite: 'train/settings > aug' }],
    ["norm === 'none' ? values : normalise(values, norm, statistics)", 'values'],
    ["norm === 'clip' ? 'winclip' : 'mvfa'", "'winclip'"],
  ]),
  ...mutations('src/run/options.ts', 'fusion/settings', [
    [
      "values['shots.abnormal'] ?? values.shots",
      "values['shots.abnormal'] ?? 4",
      { suite: 'train/settings > shots, shots.abnormal' },
    ],
    ['values.batch ?? 16', 'values.batch ?? 8'],
    ["integer(50, [1, 1e6], 'passes", "integer(10, [1, 1e6], 'passes"],
    ["[0.5, 0.999], 'decay", "[0.9, 0.999], 'decay"],
  ]),
  ...mutations('src/train/checkpoint.ts', 'train/checkpoint', [
    ['for (const [name, moments] of trainer.adam.state()) targets.set(name, moments);', ''],
    ['trainer.resumeAt(state.step);', '', { suite: 'train/trainer > a run resumed after step ' }],
  ]),
  ...mutations('src/detect/tensor_file.ts', 'train/checkpoint', [
    [" || metadata.get('what') !== what) throw", ') throw'],
    ['if (String(tensor.shape) !== String(target.shape))', 'if (tensor.shape.length !== target.shape.length)'],
    ['if (at >= 0) throw misfit', 'if (at > 0) throw misfit'],
  ]),
  ...mutations('src/run/sealed_file.ts', 'train/checkpoint', [
    ['if ((await sha256(bytes)) !== checksum) throw damaged(path);', ''],
    [
      "checksum !== undefined || file.metadata.get('format') === SEALED",
      'checksum !== undefined',
      { suite: 'pretrain/run > cut short is refused' },
    ],
    ['  place.set(ascii(EMPTY));\n', ''],
  ]),
  ...mutations('src/run/lock.ts', 'runtimes/lock', [
    ['await removeLeftovers(fs, folder, depth);', ''],
    ["if (kind === 'directory' && depth > 0) await", 'if (depth < 0) await'],
  ]),
  ...mutations('src/host/lock_file.ts', 'runtimes/lock', [
    ['if (host !== hostname()) return false;', ''],
    ['now !== null && now !== began', 'now === null'],
    ["=== 'ESRCH') return true;", "=== 'ESRCH') return false;"],
  ]),
  ...mutations('src/train/training.ts', 'train/settings', [
    ["header.train['lr.grid'].length > 0 ? ", "header.train['lr.grid'].length > 1 ? "],
    ['if (rates.length > 1) {', 'if (rates.length > 0) {'],
  ]),
  ...mutations('src/pretrain/schedule.ts', 'pretrain/schedule', [
    ['(step + 1) / warmup', 'step / warmup'],
    ['if (step < end)', 'if (step <= end)'],
    ['Math.max(1, steps - warmup)', 'Math.max(1, steps)'],
  ]),
  ...mutations('src/train/gradient_parts.ts', 'train/team', [
    ['Math.ceil((i * items.length) / count)', 'Math.floor((i * items.length) / count)'],
    ['const weight = counts[i] / all;', 'const weight = 1 / parts.length;'],
  ]),
  ...mutations('src/base/order.ts', 'train/trainer > the order', [['`order.${epoch}`', '`order.${epoch % 2}`']]),
];
