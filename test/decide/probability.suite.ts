import { assert } from 'chai';
import { ruleStream } from '../../src/base/rule.ts';
import {
  crossFitted,
  expectedCalibrationError,
  fitProbability,
  probabilityOf,
  reliability,
} from '../../src/decide/probability.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { assertClose } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';
import { bellShaped, readReference } from './reference.ts';

suite('probability of a score', () => {
  test('is that of scikit-learn: Platt and isotonic', async (t) => {
    for (const { scores, labels, asked, platt, isotonic } of (await readReference(t)).probability) {
      const of = (kind: 'platt' | 'isotonic') => {
        const map = fitProbability(kind, { scores, labels });
        return asked.map((score) => probabilityOf(map, score));
      };
      assertClose(of('isotonic'), isotonic, { absolute: 1e-12 }, 'isotonic');
      // Its optimiser stops early; this one goes to the end.
      assertClose(of('platt'), platt, { absolute: 2e-4 }, 'Platt');
    }
  });

  test("Platt's map is the optimum: its gradient is zero", async (t) => {
    for (const { scores, labels } of (await readReference(t)).probability) {
      const map = fitProbability('platt', { scores, labels });
      const positives = labels.filter(Boolean).length;
      const targets = labels.map((l) => (l ? (positives + 1) / (positives + 2) : 1 / (labels.length - positives + 2)));
      const residue = scores.map((score, i) => probabilityOf(map, score) - targets[i]);
      const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
      assertClose([sum(residue), sum(residue.map((r, i) => r * scores[i]))], [0, 0], { absolute: 1e-8 });
    }
  });

  test('isotonic by hand: violators are pooled, between steps it is a line', () => {
    const map = fitProbability('isotonic', { scores: [1, 2, 3, 4, 5, 5], labels: [0, 1, 0, 1, 1, 0] });
    assert.deepEqual(map, { kind: 'isotonic', scores: [1, 2, 3, 4, 5], values: [0, 0.5, 0.5, 2 / 3, 2 / 3] });
    // Beyond the last step it stays where that is.
    const steps = { kind: 'isotonic', scores: [1, 2, 4], values: [0.1, 0.4, 0.9] } as const;
    const beyond = [-5, 3, 99].map((score) => probabilityOf(steps, score));
    assertClose(beyond, [0.1, 0.65, 0.9], { absolute: 1e-12 });
    assertClose(
      [0, 1.5, 2.5, 3.5, 9].map((s) => probabilityOf(map, s)),
      [0, 0.25, 0.5, 3.5 / 6, 2 / 3],
      { absolute: 1e-12 },
    );
  });

  test('separable cases and constant scores have finite maps', () => {
    const separable = fitProbability('platt', { scores: [1, 2, 3, 4], labels: [0, 0, 1, 1] });
    assert.isAbove(probabilityOf(separable, 4), 0.6);
    assert.isBelow(probabilityOf(separable, 1), 0.4);
    const constant = fitProbability('platt', { scores: [2, 2, 2, 2], labels: [0, 1, 0, 1] });
    assert.closeTo(probabilityOf(constant, 2), 0.5, 1e-9);
  });

  test('one label alone is refused', async () => {
    await expectFailure('bad_data', [/both kinds/], () => fitProbability('platt', { scores: [1, 2], labels: [1, 1] }));
  });

  test('the diagram and its error by hand', () => {
    const bins = reliability([0.05, 0.15, 0.12, 0.95, 1], [0, 1, 0, 1, 1], 10);
    assert.deepEqual(
      bins.map(({ observed: { count, of } }) => [count, of]),
      [
        [0, 1],
        [1, 2],
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
        [2, 2],
      ],
    );
    assert.closeTo(bins[1].predicted, 0.135, 1e-12);
    // (1 · 0.05 + 2 · |0.135 − 0.5| + 2 · |0.975 − 1|) / 5
    assert.closeTo(expectedCalibrationError(bins), (0.05 + 0.73 + 0.05) / 5, 1e-12);
  });

  test('probabilities of cases left out have a small error, and a case never decides on itself', () => {
    const labels = Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? 1 : 0));
    const scores = bellShaped(ruleStream('p', 1), 400).map((score, i) => score + 1.5 * labels[i]);
    const of = (kind: 'platt' | 'isotonic') => crossFitted(kind, { scores, labels });
    for (const kind of ['platt', 'isotonic'] as const) {
      assert.isBelow(expectedCalibrationError(reliability(of(kind), labels)), 0.07, kind);
    }
    const changed = labels.map((label, i) => (i === 17 ? 1 - label : label));
    // Folds go round by label, so only those before the case are sure to be in the same fold.
    const groups = labels.map((_, i) => `g${i % 5}`);
    const before = crossFitted('platt', { scores, labels }, groups);
    const after = crossFitted('platt', { scores, labels: changed }, groups);
    assert.equal(after[17], before[17]);
    assert.notEqual(after[18], before[18]);
  });
});
