import { assert } from 'chai';
import { ruleStream } from '../../src/base/rule.ts';
import type { Image } from '../../src/data/image.ts';
import { rulePicture } from '../../src/data/picture.ts';
import { IMAGE_FACTS, imageFacts } from '../../src/decide/image_facts.ts';
import { compareBatch, holm, onePerPatient, type ShiftCase } from '../../src/decide/shift.ts';
import { suite, test } from '../harness/registry.ts';
import { bellShaped } from './reference.ts';

const GREY = 36;
const none = (image: Image) => image;

/** Pictures with made-up scores. */
function cases(name: string, count: number, change: (image: Image) => Image = none): ShiftCase[] {
  const scores = bellShaped(ruleStream(`scores of ${name}`, 1), count);
  return scores.map((score, i) => ({
    score,
    ...imageFacts(change(rulePicture(`${name}.${i}`, 1, GREY, GREY, 1, 0).image)),
  }));
}

function changed(image: Image, value: (x: number, y: number) => number): Image {
  const { width, height } = image;
  const data = Uint8Array.from({ length: width * height }, (_, i) => value(i % width, Math.floor(i / width)));
  return { width, height, channels: 1, data };
}

const gamma = (image: Image) => changed(image, (x, y) => 255 * (image.data[y * image.width + x] / 255) ** 1.8);
const blur = (image: Image) => {
  const { width, height, data } = image;
  const at = (x: number, y: number) =>
    data[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))];
  return changed(image, (x, y) => (at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) + at(x, y)) / 5);
};
const smaller = (image: Image) => ({
  ...changed({ ...image, width: GREY / 2, height: GREY / 2 }, (x, y) => image.data[2 * y * GREY + 2 * x]),
});
const noisy = (image: Image) => {
  const stream = ruleStream('noise', image.data[7]);
  return changed(image, (x, y) => {
    const i = y * image.width + x;
    return Math.min(255, Math.max(0, image.data[i] + (stream(i) % 41) - 20));
  });
};

suite('shift alarm', () => {
  test('facts of images by hand', () => {
    const data = Uint8Array.from([0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 255, 255]);
    const { facts } = imageFacts({ width: 4, height: 3, channels: 1, data });
    const fact = (name: (typeof IMAGE_FACTS)[number]) => facts[IMAGE_FACTS.indexOf(name)];
    assert.closeTo(fact('brightness'), 0.5, 1e-5);
    assert.closeTo(fact('contrast'), 0.5, 1e-5);
    // Both inner pixels differ by 1 across and 0 down; half of that, by a contrast of 1/2.
    assert.closeTo(fact('sharpness'), 1, 1e-5);
    assert.equal(fact('noise'), 0, 'an edge is no noise');
    assert.closeTo(fact('size'), Math.log(Math.sqrt(12)), 1e-5);
    assert.closeTo(fact('shape'), Math.log(4 / 3), 1e-5);
    // Checkers: the residue of an inner pixel is 8 · 255.
    const checkers = Uint8Array.from({ length: 9 }, (_, i) => (i % 2 ? 0 : 255));
    const checked = imageFacts({ width: 3, height: 3, channels: 1, data: checkers });
    assert.closeTo(checked.facts[IMAGE_FACTS.indexOf('noise')], (Math.sqrt(Math.PI / 2) * 8) / 6, 1e-5);
    assert.deepEqual(
      imageFacts({ width: 1, height: 1, channels: 1, data: new Uint8Array(1) }).facts.slice(0, 4),
      [0, 0, 0, 0],
    );
  });

  const calibration = cases('calibration', 60);
  for (const [what, change, named] of [
    ['gamma', gamma, 'brightness'],
    ['blur', blur, 'sharpness'],
    ['another size', smaller, 'size'],
    ['noise', noisy, 'noise'],
  ] as const) {
    test(`an alarm names what moved: ${what}`, () => {
      const report = compareBatch(calibration, cases('batch', 30, change), { alpha: 0.05 })!;
      assert.isTrue(report.alarm);
      assert.include(
        report.moved.map((test) => test.what),
        named,
      );
    });
  }

  test('of images that look the same the scores tell', () => {
    const lower = cases('batch', 30).map((one) => ({ ...one, score: one.score - 2 }));
    const report = compareBatch(calibration, lower, { alpha: 0.05 })!;
    assert.deepEqual(
      report.moved.map(({ what }) => what),
      ['scores'],
    );
    // Beside it the medians of the lower half, by the calibration's own: between two scores where these are even in number.
    const sorted = (of: readonly ShiftCase[]) => of.map(({ score }) => score).sort((a, b) => a - b);
    const known = sorted(calibration);
    const seen = sorted(lower).filter((score) => score <= known[30]);
    const [{ calibration: before, batch }] = report.moved;
    const between = [(seen.length - 1) >> 1, seen.length >> 1].map((place) => seen[place]);
    assert.deepEqual([before, batch], [(known[14] + known[15]) / 2, (between[0] + between[1]) / 2]);
  });

  test('features of the vision tower tell what no number of the image does', () => {
    const seen = (name: string, count: number, by: number) =>
      cases(name, count).map((one, i) => {
        const stream = ruleStream(`features of ${name}`, i);
        return { ...one, features: bellShaped(stream, 8).map((value, k) => value + (k % 2 ? by : -by)) };
      });
    const known = seen('calibration', 60, 0);
    const report = compareBatch(known, seen('batch', 30, 1), { alpha: 0.05 })!;
    assert.deepEqual(
      report.moved.map(({ what, test: by, calibration: there }) => [what, by, there]),
      [['features', 'maximum mean discrepancy', null]],
    );
    assert.isFalse(compareBatch(known, seen('batch', 30, 0), { alpha: 0.05 })!.alarm);
    // Where a side was not asked, the rest is compared.
    assert.notInclude(
      compareBatch(known, cases('batch', 30), { alpha: 0.05 })!.tests.map(({ what }) => what),
      'features',
    );
  });

  test('another scanner is named, and files that name none are no scanner', () => {
    const of = (name: string, count: number, scanner: (i: number) => string | null) =>
      cases(name, count).map((one, i) => ({ ...one, scanner: scanner(i) }));
    const known = of('calibration', 60, (i) => (i % 3 === 0 ? 'A 1' : 'A 2'));
    const { moved } = compareBatch(
      known,
      of('batch', 30, (i) => (i % 3 === 0 ? 'A 2' : 'B')),
      { alpha: 0.05 },
    )!;
    assert.deepEqual(
      moved.map(({ what, calibration: there, batch }) => [what, there, batch]),
      [['scanner', 'A 2', 'B']],
    );
    const same = compareBatch(
      known,
      of('batch', 30, (i) => (i % 3 === 1 ? 'A 1' : 'A 2')),
      { alpha: 0.05 },
    )!;
    assert.isFalse(same.alarm);
    assert.include(
      same.tests.map(({ what }) => what),
      'scanner',
    );
    const tests = compareBatch(calibration, cases('batch', 30), { alpha: 0.05 })!.tests;
    assert.notInclude(
      tests.map(({ what }) => what),
      'scanner',
    );
  });

  test('of each patient one image is drawn, and images without one stand for themselves', () => {
    const some = Array.from({ length: 40 }, (_, i) => ({ i, patient: i < 30 ? `p${i % 3}` : null }));
    const drawn = onePerPatient(some);
    assert.lengthOf(drawn, 13);
    assert.sameMembers(
      drawn.flatMap(({ patient }) => patient ?? []),
      ['p0', 'p1', 'p2'],
    );
    assert.deepEqual(onePerPatient(some), drawn);
    assert.isTrue([2, 3, 4].some((seed) => onePerPatient(some, seed)[0].i !== drawn[0].i));
  });

  test('unshifted batches alarm in at most 5 of 100 cases, also when many images are abnormal', () => {
    let [plain, ill] = [0, 0];
    const pool = cases('pool', 400);
    for (let round = 0; round < 40; round++) {
      const stream = ruleStream('round', round);
      const keys = pool.map((_, i) => stream(i));
      const order = pool.map((_, i) => i).sort((a, b) => keys[a] - keys[b]);
      const some = order.slice(0, 60).map((i) => pool[i]);
      const batch = order.slice(60, 90).map((i) => pool[i]);
      const options = { alpha: 0.05, seed: round, permutations: 199 };
      if (compareBatch(some, batch, options)!.alarm) plain++;
      const mixed = batch.map((one, i) => (i < 15 ? { ...one, score: one.score + 5 } : one));
      if (compareBatch(some, mixed, options)!.alarm) ill++;
    }
    // 2 expected at most; more than 5 have a probability of 1.5 %, and the seeds are fixed.
    assert.isAtMost(plain, 5);
    assert.isAtMost(ill, 5);
  });

  test('a batch of which nearly all is called abnormal is an alarm by itself', () => {
    const high = cases('batch', 24).map((one) => ({ ...one, score: one.score + 9 }));
    const { alarm, moved } = compareBatch(calibration, high, { alpha: 0.05 })!;
    assert.isTrue(alarm);
    assert.deepInclude(moved[0], { what: 'scores', test: 'images that are called abnormal', statistic: 1 });
  });

  test('fewer than 20 images are not compared', () => {
    assert.isNull(compareBatch(calibration, cases('batch', 19), { alpha: 0.05 }));
    assert.isNotNull(compareBatch(calibration, cases('batch', 20), { alpha: 0.05 }));
  });

  test("Holm's rule by hand", () => {
    assert.equal(holm([0.01, 0.02, 0.03, 0.9], 0.05), 1);
    assert.equal(holm([0.01, 0.016, 0.024, 0.04], 0.05), 4);
    assert.equal(holm([0.02, 0.02, 0.02], 0.05), 0);
    assert.equal(holm([0.025, 0.05], 0.05), 2, 'what reaches its level is rejected');
  });
});
