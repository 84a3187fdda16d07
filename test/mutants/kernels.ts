import { type Mutation, mutations } from './mutation.ts';

/** Kernels of small operations and of gradients, and what calls them. */
export const kernels: readonly Mutation[] = [
  ...mutations('shaders/clip_norm_factor.wgsl', 'kernels/clip_norm', [
    ['params.most / (length + 1e-6)', 'params.most / (length + 1.0)'],
    ['norm[0] = length;', 'norm[0] = total[0];'],
  ]),
  ...mutations('shaders/focal_backward.wgsl', 'kernels/focal', [
    ['rest * (2.0 * log(pt) - rest / pt)', 'rest * (log(pt) - rest / pt)'],
    ['exp2((gamma - 1.0) * log2(rest))', 'exp2(gamma * log2(rest))'],
    ['value += dprob[i];', 'value = dprob[i];'],
    ['return -1.0 / pt;', 'return -1.0;'],
  ]),
  ...mutations('shaders/dice_loss.wgsl', 'kernels/dice', [
    ['(both - 2.0 * sums[at]) / (both + s)', '(both - 2.0 * sums[at]) / both'],
  ]),
  ...mutations('shaders/dice_backward.wgsl', 'kernels/dice', [
    ['(2.0 * sums[3u * row] + params.smooth_by) / below', '2.0 * sums[3u * row] / below'],
    ['g * (ratio - 2.0 * t) / below', 'g * (ratio - t) / below'],
  ]),
  ...mutations('shaders/l2_normalize_backward.wgsl', 'kernels/l2_normalize', [
    ['inverse >= 0.999999 / params.eps', 'false'],
    ['(grad[base + i] - y[base + i] * along) * inverse', '(grad[base + i] - y[base + i] * along)'],
  ]),
  ...mutations('shaders/layer_norm_backward.wgsl', 'kernels/layer_norm', [
    ['let b = means.y * r * r;', 'let b = means.y * r;'],
    ['plain += g;', 'plain += grad[base + i];'],
    ['value += dx[base + i];', 'value -= dx[base + i];'],
  ]),
  ...mutations('shaders/layer_norm_backward_columns.wgsl', 'kernels/layer_norm', [
    ['- m.y) * rstd[r]', '- mean[r].y)'],
    ['r += params.chunks', 'r += params.chunks + 1u'],
  ]),
  ...mutations('shaders/mean_groups_spread.wgsl', 'kernels/mean_groups', [
    ['let group = i / (params.width * params.rows);', 'let group = i / params.width % params.rows;'],
  ]),
  ...mutations('shaders/where.wgsl', 'kernels/where', [
    ['if (condition[at.x] != 0.0)', 'if (condition[at.x] > 0.0)'],
    ['s.y * vec3u(params.c2, params.a2, params.b2)', 's.y * vec3u(params.c2, params.a2, params.a2)'],
  ]),
  ...mutations('shaders/max_pool.wgsl', 'kernels/max_pool', [
    ['var most = -3.4e38;', 'var most = 0.0;'],
    ['if (column < params.width) {', 'if (column <= params.width) {'],
  ]),
  ...mutations('shaders/assemble_tokens.wgsl', 'kernels/assemble_tokens', [
    ['(image + 1u) * params.width', 'params.width'],
    ['cls[column] + position', 'cls[column]'],
  ]),
  ...mutations('shaders/bank_distance_norms.wgsl', 'kernels/bank_distance', [
    ['max(sqrt(total), 1e-12)', 'max(sqrt(total), 1e-2)'],
  ]),
  ...mutations('shaders/elementwise_scale_rows.wgsl', 'kernels/elementwise', [
    ['vec4f(w[row.x], w[row.y], w[row.z], w[row.w])', 'vec4f(w[row.x])'],
  ]),
  ...mutations('shaders/gather_rows_scatter.wgsl', 'kernels/gather_rows', [['total += part;', 'total = part;']]),
  ...mutations('shaders/softmax_pair_backward.wgsl', 'kernels/softmax', [
    ['(g.yw - g.xz)', '(g.xz - g.yw)'],
    ['(params.rows + 1u) >> 1u', 'params.rows >> 1u'],
  ]),
  ...mutations('shaders/resize_pair.wgsl', 'kernels/resize', [
    ['top * (1.0 - py.part) + bottom * py.part', 'top'],
    ['(id.z * params.h + py.high)', '(id.z * params.h + py.low)'],
  ]),
  ...mutations('shaders/cosine_logits_backward.wgsl', 'kernels/cosine_logits', [
    ['select(vec4f(params.slope), vec4f(1.0), x > vec4f(0.0))', 'vec4f(1.0)'],
    ['inverse > 0.999e12', 'false'],
    ['select(product, 0.0, inverse', 'select(0.0, product, inverse'],
  ]),
  ...mutations('shaders/info_nce_backward.wgsl', 'kernels/info_nce', [
    ['d_scale[at] = d * c;', 'd_scale[at] = d;'],
    ['let column = rows + at % columns;', 'let column = at % columns;'],
  ]),
  ...mutations('shaders/matmul_thin.wgsl', 'kernels/matmul', [
    ['let last = min(first + params.slice, params.k);', 'let last = params.k;'],
  ]),
  ...mutations('shaders/sum_axis.wgsl', 'nn/arithmetic', [
    ['params.factor * total', 'total'],
    ['(first + r + 3u * step)', '(first + r + 2u * step + 1u)'],
  ]),
  ...mutations('src/nn/functions/similarity.ts', 'kernels/l2_normalize', [['const EPS = 1e-12;', 'const EPS = 1e-2;']]),
  ...mutations('src/train/shared_trainings.ts', 'train/shared_trainings', [
    ['if (used <= this.#bytes) break;', 'if (used < 0) break;'],
    [
      "name === 'method' || !INFERENCE_SETTINGS.includes(name)",
      '!INFERENCE_SETTINGS.includes(name)',
      { suite: 'train/shared_trainings > a key' },
    ],
    [
      'modelKey(model), data.path, candidate]',
      'modelKey(model), candidate]',
      { suite: 'train/shared_trainings > a key' },
    ],
  ]),
  ...mutations('src/clip/text_prefix.ts', 'clip/text_prefix', [
    ['ends.push(own.length - 1);', 'ends.push(own.length);'],
    ['positions.push(i);', 'positions.push(i - prefix.length);'],
  ]),
  ...mutations('src/clip/weight_storage.ts', 'clip/weight_storage', [
    ['bfloat &&= (bits[i] & 0xffff) === 0;', 'bfloat &&= (bits[i] & 0xff) === 0;'],
    ['change === 0 ? 0 : change / most', 'change'],
  ]),
];
