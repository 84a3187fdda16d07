import { ruleUniform } from '../../../src/base/rule.ts';
import { resizePositions } from '../../../src/clip/positions.ts';
import { axisWeights } from '../../../src/data/resize.ts';
import { exact, type GoldenCase, type ReadGolden, readFacts, readTensors, tensorCase, within } from './golden.ts';

interface PosembedFacts {
  seed: number;
  weights: Record<string, { start: number; weights: number[] }[]>;
  tensors: Record<string, { shape: number[]; max_abs: number }>;
}

/** Resampling weights to 1e-12 and resized position tables at the tolerance. */
export async function* posembedCases(read: ReadGolden): AsyncGenerator<GoldenCase> {
  const facts = await readFacts<PosembedFacts>(read, 'posembed');
  const tensors = await readTensors(read, 'posembed');
  for (const [pair, expected] of Object.entries(facts.weights)) {
    const [from, to] = pair.split('->').map(Number);
    const rows = axisWeights(from, to, 'bicubic');
    yield exact(
      `starts ${pair}`,
      rows.map(({ start, weights }) => [start, weights.length]),
      expected.map(({ start, weights }) => [start, weights.length]),
    );
    yield within(
      `weights ${pair}`,
      rows.flatMap(({ weights }) => Array.from(weights)),
      expected.flatMap(({ weights }) => weights),
      1e-12,
    );
    const table = ruleUniform(`posembed.${from}`, facts.seed, [from * from + 1, 8], 0, 1);
    yield tensorCase(`posembed.${from}.to.${to}`, resizePositions(table, from, to), facts.tensors, tensors);
  }
}
