// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of source files
import { type Mutation, mutations } from './mutation.ts';

/** Images, augmentation, splits, layouts. */
export const data: readonly Mutation[] = [
  ...mutations('src/data/resize.ts', 'clip/preprocess', [
    ['const a = -0.5;', 'const a = -0.75;'],
    ['const stretch = Math.max(scale, 1);', 'const stretch = 1;'],
    ['const centre = (i + 0.5) * scale;', 'const centre = i * scale;'],
    ['Math.trunc(centre - support + 0.5)', 'Math.trunc(centre - support)'],
    ['sums.fill(FIXED_POINT / 2);', 'sums.fill(0);'],
    ['let x = step * 0.5;', 'let x = 0;'],
    ['weights[j] /= sum', 'weights[j] *= 1', { suite: 'data/resize' }],
    ['if (image.channels !== 4) return', 'if (image.channels !== 5 as number) return', { suite: 'data/resize' }],
  ]),
  ...mutations('src/data/augment.ts', 'clip/preprocess', [
    ['theta: [c, -s, 0, s, c, 0]', 'theta: [c, s, 0, -s, c, 0]'],
    ['theta: [1, 0, x, 0, 1, y]', 'theta: [1, 0, y, 0, 1, x]'],
    [
      "name: 'hflip', theta: [-1, 0, 0, 0, 1, 0]",
      "name: 'hflip', theta: [1, 0, 0, 0, -1, 0]",
      { suite: 'data/augment' },
    ],
    ['(2 * column + 1) / size - 1', '(2 * column) / size - 1'],
    ['% 2 === 0 ? rest - 0.5 : size - rest - 0.5', '% 2 === 0 ? rest - 0.5 : size - rest - 1.5'],
    ['value > 0.5 ? 1 : 0', 'value > 0 ? 1 : 0'],
  ]),
  ...mutations('src/clip/preprocess.ts', 'clip/preprocess', [
    ['[0.48145466, 0.4578275, 0.40821073]', '[0.48145466, 0.40821073, 0.4578275]'],
    ["channelValues(c, variant !== 'mvfa')", 'channelValues(c, true)'],
    ['value > 127 ? 1 : 0', 'value > 128 ? 1 : 0'],
    ['below % 2 === 0 ? below : below + 1', 'below + 1'],
    [
      "variant === 'april' ? resizeImage(grey, size, size, 'bilinear') : resizeNearest(grey, size, size)",
      'resizeNearest(grey, size, size)',
    ],
    ['const x = Math.fround(byte / 255);', 'const x = Math.fround(byte / 256);'],
  ]),
  ...mutations('src/clip/positions.ts', 'clip/preprocess', [
    ["axisWeights(from, to, 'bicubic')", "axisWeights(from, to, 'bilinear')", { suite: 'clip/towers' }],
    ['out.set(table.subarray(0, width));', '', { suite: 'clip/towers' }],
  ]),
  ...mutations('src/data/shots.ts', 'data/shots', [
    ['sort((a, b) => (a.id < b.id ? -1 : 1))', 'slice()'],
    ['`shots.${what}`, seed', '`shots.${what}`, 0'],
    ['a.key - b.key || a.i - b.i', 'a.i - b.i'],
    ['!used.has(sample)', 'used.has(sample)'],
    ['draws.get(`n-${index}`)', "draws.get('n-0')"],
  ]),
  ...mutations('src/data/layout/scan.ts', 'data/layout', [
    ['Math.ceil(order.length / 2)', 'Math.floor(order.length / 2)'],
    ['ruleStream(`split.${found.imageFolder}`, seed)', 'ruleStream(`split.${found.imageFolder}`, 0)'],
    ['training && c.label === 0 ? c : deal(c, splitSeed)', 'deal(c, splitSeed)'],
    ['name === good ? 0 : 1', '1'],
    ['!NOT_A_CLASS.includes(name.toLowerCase())', 'true'],
    ["const VALID_FOLDERS = ['valid', 'val', 'validation'];", "const VALID_FOLDERS = ['valid'];"],
  ]),
  ...mutations('src/data/layout/class_folder.ts', 'data/', [
    ["['anomaly_mask', 'label']", "['anomaly_mask']", { suite: 'data/layout' }],
    ['byStem.get(stem(name)) ?? byStem.get(`${stem(name)}_mask`)', 'byStem.get(stem(name))', { suite: 'data/layout' }],
    [
      "Number(extension(a) !== 'png') - Number(extension(b) !== 'png')",
      "Number(extension(b) !== 'png') - Number(extension(a) !== 'png')",
      { suite: 'data/layout' },
    ],
    ["kind !== 'file' || name.startsWith('.')", "kind !== 'file'", { suite: 'data/layout' }],
    ["&& name !== '__MACOSX'", '', { suite: 'data/layout' }],
  ]),
  ...mutations('src/data/layout/object_name.ts', 'data/layout', [
    ["replace(/_AD$/i, '')", "replace(/_AD$/, '')", { suite: 'data/layout' }],
    ['if (override) return override;', ''],
  ]),
  ...mutations('src/data/layout/open.ts', 'data/layout', [
    ['found.label === 1 ? found.samples.filter', 'found.label === 0 ? found.samples.filter'],
    ["if (kind !== 'pixel') return;", 'return;'],
  ]),
  ...mutations('src/data/paste.ts', 'data/paste', [
    ['mask[at] = weight >= 0.5 ? 1 : 0;', 'mask[at] = 1;'],
    ['target[3 * at + c] * (1 - weight) + pasted * weight', 'target[3 * at + c] * weight + pasted * (1 - weight)'],
    [
      'if (share > most) [best, most] = [piece, share];',
      'if (share < most || best === null) [best, most] = [piece, share];',
    ],
  ]),
  ...mutations('src/base/rule.ts', 'data/rule', [
    [
      'h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);\n    const u',
      'h = Math.imul(h ^ (h >>> 12), 0xc2b2ae35);\n    const u',
    ],
    ['>>> 0) + 0.5) / 4294967296', '>>> 0)) / 4294967296'],
  ]),
  ...mutations('src/data/heat_map.ts', 'data/heat_map', [
    ['const weight = opacity * level;', 'const weight = opacity;'],
    ['* n - 0.5));', '* n));'],
    ['if (!Number.isFinite(data[i])) continue;', ''],
  ]),
];
