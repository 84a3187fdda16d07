import { assert } from 'chai';
import { JUNIT } from '../../src/base/junit.ts';
import { resolveOptions } from '../../src/base/option.ts';
import { presetConfig } from '../../src/clip/index.ts';
import { FULL } from '../../src/data/range/rule.ts';
import { runSettings } from '../../src/run/run_config.ts';
import { type CheckedRun, checkJUnit, checkMarkdown, checkRun, checkText, limits } from '../../src/study/index.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { suite, test } from '../harness/registry.ts';
import { madeResults } from './made_results.ts';

const FREE = { min: {}, drop: {} };

/** A run whose scores of four normal and four abnormal images are given; abnormal from 0.5 on. */
function made(image: number, scores: readonly number[], settings: Record<string, string> = {}): CheckedRun {
  const results = madeResults(image, 0.7);
  const four = { normal: 4, abnormal: 4 };
  const said = { method: 'fusionclip', data: 'Brain', shots: four, selected: { ...results.selected, images: four } };
  return {
    path: 'ci/run',
    header: {
      ...runSettings(settings),
      kind: 'pixel',
      object: 'brain',
      model: { name: '/home/someone/models/m', hash: '1', config: presetConfig('T') },
      data: { name: 'Brain', path: '/Brain' },
      grey: FULL,
    },
    results: { ...results, ...said },
    predictions: scores.map((score, i) => {
      return { id: `${i}.png`, label: (i >= 4 ? 1 : 0) as 0 | 1, score, abnormal: score >= 0.5 };
    }),
    data: { sha256: { valid: 'a', test: 'b' } },
  };
}

const RIGHT = [0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9];
const WORSE = [0.1, 0.2, 0.95, 0.4, 0.6, 0.7, 0.45, 0.9];

suite('fusionclip ci', () => {
  test('a metric fails below its least value, below the last one by more than is let through, and when it is not known', () => {
    const failures = (now: CheckedRun, last: CheckedRun | null, asked: Parameters<typeof checkRun>[2]) =>
      checkRun(now, last, asked).metrics.flatMap(({ name, failure }) => (failure === null ? [] : name));
    const now = made(0.8, RIGHT);
    assert.deepEqual(failures(now, null, { min: { 'image.auroc': 0.8 }, drop: {} }), []);
    assert.deepEqual(failures(now, null, { min: { 'image.auroc': 0.8001 }, drop: {} }), ['image.auroc']);
    const drop = { min: {}, drop: { 'image.auroc': 0.1 } };
    assert.deepEqual(
      failures(made(0.7, RIGHT), made(0.8, RIGHT), drop),
      [],
      '0.8 − 0.7 is 0.1, and a bit more in binary',
    );
    assert.deepEqual(failures(now, made(0.91, RIGHT), drop), ['image.auroc']);
    assert.deepEqual(failures(now, null, drop), [], 'nothing to fall from');
    const { passed, metrics } = checkRun(now, null, { min: { dice: 0.1 }, drop: {} });
    assert.isFalse(passed);
    assert.match(metrics.find(({ name }) => name === 'dice')!.failure!, /Dice is not known/);
    const names = (asked: Parameters<typeof checkRun>[2]) => checkRun(now, null, asked).metrics.map(({ name }) => name);
    assert.include(names(FREE), 'image.auroc', 'what is known of the run stands there without a last one');
    assert.notInclude(names(FREE), 'dice', 'and what nobody knows or asks for does not');
    const nothing = (asked: Parameters<typeof checkRun>[2]) =>
      checkRun(now, null, asked).notes.some((note) => note.startsWith('Nothing is asked of the run'));
    assert.deepEqual([FREE, { min: { dice: 0.1 }, drop: { dice: 0.1 } }].map(nothing), [true, false]);
  });

  test('runs on the same images have an interval and the decisions that differ; on others neither', () => {
    const check = checkRun(made(0.75, WORSE), made(1, RIGHT), FREE);
    assert.deepEqual(check.decisions, [
      { id: '2.png', label: 0, right: false },
      { id: '6.png', label: 1, right: false },
    ]);
    const [{ change, interval }] = check.metrics;
    assert.closeTo(change!, -0.25, 1e-12);
    // The worst draw has normal images 2 alone and abnormal images 6 alone: the AUROC falls from 1 to 0.
    assert.isBelow(interval!.low, -0.25);
    assert.isAtLeast(interval!.low, -1);
    assert.isAtMost(interval!.high, 0);
    const same = checkRun(made(1, RIGHT), made(1, RIGHT), FREE);
    assert.deepEqual([same.metrics[0].interval, same.decisions], [{ low: 0, high: 0 }, []]);
    const other = made(1, RIGHT);
    const renamed = { ...other, predictions: other.predictions.map((one) => ({ ...one, id: `x${one.id}` })) };
    const apart = checkRun(made(0.75, WORSE), renamed, FREE);
    assert.deepEqual([apart.paired, apart.decisions, apart.metrics[0].interval], [false, [], null]);
    assert.match(apart.notes.join('\n'), /other test images/);
  });

  test('what changed beside the metrics is said: settings, files, the model', () => {
    const now = made(1, RIGHT, { epochs: '7' });
    const last = made(1, RIGHT);
    const model = { ...last.header.model, hash: '2' };
    const old = { ...last, header: { ...last.header, model }, data: { sha256: { valid: 'a', test: 'c' } } };
    const { settings, notes, model: name } = checkRun(now, old, FREE);
    assert.deepEqual(settings, [{ name: 'epochs', now: '7', last: '50' }]);
    assert.include(notes, 'The files of test have changed.');
    assert.include(notes, 'The last run had another model.');
    assert.notInclude(notes.join(), 'files of valid');
    assert.equal(name, 'm', 'and no folder of this machine');
  });

  test('the comment begins with its mark, and names of elsewhere start nothing in it', () => {
    const run = made(0.75, WORSE);
    const odd = { ...run, results: { ...run.results, data: 'a|b <script> [x](y) @all --> c' } };
    const text = checkMarkdown(checkRun(odd, made(1, RIGHT), { min: { 'image.auroc': 0.9 }, drop: {} }));
    const [mark, title, , failure] = text.split('\n');
    assert.match(mark, /^<!-- fusionclip ci: [^>]*> \[x\].* -> c, \S+ -->$/);
    assert.equal(mark.match(/-->/g)!.length, 1);
    assert.match(title, /^### fusionclip: .* on a\\\|b &#60;script&#62; \\\[x\\\]\\\(y\\\) &#64;all .* FAILED$/);
    assert.match(failure, /image AUROC is 0\.7500, and at least 0\.9/);
    assert.include(text, '| image AUROC | 0.7500 | 1.0000 | -0.2500');
    assert.include(text, '2 test images are decided differently: 0 right now, 2 wrong now');
  });

  test('JUnit has a case for the run and one for each thing that is asked', () => {
    const check = checkRun(made(0.8, RIGHT), null, { min: { 'image.auroc': 0.9, 'pixel.auroc': 0.5 }, drop: {} });
    const xml = checkJUnit(check, 2);
    assert.match(xml, JUNIT);
    assert.match(xml, /<testsuite name="fusionclip ci" tests="3" failures="1" .* time="2\.000">/);
    assert.match(xml, /name="image AUROC: at least 0\.9" time="0\.000">\s*<failure message="image AUROC is 0\.8000/);
    assert.match(checkText(check), /FAILED\n$/);
  });

  test('limits are numbers from 0 to 1 by known names, each once', async () => {
    const table = { min: limits('') };
    assert.deepEqual(resolveOptions(table, { min: 'image.auroc=0.9, dice=.5' }).min, { 'image.auroc': 0.9, dice: 0.5 });
    for (const min of ['foo=0.1', 'dice=1.5', 'dice', 'dice=0.1,dice=0.2', 'dice=-0.1', 'dice=']) {
      await expectFailure('usage', [/--min takes .*image\.auroc/], async () => resolveOptions(table, { min }));
    }
  });
});
