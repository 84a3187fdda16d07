import { type Mutation, mutations } from './mutation.ts';

/** Sentences, learnable vectors, and the two classes. */
export const prompts: readonly Mutation[] = [
  ...mutations('src/fusion/prompts.ts', 'fusion/readings > image, prompt.', [
    ['tokenizer.splitAtObject(sentence, object) : 1;', 'tokenizer.splitAtObject(sentence, object) : 2;'],
    ["options['prompt.pos'] === 'object' ?", 'true ?'],
    ["const own = share === 'sentence' ? sentences : 1;", 'const own = 1;'],
    ['ids[i % ids.length]', 'ids[0]'],
    ["sets + (share === 'sentence' ? s : 0)", 'sets'],
    ['set.push(...classes[y].map(() => sets - 1));', 'set.push(...classes[y].map(() => 0));'],
    ["if (options['prompt.init'] === 'uniform')", "if (options['prompt.init'] !== 'words')"],
    ['return gaussianTensor(name, shape, seed, 0.02);', 'return gaussianTensor(name, shape, seed, 0.2);'],
    ["chooseTemplates(options['prompt.templates'],", "chooseTemplates('one',"],
    ['+ 1);\n  // Only the vectors', ');\n  // Only the vectors'],
    ['ids.slice(at, ends[k])', 'ids.slice(at + 1, ends[k])'],
    [
      'l2Normalize(meanGroups(l2Normalize(text.encodeAfter(prefix, rows)), starts))',
      'l2Normalize(meanGroups(text.encodeAfter(prefix, rows), starts))',
    ],
    ['classes[k % 2].length);\n  const starts', 'classes[0].length);\n  const starts'],
    ["ruleStream('prompt.templates', seed)", "ruleStream('prompt.templates', 0)"],
  ]),
  ...mutations('src/fusion/prompts.ts', 'fusion/golden > prompt=fixed', [
    ['ensemble.normalised ? l2Normalize(embeddings) : embeddings', 'embeddings'],
    [
      'Uint32Array.of(0, ids[0].length, ids[0].length + ids[1].length)',
      'Uint32Array.of(0, ids[1].length, ids[0].length + ids[1].length)',
    ],
  ]),
  ...mutations('src/fusion/initial.ts', 'fusion/settings', [
    ['Math.sqrt(-2 * log(u))', 'Math.sqrt(-log(u))'],
    ['stream(2 * i + 1)', 'stream(2 * i)'],
    ['cos(2 * Math.PI * v)', 'cos(Math.PI * v)', { suite: 'fusion/readings > prompt.init normal' }],
  ]),
  ...mutations('src/clip/sentences.ts', 'fusion/readings > prompt.templates', [
    ['.sort((a, b) => a - b)\n', '\n', { suite: 'clip/tokenizer' }],
    ['const j = i + Math.floor(', 'const j = Math.floor('],
    ["if (choice === 'winclip') return WINCLIP_TEMPLATES;", "if (choice === 'winclip') return TEMPLATES;"],
  ]),
  ...mutations('src/fusion/model.ts', 'fusion/readings > image, loss.alpha', [
    ['alpha[paths[k].branch]);', '1);'],
    [
      "gal: options['loss.alpha'][0], loc: options['loss.alpha'][1] ?? 1",
      "gal: options['loss.alpha'][1] ?? 1, loc: options['loss.alpha'][0]",
    ],
  ]),
  ...mutations('src/fusion/initial.ts', 'fusion/prompts', [
    ['2 * i + 1)', '2 * i)'],
    ['-2 * log(u)', '-log(u)'],
    ['cos(2 * Math.PI * v)', 'cos(2 * Math.PI * u)'],
  ]),
];
