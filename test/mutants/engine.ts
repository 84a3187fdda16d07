import { type Mutation, mutations } from './mutation.ts';

/** Shaders of the towers, tape, memory. */
export const engine: readonly Mutation[] = [
  ...mutations('shaders/attention.wgsl', 'kernels/attention', [
    ['select(params.keys, query + 1u, params.causal == 1u)', 'select(params.keys, query, params.causal == 1u)'],
    ['score *= params.scale;', ''],
    ['sum = sum * fade + weight;', 'sum = sum + weight;'],
    ['qkv[k + row + quad]', 'qkv[k + quad]'],
    ['= top + log(sum);', '= log(sum);'],
  ]),
  ...mutations('shaders/layer_norm.wgsl', 'kernels/layer_norm', [
    [
      'row_total(vec2f(drift, squares), local) / f32(width)',
      'row_total(vec2f(drift, squares), local) / f32(width - 1u)',
    ],
    ['* weight[i] + bias[i]', '* weight[i]'],
    ['let d = x[base + i] - m;', 'let d = x[base + i];'],
  ]),
  ...mutations('shaders/layer_norm_vec4.wgsl', 'kernels/layer_norm', [
    ['* weight[i] + bias[i]', '* weight[i]'],
    ['mean[row] = vec2f(m, c);', 'mean[row] = vec2f(0.0, c);'],
    ['row_total(own, local) / f32(4u * width)', 'row_total(own, local) / f32(4u * width - 1u)'],
  ]),
  ...mutations('shaders/binary.wgsl', 'kernels/binary', [
    ['at = vec2u(i, i % params.n1);', 'at = vec2u(i, i / params.n1);'],
    ['y[i] = params.factor * combine(', 'y[i] = combine('],
    ['at += s.x * vec2u(params.a0, params.b0);', 'at += s.x * vec2u(params.a0, params.a0);'],
  ]),
  ...mutations('shaders/sum_axis_vec4.wgsl', 'kernels/elementwise', [
    ['y[i] = params.factor * (', 'y[i] = ('],
    ['(first + r + 2u * step)', '(first + r + step + 0u * step)'],
    ['let column = i % width;', 'let column = 0u * width;'],
  ]),
  ...mutations('shaders/softmax.wgsl', 'kernels/softmax', [
    [
      'for (var i = even + lane; i < end; i += LANES) {\n    most.x',
      'for (var i = even + lane + 1u; i < end; i += LANES) {\n    most.x',
    ],
    ['let e = exp(four(i) - top);', 'let e = exp(four(i));'],
    ['row_total((sums.x + sums.y) + (sums.z + sums.w), local)', 'row_total((sums.x + sums.y) + sums.z, local)'],
  ]),
  ...mutations('shaders/l2_normalize.wgsl', 'kernels/l2_normalize', [
    ['1.0 / max(norm, params.eps)', '1.0 / (norm + params.eps)'],
    ['y[base + i] = x[base + i] * inverse;', 'y[base + i] = x[base + i] * inverse * inverse;'],
  ]),
  ...mutations('shaders/cosine_logits.wgsl', 'kernels/cosine_logits', [
    ['params.temperature * inverse * product', 'params.temperature * product'],
    ['local)), 1e-12)', 'local)), 1e-2)'],
    ['for (; i < width; i += LANES) {', 'for (; i + 1u < width; i += LANES) {'],
  ]),
  ...mutations('shaders/activation.wgsl', 'kernels/activation', [
    ['sigmoid(1.702 * v)', 'sigmoid(v)'],
    ['max(v, 0.01 * v)', 'max(v, 0.1 * v)'],
  ]),
  ...mutations('shaders/lib/normal_cdf.wgsl', 'kernels/activation', [['a >= T(0.0))', 'a >= T(1.0))']]),
  ...mutations('shaders/resize.wgsl', 'kernels/resize', [
    ['top * (1.0 - py.part) + bottom * py.part', 'top * py.part + bottom * (1.0 - py.part)'],
  ]),
  ...mutations('shaders/lib/place.wgsl', 'kernels/resize', [
    ['clamp(i32(index) * step + offset, 0,', 'clamp(i32(index) * step, 0,'],
    ['min(low + 1u, count - 1u)', 'low'],
  ]),
  ...mutations('shaders/mean_groups.wgsl', 'kernels/mean_groups', [
    ['let end = starts[g + 1u];', 'let end = starts[g + 1u] - 1u;'],
    ['/ f32(end - starts[g])', '/ f32(end)'],
  ]),
  ...mutations('shaders/lib/gather.wgsl', 'kernels/gather_rows', [
    ['ids[i / params.width];', 'ids[i % params.width];'],
    ['more[(id - params.entries)', 'more[(id + params.entries)'],
  ]),
  ...mutations('shaders/top_rows.wgsl', 'kernels/top_rows', [
    ['before < params.best', 'before <= params.best'],
    ['other == mine && j < i', 'other == mine && j > i'],
  ]),
  ...mutations('src/nn/tape.ts', 'nn/tape', [
    [
      'if (!node.need[i] || !result || result === sums[i]) return;',
      'if (!result || result === sums[i]) return;',
      { equivalent: 'an operation returns null where nothing is needed; this is a second guard' },
    ],
    ['this.#nodes.reverse()', 'this.#nodes'],
    ['active = outer;', ''],
    ['if (!wanted.includes(node.output)) gradients.forget(node.output);', 'gradients.forget(node.output);'],
    ['this.#owners.get(grad.buffer) === 1', 'this.#owners.get(grad.buffer)! >= 1'],
    ['gradients.add(output, seed, true);', 'gradients.add(output, seed);'],
    ['if (left > 0) this.#owners.set', 'if (left >= 0) this.#owners.set'],
    ['active !== null && t.requiresGrad', 't.requiresGrad'],
  ]),
  ...mutations('src/nn/functions/linear.ts', 'nn/tape', [
    ["const dz = act === 'relu' ? activationBackward(grad, output, 'relu') : grad;", 'const dz = grad;'],
    ['{ transposeB: true, alpha }', '{ transposeB: true }'],
  ]),
  ...mutations('src/nn/functions/pointwise.ts', 'nn/tape', [['[forwardScale(grad, factor)]', '[grad]']]),
  ...mutations('src/nn/functions/arithmetic.ts', 'nn/arithmetic', [
    ['needB ? sumTo(grad, b) : null', 'needB ? grad : null'],
    ['needB ? reduced(scale(grad, -1), b) : null', 'needB ? reduced(scale(grad, 1), b) : null'],
    ["binary('mul', byA, y, -1)", "binary('mul', byA, y)"],
  ]),
  ...mutations('src/nn/functions/axes.ts', 'nn/arithmetic', [
    ['writeSlice(out, grad, axis, start);\n    return [out];', 'writeSlice(out, grad, axis, 0);\n    return [out];'],
    ['repeatTo(grad.reshape(kept), from, factor)', 'repeatTo(grad.reshape(kept), from, 1)'],
  ]),
  ...['activation', 'binary', 'unary', 'sum_axis', 'matmul_pack', 'softmax'].flatMap((name) =>
    mutations(`shaders/${name}.wgsl`, 'lab/folded_grid', [['id.y * (groups.x * WORKGROUP) + id.x', 'id.x']]),
  ),
  ...mutations('src/gpu/memory.ts', 'gpu/gpu', [
    ['if (!buffer.alive) throw', 'if (false as boolean) throw'],
    ['if (this.parent) this.parent.adopt(buffer);\n    else if', 'if'],
    ['for (const buffer of this.#owned) this.#pool.release(buffer);', ''],
    ['if (this.#current !== scope) throw', 'if (false as boolean) throw'],
    ['Math.max(this.peakBytes, this.liveBytes)', 'this.liveBytes'],
    ['this.liveBytes -= buffer.raw.size;', 'this.liveBytes -= buffer.bytes;'],
    ['if (bytes > this.#limit) {', 'if (false as boolean) {', { suite: 'gpu/' }],
    ['if (bytes <= 256) return 256;', 'if (bytes <= 256) return 128;'],
    ['buffer.alive = false;', '', { suite: 'gpu/' }],
  ]),
  ...mutations('src/gpu/slots.ts', 'gpu/', [
    [
      'arena && !arena.closed ? arena.free',
      'arena ? arena.free',
      { equivalent: 'memory of a step ends with the step: none is left to be given back to a closed arena' },
    ],
    ['!isVoid && (asked === null || asked === work)', '!isVoid', { suite: 'gpu/errors' }],
    ['!isVoid && (asked === null || asked === work)', 'asked === null || asked === work', { suite: 'gpu/errors' }],
    ['!isVoid && (asked === null || asked === work)', '!isVoid && asked === null', { suite: 'gpu/errors' }],
    ['this.bytes -= size;', '', { suite: 'gpu/gpu' }],
  ]),
  ...mutations('src/gpu/stream.ts', 'gpu/errors', [
    ['if (this.#stretch?.work === work) return;', 'if (this.#stretch) return;'],
    ['this.#stretch?.end();', '', { suite: 'gpu/errors' }],
  ]),
  ...mutations('src/gpu/work.ts', 'gpu/errors', [
    ['if (this.failed && !user.#isPartOf(this)) user.#pending ??= this.failed;', ''],
    ['for (const user of this.#users) user.fail(error, told);', ''],
    ['if (!this.#ended || !this.parent) this.#pending ??= error;\n    else', 'this.#pending ??= error; if (false)'],
    ['this.#ended && this.parent ? this.parent.living : this', 'this'],
    ['if (this.#pending && !this.#isHeard(this.#pending)) this.parent?.fail(this.#pending);', ''],
    ['    this.#pending = null;\n    if (!error)', '    if (!error)', { suite: 'gpu/errors > an error that a job' }],
    ['this.#ended && this.#watched === 0', 'this.#ended && this.#watched === 1'],
  ]),
  ...mutations('src/gpu/faults.ts', 'gpu/errors', [
    ['for (const { works } of this.#reads) if (works[0] !== this.#outside) this.tell(works[0], message);', ''],
    ['if (this.#lost) throw this.#lost;', ''],
    ['if (read.works.some((one) => told.has(one))) read.error ??= error;', 'read.error ??= error;'],
  ]),
  ...mutations('src/gpu/texels.ts', 'gpu/texels', [
    ['if (texture.holders > 0) continue;', ''],
    ['this.#reserve(-texture.bytes);', ''],
    ['if (known) this.#retire(known, key);', ''],
    ['if (!made) this.#retire(texture, key);', ''],
  ]),
  ...mutations('src/gpu/recording.ts', 'gpu/texels', [
    ['for (const texture of this.#textures) texture.holders--;', ''],
    ['if (this.#textures.has(to)) continue;', ''],
  ]),
  ...mutations('src/study/zero_shot_naming.ts', 'study/study > zero-shot', [
    ['cosines.indexOf(Math.max(...cosines))', 'cosines.indexOf(Math.min(...cosines))'],
    [
      'l2Normalize(meanRows(reshape(l2Normalize(rows), shape))).read()',
      'meanRows(reshape(l2Normalize(rows), shape)).read()',
    ],
    ['reshape(l2Normalize(rows), shape)', 'reshape(rows, shape)'],
    [
      'const hits = counts.reduce((sum, [, count]) => sum + count.hits, 0);',
      'const hits = counts.reduce((sum, [, count]) => sum + count.hits / count.all, 0);',
    ],
  ]),
  ...mutations('src/kernels/cosine_logits.ts', 'kernels/cosine_logits', [
    ['slope: relu ? 0 : 1', 'slope: relu ? 1 : 1'],
  ]),
  ...mutations('src/nn/adam.ts', 'kernels/adam', [
    ['this.begin(lrScale, 1);', 'this.begin(1, 1);'],
    ['parameters.flatMap(({ grad }) => grad ?? [])', 'parameters.slice(1).flatMap(({ grad }) => grad ?? [])'],
    ['lr: settings.lr * lrScale', 'lr: settings.lr + lrScale - 1'],
  ]),
  ...mutations('src/gpu/gpu.ts', 'gpu/recording', [
    ['signal?.aborted === true || this.lost !== null', 'this.lost !== null'],
    ['this.pool.checkCopy(from, to);\n    if (this.#ahead.active) return;', 'this.pool.checkCopy(from, to);'],
  ]),
  ...mutations('src/gpu/ahead.ts', 'gpu/recording', [
    [
      '    } finally {\n      this.#wanted = null;\n    }\n    return wanted;',
      '    } finally {\n    }\n    return wanted;',
    ],
  ]),
  ...mutations('src/gpu/work.ts', 'train/side_by_side > untold', [
    ['if (this.#pending && !this.#isHeard(this.#pending))', 'if (this.#pending)'],
  ]),
];
