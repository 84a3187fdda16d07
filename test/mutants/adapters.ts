import { type Mutation, mutations } from './mutation.ts';

/** Adapters, residual paths and what a method takes of the backbone. */
export const adapters: readonly Mutation[] = [
  ...mutations('src/fusion/adapters.ts', 'fusion/readings > pixel', [
    [
      'bColumns: [0, width], ...(biased && { bias }) }',
      'bColumns: [0, width] }',
      { suite: 'fusion/readings > adapter.bias' },
    ],
    ["act: act === 'relu' ? 'relu' : 'none',", "act: 'relu',", { suite: 'fusion/readings > adapter.act' }],
    [
      "act === 'leaky_relu' ? activation(output, 'leaky_relu') : output",
      'output',
      { suite: 'fusion/readings > adapter.act' },
    ],
    [
      'const perImage = sumAxis(dz, [batch, tokens, embed], [batch, embed]);',
      'const perImage = sumAxis(output, [batch, tokens, embed], [batch, embed]);',
    ],
    [
      'matmul(perImage, weight, { bColumns: [0, width] })',
      'matmul(perImage, weight, { bColumns: [width, width] })',
      { suite: 'fusion/readings > residual' },
    ],
    ['outColumns: [0, 2 * width] });', 'outColumns: [width, 2 * width] });'],
    [
      'biased && needBias ? sumTo(perImage, [embed])',
      'biased && needBias ? sumTo(dz, [embed])',
      { equivalent: 'the sum over the images of the sums over their patches is the sum over all patches' },
    ],
    [
      "if (act === 'leaky_relu') return activate(linear(patches, weight, bias), act);",
      "if (act === 'leaky_relu') return activate(linear(patches, weight, bias), 'relu');",
      { suite: 'fusion/readings > adapter.act' },
    ],
  ]),
  ...mutations('src/fusion/residual.ts', 'fusion/readings > residual', [
    ['const SHARE = 0.1;', 'const SHARE = 0.2;'],
    ['scale(x, 1 - SHARE * paths.length)', 'scale(x, 1 - SHARE)'],
    ['if (path.layer === last) continue;', ''],
    ["weight, null), 'leaky_relu')", "weight, null), 'relu')"],
    ['cls: rowsWhere((token) => token === 0)', 'cls: rowsWhere((token) => token === 1)'],
  ]),
  ...mutations('src/fusion/model.ts', 'fusion/readings > pixel', [
    ["branch === 'gal' ? 2 * width : width", "branch === 'gal' ? 2 * width : 2 * width"],
    [
      "[gal, loc = 1] = options['branch.weights']",
      "[loc, gal = 1] = options['branch.weights']",
      { suite: 'fusion/readings > branch.weights' },
    ],
    ["branch === 'gal' ? gal : loc", '1', { suite: 'fusion/readings > branch.weights' }],
    [
      'this.logits(features, text, this.#roles().at(-1))',
      'this.logits(features, text)',
      { suite: 'fusion/readings > heads split' },
    ],
    [
      "this.kind === 'image' || options['loss.detOnSeg']",
      "this.kind === 'image'",
      { suite: 'fusion/readings > detOnSeg' },
    ],
    ["options.prompt === 'fixed' ?", 'false ?', { suite: 'fusion/golden > det.prompt=fixed' }],
    ['Uint32Array.of(2 * k, 2 * k + 1)', 'Uint32Array.of(2 * k + 1, 2 * k)'],
    [
      'this.textOf(text, k), this.options.temperature,',
      'this.textOf(text, k), 100,',
      { suite: 'fusion/readings > image, temperature' },
    ],
  ]),
  ...mutations('src/fusion/features.ts', 'fusion/readings > tokens', [
    ["options.tokens === 'ln_post' ? tower.normalise(tap) : tap", 'tap'],
  ]),
  ...mutations('src/detect/support_bank.ts', 'detect/support_bank', [
    ["kind === 'pixels' ? normals : []", 'normals'],
    ['images: normals.map(imageHash),', 'images: [],'],
    ['list[Number(entry)] = tensor;', 'list[0] = tensor;'],
    ['data.set(image.data, i * height * width * 3);', 'data.set(image.data, 0);', { suite: 'train/checkpoint' }],
  ]),
  ...mutations('src/fusion/options.ts', 'fusion/settings', [
    ["integer(8, [1, 64], 'learnable vectors a sentence')", "integer(4, [1, 64], 'learnable vectors a sentence')"],
    ["number(2, [0, 20], 'focal exponent')", "number(1, [0, 20], 'focal exponent')"],
    ["choice(['true', 'false', 'centered'], 'true',", "choice(['true', 'false', 'centered'], 'centered',"],
    ['Math.round(((i + 1) * blocks) / stages)', 'Math.round((i * blocks) / stages)', { suite: 'fusion/options' }],
    ['{ ...settings, ...given });', '{ ...given, ...settings });'],
  ]),
  ...mutations('src/fusion/presets.ts', 'fusion/settings', [
    ["fuse: 'mvfa' },\n  training: { batch: '1' }", "fuse: 'mvfa' },\n  training: { batch: '8' }"],
    ["settings: { 'score.cls': 'add' },", 'settings: {},'],
    ['const WINCLIP_SCALE = String(1 / 0.07);', "const WINCLIP_SCALE = '100';"],
    ['compat.endsWith(ORACLE_SUFFIX) ? ORACLE : {}', '{}'],
    ["'memory.augment': 'true', fuse: 'mean' }", "'memory.augment': 'true' }"],
  ]),
];
