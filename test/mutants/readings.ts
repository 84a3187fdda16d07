import { type Mutation, mutations } from './mutation.ts';

/** The survivors that this list began with. */
export const readings: readonly Mutation[] = [
  ...mutations('src/fusion/model.ts', 'fusion/readings > image, loss.alpha', [
    ['loss.detection(where(k), z, label, alpha[paths[k].branch])', 'loss.detection(where(k), z, label)'],
  ]),
  ...mutations('src/fusion/prompts.ts', 'fusion/readings > image, prompt.', [
    ["tokenizer.splitAtObject(sentence, object) : 1;", "tokenizer.splitAtObject(sentence, object) : 2;"],
    ["const own = share === 'sentence' ? sentences : 1;", 'const own = 1;'],
    ['ids[i % ids.length]', 'ids[0]'],
  ]),
  ...mutations('src/fusion/losses.ts', 'fusion/readings > map.order', [
    ["return options['map.order'] === 'upsample'", "return options['map.order'] !== undefined"],
  ]),
  ...mutations('src/fusion/losses.ts', 'fusion/readings > image, loss.region', [
    ['topRows(abnormal, count)', 'topRows(abnormal, count + 1)'],
  ]),
];
