import { assert } from 'chai';
import * as v from 'valibot';
import { ruleStream } from '../../src/base/rule.ts';
import { nextFloat32 } from '../../src/decide/conformal.ts';
import { decideAll, markedShare, pixelPValues, verdictOf } from '../../src/decide/decide.ts';
import { type DecisionWishes, makeDecisionRule, type NormalCase } from '../../src/decide/decision_rule.ts';
import { rate } from '../../src/decide/rate.ts';
import { realisedDecisions, realisedLines } from '../../src/decide/realised.ts';
import { STORED_RULE } from '../../src/decide/stored.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { suite, test } from '../harness/registry.ts';
import { bellShaped } from './reference.ts';

const ORIGIN = { hash: 'h', weights: 'w', group: null, images: [] };
const WISHES: DecisionWishes = { alpha: 0.05, sensitivity: null, probability: 'platt' };

/** Normal images with scores 1 … n and maps of the same peaks. */
function normals(count: number, patient: (i: number) => string | null = () => null): NormalCase[] {
  return Array.from({ length: count }, (_, i) => ({
    score: i + 1,
    peak: 10 * (i + 1),
    patient: patient(i),
    facts: [i, 0, 0, 0, 0, 0],
    features: [i],
    scanner: null,
  }));
}

const plain = (score: number) => ({ score, patient: null, facts: null });

suite('decisions', () => {
  test('p-value, probability and verdict of images by hand', () => {
    const labelled = Array.from(
      { length: 40 },
      (_, i) => ({ score: i, label: i >= 20 ? 1 : 0, patient: null }) as const,
    );
    const rule = makeDecisionRule(normals(39), labelled, WISHES, ORIGIN);
    // ⌊0.05 · 40⌋ = 2: above the second largest of 39.
    assert.equal(rule.point.threshold, nextFloat32(38));
    const { images, coverage, patients } = decideAll(rule, [plain(38), plain(38.5), plain(1), plain(40)]);
    const called = [38, rule.point.threshold, 39].map((score) => decideAll(rule, [plain(score)]).images[0].called);
    assert.deepEqual(called, [false, true, true], 'what reaches the threshold is called');
    assert.deepEqual(
      images.map(({ pValue, verdict }) => [pValue, verdict]),
      [
        [3 / 40, 'borderline'],
        [2 / 40, 'abnormal'],
        [1, 'normal'],
        [1 / 40, 'abnormal'],
      ],
    );
    assert.isAbove(images[3].probability!, 0.9);
    assert.isBelow(images[2].probability!, 0.1);
    const near = [9, 9.75, 10, 10.25, 11].map((score) => verdictOf(score, 10, 0.5));
    assert.deepEqual(near, ['normal', 'borderline', 'borderline', 'borderline', 'abnormal']);
    assert.isNull(patients);
    assert.equal(coverage.state, 'unchecked');
    assert.match(
      coverage.text,
      /at most 5 % of normal images .*39 normal images, 20 normal and 20 abnormal labelled.*4 images are too few/,
    );
    assert.deepInclude(rule.point.falsePositives, { count: 1, of: 39 });
    assert.deepInclude(rule.point.sensitivity!, { count: 1, of: 20 });
  });

  test('a rule that was written to a file is the same when it is read, shares of nothing included', () => {
    const rule = makeDecisionRule(normals(39), null, WISHES, ORIGIN);
    const nothing = { ...rule, point: { ...rule.point, falsePositives: rate(0, 0) } };
    for (const one of [rule, nothing]) assert.deepEqual(v.parse(STORED_RULE, JSON.parse(JSON.stringify(one))), one);
    assert.isNaN(nothing.point.falsePositives.share);
  });

  test('whatever another adapter makes of a score within its error, no verdict flips', () => {
    const rule = makeDecisionRule(normals(39), null, WISHES, ORIGIN);
    const { threshold, tolerance } = rule.point;
    // The error of float32 networks: a ten-thousandth of the threshold.
    assert.closeTo(tolerance, 38e-4, 1e-6);
    for (let step = -3; step <= 3; step += 0.01) {
      const score = threshold + step * tolerance;
      const other = score + 0.99 * tolerance;
      const both = [verdictOf(score, threshold, tolerance), verdictOf(other, threshold, tolerance)];
      assert.notDeepEqual(both, ['normal', 'abnormal'], `at ${step}`);
    }
    assert.equal(verdictOf(threshold, threshold, 0), 'abnormal');
    assert.equal(verdictOf(threshold - 1e-9, threshold, 0), 'normal');
  });

  test('false-discovery control calls what Benjamini and Hochberg call', () => {
    const rule = makeDecisionRule(normals(99), null, WISHES, ORIGIN);
    const scores = [500, 400, 300, 97.5, 50, 20, 10, 5];
    const { images } = decideAll(rule, scores.map(plain), 0.1);
    // p: 0.01 three times, 0.03, 0.5, …; adjusted of the fourth 0.03 · 8/4 = 0.06, of the fifth 0.5 · 8/5.
    assert.deepEqual(
      images.map(({ verdict }) => verdict),
      ['abnormal', 'abnormal', 'abnormal', 'abnormal', 'normal', 'normal', 'normal', 'normal'],
    );
    assert.closeTo(images[3].adjusted!, 0.06, 1e-12);
    assert.isTrue(decideAll(rule, [plain(1), plain(2)], 0.1).images.every(({ verdict }) => verdict === 'normal'));
    assert.isNull(decideAll(rule, [plain(1)]).images[0].adjusted);
    // The fourth is called up to a p of 0.05, from a score of 95 on: within the error of it the call is borderline.
    const edge = decideAll(rule, [500, 400, 300, 95 + 1e-4, 50, 20, 10, 5].map(plain), 0.1).images[3];
    assert.equal(edge.verdict, 'borderline');
  });

  test('under false-discovery control too, what numerical errors of any image could change is borderline', () => {
    const rule = makeDecisionRule(normals(99), null, WISHES, ORIGIN);
    const { tolerance } = rule.point;
    let flips = 0;
    for (let round = 0; round < 300; round++) {
      const random = ruleStream('scores near calibration scores', round);
      const error = ruleStream('errors', round);
      // Half a tolerance around whole numbers, which are the calibration scores: p-values jump there.
      const scores = Array.from({ length: 12 }, (_, i) => 70 + (random(i) % 40) + (i % 3 === 0 ? 0.5 : tolerance / 4));
      const other = scores.map((score, i) => score + 0.9 * tolerance * (error(i) / 2 ** 31 - 1));
      const [first, second] = [scores, other].map((all) => decideAll(rule, all.map(plain), 0.1).images);
      first.forEach((one, i) => {
        if (one.called !== second[i].called) flips++;
        const both = [one.verdict, second[i].verdict];
        assert.notEqual([...both].sort().join(), 'abnormal,normal', `round ${round}, image ${i}`);
      });
    }
    assert.isAbove(flips, 0, 'some calls do change');
  });

  test('the expected share of false discoveries is kept', () => {
    let shares = 0;
    for (let round = 0; round < 200; round++) {
      const scores = bellShaped(ruleStream('c', round), 100);
      const cases = normals(100).map((one, i) => ({ ...one, score: scores[i] }));
      const rule = makeDecisionRule(cases, null, WISHES, ORIGIN);
      const batch = bellShaped(ruleStream('b', round), 60).map((score, i) => plain(i < 20 ? score + 4 : score));
      const called = decideAll(rule, batch, 0.2).images.map(({ verdict }) => verdict !== 'normal');
      const wrong = called.filter((is, i) => is && i >= 20).length;
      shares += wrong / Math.max(1, called.filter(Boolean).length);
    }
    // At most q · (share of normals) = 0.2 · 2/3.
    assert.isBelow(shares / 200, 0.16);
    assert.isAbove(shares / 200, 0.07);
  });

  test('patients: the largest of their images against the largest of normal patients', () => {
    const rule = makeDecisionRule(
      normals(40, (i) => `p${i % 20}`),
      null,
      { ...WISHES, alpha: 0.1 },
      { ...ORIGIN, group: 'auto' },
    );
    assert.deepEqual(
      rule.patientScores,
      Array.from({ length: 20 }, (_, i) => 21 + i),
    );
    // ⌊0.1 · 21⌋ − 1 = 1 of the 20 patients may be called: 40, and not 39.
    assert.equal(rule.patientThreshold, nextFloat32(39));
    const cases = [plain(3), { ...plain(39.5), patient: 'a' }, { ...plain(2), patient: 'a' }];
    const { patients } = decideAll(rule, cases);
    assert.deepEqual(
      patients!.map(({ patient, score, pValue, verdict }) => [patient, score, pValue, verdict]),
      [
        ['image 0', 3, 1, 'normal'],
        ['patient a', 39.5, 2 / 21, 'abnormal'],
      ],
    );
  });

  test('a sensitivity is one of patients too: the largest of all images of each abnormal one', async () => {
    const labelled = Array.from({ length: 40 }, (_, i) => {
      const [score, label] = i % 2 ? [100 + i, 1 as const] : [500 - i, 0 as const];
      return { score, label, patient: `q${i >> 1}` };
    });
    const patient = (i: number) => `p${i}`;
    const make = (cases: typeof labelled) =>
      makeDecisionRule(normals(19, patient), cases, { ...WISHES, sensitivity: 0.9 }, { ...ORIGIN, group: 'auto' });
    // ⌊0.1 · 21⌋ = 2: the second smallest of 500, 498, … 462, which lie above the abnormal images.
    assert.equal(make(labelled).patientThreshold, 464);
    await expectFailure('bad_data', [/^8 abnormal patients cannot .* at least 9 /], () =>
      make(labelled.map((one) => ({ ...one, patient: `q${Number(one.patient.slice(1)) % 8}` }))),
    );
  });

  test('by hand: each of a patient has an equal part, in images and pixels', () => {
    // Scores 1 … 40, peaks ten times as large: 21 of one patient, 19 of one image each.
    const rule = makeDecisionRule(
      normals(40, (i) => (i < 21 ? 'many' : `p${i}`)),
      null,
      WISHES,
      { ...ORIGIN, group: 'auto' },
    );
    assert.equal(rule.from.patients, 20);
    assert.equal(rule.point.threshold, nextFloat32(40), 'of 21 one may be called: above all of them');
    assert.equal(rule.pixelThreshold, nextFloat32(400));
    const { images } = decideAll(rule, [plain(39.5), plain(12), plain(41)]);
    // 1 + 1, and 1 + 19 + 10 images from 12 on of the 21.
    assert.closeTo(images[0].pValue, 2 / 21, 1e-12);
    assert.closeTo(images[1].pValue, (20 + 10 / 21) / 21, 1e-12);
    assert.closeTo(images[2].pValue, 1 / 21, 1e-12);
    assert.closeTo(pixelPValues(rule, [120])[0], (20 + 10 / 21) / 21, 1e-12);
    // A rule of before counts images.
    const old = { ...rule, imagesOfPatient: null };
    assert.equal(decideAll(old, [plain(39.5)]).images[0].pValue, 2 / 41);
    // Three of whom one patient is adjusted by the same parts.
    const adjusted = decideAll(rule, [plain(41), plain(42), plain(1)], 0.2).images;
    assert.closeTo(adjusted[0].adjusted!, (1.5 * 1) / 21, 1e-12);
    assert.deepEqual(
      adjusted.map(({ called }) => called),
      [true, true, false],
    );
  });

  test('what is promised under false-discovery control is said, and not what the threshold would promise', () => {
    const rule = makeDecisionRule(normals(39), null, WISHES, ORIGIN);
    const { text } = decideAll(rule, [plain(1)], 0.3).coverage;
    assert.match(text, /^at most 30 % of the images called abnormal are expected to be normal, calibrated on 39/);
    assert.notMatch(text, /5 %/);
  });

  test('images that the weights or the rule were made of are in no realised rate, and not covered', () => {
    const rule = makeDecisionRule(
      normals(39, (i) => `n${i}`),
      null,
      WISHES,
      { ...ORIGIN, group: 'auto' },
    );
    const one = (score: number, patient: string, isKnown: boolean) => ({ score, patient, facts: null, isKnown });
    const cases = [
      one(50, 'a', true),
      one(51, 'a', false),
      one(52, 'b', false),
      one(1, 'c', false),
      one(2, 'd', false),
    ];
    const decided = decideAll(rule, cases);
    assert.match(decided.coverage.text, /One of these images is among those .* and not covered\.$/);
    const realised = realisedDecisions(rule, cases, [0, 0, 1, 0, 1], decided);
    assert.equal(realised.leftOut, 1);
    assert.deepInclude(realised.images.falsePositives, { count: 1, of: 2 });
    assert.deepInclude(realised.images.sensitivity, { count: 1, of: 2 });
    // Nothing is promised of patient a, one of whose images is known.
    assert.deepInclude(realised.patients!.falsePositives, { count: 0, of: 1 });
    assert.deepInclude(realised.patients!.sensitivity, { count: 1, of: 2 });
    assert.match(realisedLines(realised).join('\n'), /one image is left out/);
    assert.isNull(realised.probability, 'the rule has none');
  });

  test('probabilities are held against what came of the images that nothing was made of', () => {
    const labelled = Array.from(
      { length: 40 },
      (_, i) => ({ score: i, label: i >= 20 ? 1 : 0, patient: null }) as const,
    );
    const rule = makeDecisionRule(normals(39), labelled, WISHES, ORIGIN);
    const cases = [plain(0), plain(1), plain(39), { ...plain(38), isKnown: true }];
    const decided = decideAll(rule, cases);
    const { probability } = realisedDecisions(rule, cases, [0, 1, 1, 0], decided);
    const chances = decided.images.slice(0, 3).map((image) => image.probability!);
    const [low, high] = [(chances[0] + chances[1]) / 2, chances[2]];
    assert.equal(
      probability!.bins.reduce((sum, { observed }) => sum + observed.of, 0),
      3,
    );
    // Two images of low scores in one bin, half of them abnormal, and one of the highest.
    assert.closeTo(probability!.error, (2 * Math.abs(low - 1 / 2) + Math.abs(high - 1)) / 3, 1e-9);
  });

  test('wishes that are none are refused, and scores that are no numbers', async () => {
    const make = (wishes: object, cases = normals(39)) =>
      makeDecisionRule(cases, null, { ...WISHES, ...wishes } as DecisionWishes, ORIGIN);
    for (const alpha of [0, 1, 1.5, Number.NaN, '0.05', null]) {
      await expectFailure('usage', [/^alpha is a number above 0 and below 1, not/], () => make({ alpha }));
    }
    await expectFailure('usage', [/^sensitivity is a number/], () => make({ sensitivity: 1 }));
    await expectFailure('usage', [/platt or isotonic, not "logit"/], () => make({ probability: 'logit' }));
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
      await expectFailure('not_finite', [/no number/], () =>
        make({}, [...normals(39), { ...normals(1)[0], score: wrong }]),
      );
      await expectFailure('not_finite', [/no number/], () =>
        make({}, [...normals(39), { ...normals(1)[0], peak: wrong }]),
      );
    }
    const rule = make({});
    for (const rate of [0, 1, Number.NaN, '0.1' as unknown as number]) {
      await expectFailure('usage', [/false-discovery rate is a number/], () => decideAll(rule, [plain(1)], rate));
    }
  });

  test('too few patients are refused, however many their images', async () => {
    await expectFailure('bad_data', [/^10 normal patients cannot/, /at least 19/], () =>
      makeDecisionRule(
        normals(100, (i) => `p${i % 10}`),
        null,
        WISHES,
        ORIGIN,
      ),
    );
  });

  test('pixels are compared with the largest of each normal image', () => {
    const rule = makeDecisionRule(normals(19), null, WISHES, ORIGIN);
    assert.deepEqual([...pixelPValues(rule, [5, 100, 185, 191])], [1, 11 / 20, 2 / 20, 1 / 20]);
    assert.equal(markedShare(rule, [5, 190, 191, 400]), 0.5);
  });

  test('a sensitivity sets the threshold by labelled cases, and needs them', async () => {
    const labelled = Array.from({ length: 39 }, (_, i) => ({ score: 10 + i, label: 1, patient: null }) as const);
    const more = [...labelled, { score: 0, label: 0, patient: null } as const];
    const rule = makeDecisionRule(normals(19), more, { ...WISHES, sensitivity: 0.9 }, ORIGIN);
    // ⌊0.1 · 40⌋ = 4: the fourth smallest.
    assert.equal(rule.point.threshold, 13);
    assert.deepInclude(rule.point.sensitivity!, { count: 36, of: 39 });
    assert.deepInclude(rule.point.falsePositives, { count: 7, of: 19 });
    assert.isNull(rule.probabilities, 'one labelled normal image is too few');
    await expectFailure('usage', [/--labelled/], () =>
      makeDecisionRule(normals(19), null, { ...WISHES, sensitivity: 0.9 }, ORIGIN),
    );
  });

  test('batches are compared by patient: many images of a few patients are too few to tell', () => {
    const rule = makeDecisionRule(
      normals(100, (i) => `p${i % 25}`),
      null,
      WISHES,
      { ...ORIGIN, group: 'auto' },
    );
    assert.lengthOf(rule.reference, 25);
    const facts = { facts: [0, 0, 0, 0, 0, 0], features: [0], scanner: null };
    const batch = (patients: number) =>
      Array.from({ length: 60 }, (_, i) => ({ score: i, patient: `q${i % patients}`, facts }));
    const few = decideAll(rule, batch(19));
    assert.isNull(few.shift);
    assert.match(few.coverage.text, /; 19 patients are too few to tell/);
    assert.isNotNull(decideAll(rule, batch(20)).shift, 'twenty are enough');
    assert.isAtMost(decideAll(rule, batch(30)).shift!.compared.batch, 30);
  });

  test('a shifted batch is not covered, and says what moved', () => {
    const rule = makeDecisionRule(normals(100), null, WISHES, ORIGIN);
    const facts = (i: number, by: number) => ({ facts: [i + by, 0, 0, 0, 0, 0], features: [i + by], scanner: null });
    const batch = (by: number) =>
      Array.from({ length: 25 }, (_, i) => ({ score: 4 * i, patient: null, facts: facts(4 * i, by) }));
    assert.equal(decideAll(rule, batch(0)).coverage.state, 'covered');
    const shifted = decideAll(rule, batch(70)).coverage;
    assert.equal(shifted.state, 'shifted');
    assert.match(shifted.text, /NOT COVERED.*brightness .* there, .* here, p = 0\.001/);
  });
});
