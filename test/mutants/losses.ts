import { type Mutation, mutations } from './mutation.ts';

/** Losses of training and of pre-training. */
export const losses: readonly Mutation[] = [
  ...mutations('shaders/bce.wgsl', 'kernels/bce', [
    ['return -(y * l.y + (1.0 - y) * l.x);', 'return -(y * l.x + (1.0 - y) * l.y);'],
    ['select(m.y - m.x, m.y, MODE == 1u)', 'select(m.x - m.y, m.y, MODE == 1u)'],
    ['return max(z, 0.0) - z * y +', 'return max(z, 0.0) - z * (1.0 - y) +'],
    ['loss[g] = all / f32(params.batch);', 'loss[g] = all;'],
    ['term(pair[g * params.batch + b], label[b])', 'term(pair[b], label[b])'],
    ['vec2f(-100.0)), vec2f(-100.0)', 'vec2f(-50.0)), vec2f(-50.0)'],
  ]),
  ...mutations('shaders/bce_backward.wgsl', 'kernels/bce', [['/ f32(params.batch)', '* 1.0']]),
  ...mutations('shaders/focal.wgsl', 'kernels/focal', [
    ['clamp(vec2f(1.0 - m, m), vec2f(params.smooth_by)', 'clamp(vec2f(1.0 - m, m), vec2f(0.0)'],
    ['hot.y * p.y + params.smooth_by;', 'hot.y * p.y;'],
    ['select(1.0 - params.alpha, params.alpha, m > 0.5)', 'select(params.alpha, 1.0 - params.alpha, m > 0.5)'],
    ['return base * base;', 'return base;'],
    ['let image = row % params.batch;', 'let image = row / params.batch;'],
    ['1.0, params.alpha < 0.0)', '1.0, params.alpha <= 0.5)'],
  ]),
  ...mutations('shaders/dice.wgsl', 'kernels/dice', [
    ['.y;\n    let t', '.x;\n    let t'],
    ['vec3f(p * t, p, t)', 'vec3f(p, p, t)'],
  ]),
  ...mutations('src/fusion/losses.ts', 'fusion/readings > pixel, loss.', [
    ["gamma: options['loss.focal.gamma'],", 'gamma: 2,'],
    ["alpha: options['loss.focal.alpha'],", 'alpha: null,'],
    ["smooth: options['loss.focal.smooth'],", 'smooth: 1e-5,'],
    ["dice: dice(prob, mask, options['loss.dice.smooth']),", 'dice: dice(prob, mask),'],
  ]),
  ...mutations('src/fusion/losses.ts', 'fusion/readings > image, loss.', [
    ['topRows(abnormal, count)', 'topRows(abnormal, count + 1)'],
    ['Float32Array.of(0, 1), [2, 1]);\n  const abnormal', 'Float32Array.of(1, 0), [2, 1]);\n  const abnormal'],
    ['mostAbnormal(logits, batch, count))), patches / count)', 'mostAbnormal(logits, batch, count))), 1)'],
    ["if (region === 'all') return all(scores);", 'return all(scores);'],
    ["const scores = mode === 'margin' ? logits : softmax(logits);", 'const scores = softmax(logits);'],
    ['weight === 1 ? value : scale(value, weight)', 'value'],
  ]),
  ...mutations('src/fusion/maps.ts', 'fusion/readings > map.order', [
    ["return options['map.order'] === 'upsample'", "return options['map.order'] !== undefined"],
  ]),
  ...mutations('src/fusion/maps.ts', 'fusion/golden > seg.60px', [
    ["if (options['map.align'] === 'centered') return { patch };", ''],
    ["return options['map.align'] === 'true';", 'return true;'],
  ]),
  ...mutations('shaders/info_nce.wgsl', 'kernels/info_nce', [
    ['let step = select(1u, columns, column);', 'let step = select(1u, rows, column);'],
    ['let scale = exp(log_scale[0]);', 'let scale = log_scale[0];'],
    [
      'terms[r] = weights[r] * all - select(scale * sum.y, 0.0, column);',
      'terms[r] = weights[r] * all - scale * sum.y;',
    ],
  ]),
  ...mutations('src/pretrain/dual_encoder.ts', 'pretrain/dual_encoder', [
    ['const MOST_LOG_SCALE = log(100);', 'const MOST_LOG_SCALE = 100;'],
    ['infoNce(linear(l2Normalize(pictures), words, null)', 'infoNce(linear(pictures, words, null)'],
    ['const words = l2Normalize(text.encode(rows', 'const words = (text.encode(rows'],
  ]),
];
