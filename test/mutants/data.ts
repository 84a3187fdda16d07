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
    ["variant === 'mvfa' ? (x: number) => x : normaliser(pixels, c)", 'normaliser(pixels, c)'],
    ['value > 127 ? 1 : 0', 'value > 128 ? 1 : 0'],
    ['below % 2 === 0 ? below : below + 1', 'below + 1'],
    [
      "variant === 'april' ? resizeImage(grey, size, size, 'bilinear') : resizeNearest(grey, size, size)",
      'resizeNearest(grey, size, size)',
    ],
    ['normalise(Math.fround(byte / 255))', 'normalise(Math.fround(byte / 256))'],
  ]),
  ...mutations('src/clip/positions.ts', 'clip/preprocess', [
    ["axisWeights(from, to, 'bicubic')", "axisWeights(from, to, 'bilinear')", { suite: 'clip/towers' }],
    ['out.set(table.subarray(0, width));', '', { suite: 'clip/towers' }],
  ]),
  ...mutations('src/data/heat_picture.ts', 'data/heat_picture', [
    ["'.': [0, 0, 0, 0, 2]", "'.': [0, 0, 1, 0, 2]"],
    ['start < 4 * left.length + 4', 'start < 4 * left.length + 3'],
    ['inside ? LINE : RIM', 'inside ? RIM : LINE'],
    ['Math.max(0, start)', 'Math.max(1, start)'],
  ]),
  ...mutations('src/data/shots.ts', 'data/shots', [
    ['sort((a, b) => (a.id < b.id ? -1 : 1))', 'slice()'],
    ['`shots.${what}`, seed', '`shots.${what}`, 0'],
    ['a.key - b.key || a.i - b.i', 'a.i - b.i'],
    ['!used.has(sample)', 'used.has(sample)'],
    ['draws.get(`n-${index}`)', "draws.get('n-0')"],
  ]),
  ...mutations('src/data/layout/deal.ts', 'data/layout', [
    ['Math.ceil(order.length / 2)', 'Math.floor(order.length / 2)'],
    ['`split.${imageFolder}`,\n    seed,', '`split.${imageFolder}`,\n    0,'],
    [
      '(patient === null ? `image ${id}` : `patient ${patient}`)',
      '(patient === null ? `image ${patient}` : `patient ${id}`)',
      { suite: 'data/patients' },
    ],
    [
      "over('test') < over('valid') ? 'test' : 'valid'",
      "over('test') > over('valid') ? 'test' : 'valid'",
      { suite: 'data/patients' },
    ],
  ]),
  ...mutations('src/data/layout/patients.ts', 'data/patients', [
    ["sub.split('/')[0] || null", "sub.split('/')[1] || null"],
  ]),
  ...mutations('src/data/layout/arrange.ts', 'data/layout', [
    ["return label === 0 && trains ? 'test' : 'deal';", "return 'deal';"],
    ['return abnormal.has(plainName(name)) ? 1 : null;', 'return abnormal.has(plainName(name)) ? 0 : null;'],
    [
      "if (layout === 'train-test') return split === 'train' ?",
      "if (layout === 'train-test') return split !== 'train' ?",
      { suite: 'data/real_layouts' },
    ],
  ]),
  ...mutations('src/data/layout/classes.ts', 'data/real_layouts', [
    ['others.filter((name) => !isNoClassName(name))', 'others'],
    ['const sure = others.filter(isAbnormalName);', 'const sure: string[] = [];'],
  ]),
  ...mutations('src/data/layout/words.ts', 'data/layout', [
    ["  val: 'valid',\n", ''],
    [
      'anomaly_?masks?|masks?|labels?|ground_?truths?|gts?|segs?|segmentations?|annotations?)$/',
      'anomaly_?masks?|masks?|ground_?truths?|gts?|segs?|segmentations?|annotations?)$/',
    ],
    ["[_\\\\-. ]*\\\\(?\\\\d*\\\\)?$`, 'i')", "$`, 'i')", { suite: 'data/real_layouts' }],
  ]),
  ...mutations('src/data/layout/pair_masks.ts', 'data/', [
    ["[bare, 'name and a word'],", "[own, 'name and a word'],", { suite: 'data/layout' }],
    [
      '(/^jpe?g$/.test(extension(mask.path)) ? 1 : 0)',
      '(/^jpe?g$/.test(extension(mask.path)) ? 0 : 1)',
      { suite: 'data/layout' },
    ],
    ['prefer(({ label }) => place.name !== null || label === 1);', '', { suite: 'data/real_layouts' }],
    [
      '(pairs && bare(picture) !== null ? masks : images)',
      '(bare(picture) !== null ? masks : images)',
      { suite: 'data/real_layouts' },
    ],
  ]),
  ...mutations('src/data/layout/walk.ts', 'data/links', [
    ["name.startsWith('.') || OF_SYSTEMS.test(name)", "name.startsWith('.')", { suite: 'data/layout' }],
    ["name.startsWith('.') || OF_SYSTEMS.test(name)", 'OF_SYSTEMS.test(name)'],
    ["if (why === null && seen.has(real)) why = 'linked_twice';\n    else if", 'if'],
    ['seen.add(top);', ''],
    ['if (output && OUTPUT_FILES.includes(entry.name))', 'if (false as boolean)'],
  ]),
  ...mutations('src/data/layout/place.ts', 'data/patients', [
    ['else if (name !== null) sub.push(part);', 'else if (name !== null) sub.push();'],
  ]),
  ...mutations('src/data/layout/read_scan.ts', 'data/real_layouts', [
    ['lesion.share > 0 && label === 0', 'lesion.share > 0 && label === 1'],
  ]),
  ...mutations('src/data/layout/mask_problems.ts', 'data/', [
    ['const MOST = 0.5;', 'const MOST = 1;'],
    ['own.length === 0 || own.some(({ share }) => share > 0)', 'own.length >= 0'],
  ]),
  ...mutations('src/data/mask.ts', 'data/real_layouts', [
    ['white ? value < border : value >= border', 'value >= border'],
    ['data[i] |= other.data[i]', 'data[i] &= other.data[i]'],
    ['data[4 * i + 3] > 0 !== white ? 255 : 0', 'data[4 * i + 3] > 0 ? 0 : 255', { suite: 'data/decode' }],
  ]),
  ...mutations('src/data/layout/object_name.ts', 'data/layout', [
    ["replace(/_AD$/i, '')", "replace(/_AD$/, '')"],
    ["if (override) return { object: override, from: 'given' };", ''],
  ]),
  ...mutations('src/data/layout/open.ts', 'data/layout', [
    ['.sort((a, b) => (a.id < b.id ? -1 : 1))', ''],
    ['requireSound(path, scan.problems);', ''],
  ]),
  ...mutations('src/data/layout/scan_problems.ts', 'data/layout', [
    ["if (kind !== 'pixel' || label !== 1) continue;", "if (kind !== 'image' || label !== 1) continue;"],
  ]),
  ...mutations('src/data/paste.ts', 'data/paste', [
    ['mask[at] = weight >= 0.5 ? 1 : 0;', 'mask[at] = 1;'],
    ['target[3 * at + c] * (1 - weight) + pasted * weight', 'target[3 * at + c] * weight + pasted * (1 - weight)'],
    [
      'if (share > most) [best, most] = [piece, share];',
      'if (share < most || best === null) [best, most] = [piece, share];',
    ],
  ]),
  ...mutations('src/base/rule.ts', 'base/rule', [
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
  ...mutations('src/data/layout/deal.ts', 'data/patients', [
    ["split.patients', seed", "split.patients', 0"],
    ["over('test') < over('valid')", "over('test') <= over('valid')"],
    [
      'test: classes.map(({ samples }) => Math.floor(samples.length / 2)),',
      'test: classes.map(({ samples }) => Math.ceil(samples.length / 2)),',
    ],
    ['const sorted = [...names].sort();', 'const sorted = [...names];'],
  ]),
  ...mutations('src/data/resize.ts', 'data/resize', [
    ['let x = step * 0.5;', 'let x = 0;'],
    ['centre - support + 0.5', 'centre - support', { equivalent: 'one place more, where the kernel is 0' }],
    ['const stretch = Math.max(scale, 1);', 'const stretch = scale;'],
  ]),
  ...mutations('src/data/mask.ts', 'data/mask', [
    ['const border = smeared ? 128 :', 'const border = smeared ? 127 :'],
    ['data[4 * i + 3] > 0 !== white', 'data[4 * i + 3] > 0'],
    ['found.size > MOST_CODES ? null', 'found.size >= MOST_CODES ? null'],
    ['>= 224', '>= 240'],
    ['level > 0 && level < 255).length', 'level >= 0).length'],
  ]),
  ...mutations('src/base/csv.ts', 'base/csv', [['&& !isNumber(line) ?', '?']]),
];
