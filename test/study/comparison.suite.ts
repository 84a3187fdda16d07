import { assert } from 'chai';
import { csvCells } from '../../src/base/csv.ts';
import { generateModel, presetConfig } from '../../src/clip/index.ts';
import { FULL } from '../../src/data/range/rule.ts';
import { findRuns, type RunRecord, readRun, renderComparison } from '../../src/report/index.ts';
import { runSettings } from '../../src/run/run_config.ts';
import { findings } from '../../src/study/comparison/text.ts';
import { type ComparedRun, compareRuns, comparisonCsv, formatComparison, sweep } from '../../src/study/index.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { suite, suiteInTurn, test } from '../harness/registry.ts';
import { ruleSet } from '../train/rule_set.ts';
import { contextOf, SMALL, tinyConfig } from '../train/small_run.ts';
import { madeResults } from './made_results.ts';

/** Scores of 8 normal and 8 abnormal images of 4 patients each; `shift` is how far abnormal ones are above. */
function made(
  seed: number,
  shift: number,
  settings: Record<string, string> = {},
  { name = 'Brain', path = '/Brain', prefix = 'test' } = {},
): ComparedRun {
  const predictions = Array.from({ length: 16 }, (_, i) => {
    const label = (i % 2) as 0 | 1;
    const hum = ((i * 7 + seed * 3) % 11) / 10;
    return { id: `${prefix}/p${i >> 2}_${i}.png`, label, score: hum + label * shift };
  });
  return {
    path: `/runs/${JSON.stringify(settings)}/${seed}/${prefix}`,
    header: {
      ...runSettings({ ...settings, seed: String(seed) }),
      kind: 'pixel',
      object: 'brain',
      model: { name: 'm', hash: '1', config: presetConfig('T') },
      data: { name, path },
      grey: FULL,
    },
    results: madeResults(0.8 + seed / 100 + shift / 100, 0.7),
    predictions,
  };
}

suite('comparison', () => {
  test('runs that differ in their seed alone are one line, and a name says what tells lines apart', () => {
    const runs = [
      ...[1, 0].map((seed) => made(seed, 1, { 'map.files': 'none' })),
      made(0, 1, { epochs: '7' }),
      made(0, 1, { method: 'winclip' }),
      made(0, 1, { shots: '2' }),
    ];
    const { rows, warnings } = compareRuns(runs);
    assert.deepEqual(
      rows.map(({ name, shots, seeds }) => [name, shots, ...seeds]),
      [
        ['fusionclip, epochs 50', 2, 0],
        ['fusionclip, epochs 50', 4, 0, 1],
        ['fusionclip, epochs 7', 4, 0],
        ['winclip', 4, 0],
      ],
    );
    // (0.81 + 0.82) / 2 and its deviation, in percent.
    const { imageAuroc, aupro, dice } = rows[1].values;
    assert.closeTo(imageAuroc!.mean, 81.5, 1e-9);
    assert.closeTo(imageAuroc!.std, Math.SQRT1_2, 1e-9);
    assert.closeTo(aupro!.mean, 35, 1e-9);
    assert.isNull(dice);
    assert.match(warnings.join('\n'), /different seeds/);
  });

  test('one experiment twice with one seed is refused', async () => {
    await expectFailure('usage', [/count twice/], async () =>
      compareRuns([made(0, 1), { ...made(0, 2), path: '/copy' }]),
    );
  });

  test('the difference is drawn in pairs: equal scores differ by nothing in every draw', () => {
    const same = compareRuns([made(0, 0.5), made(0, 0.5, { epochs: '7' })]);
    const [{ difference, low, high }] = same.differences;
    assert.deepEqual([difference, low, high], [0, 0, 0]);
    assert.isBelow(same.rows[0].interval!.low, same.rows[0].interval!.high, 'though each by itself varies');
    // All abnormal images above all normal ones, and the other way round.
    const apart = compareRuns([made(0, 5), made(0, -5, { epochs: '7' })]).differences[0];
    assert.deepEqual([apart.low, apart.high], [100, 100]);
  });

  test('only what differs in one thing is set against each other, more support images first', () => {
    const runs = [made(0, 1), made(0, 1, { shots: '2' }), made(0, 1, { epochs: '7' })];
    const pairs = compareRuns(runs).differences.map(({ first, second }) =>
      [first, second].map((one) => `${one.name} ${one.shots}`),
    );
    assert.deepEqual(pairs, [
      ['fusionclip, epochs 50 4', 'fusionclip, epochs 50 2'],
      ['fusionclip, epochs 50 4', 'fusionclip, epochs 7 4'],
    ]);
  });

  test('patients are drawn with all their images where they are known', () => {
    const settings = { group: '^(p\\d+)' };
    const patients = compareRuns([made(0, 0.3, settings), made(0, 0.1, { ...settings, epochs: '7' })]);
    assert.include(patients.sets[0], { drawn: 'patients', units: 4 });
    const images = compareRuns([made(0, 0.3), made(0, 0.1, { epochs: '7' })]);
    assert.include(images.sets[0], { drawn: 'images', units: 16 });
    assert.notDeepEqual(patients.rows[0].interval, images.rows[0].interval);
    const asked = compareRuns([made(0, 0.3), made(0, 0.1, { epochs: '7' })], { group: '^(p\\d+)' });
    assert.deepEqual(asked.rows[0].interval, patients.rows[0].interval);
    const mixed = compareRuns([made(0, 0.3, settings), made(0, 0.1, { epochs: '7' })]);
    assert.equal(mixed.sets[0].drawn, 'images');
    assert.match(mixed.warnings.join('\n'), /different rules for patients/);
  });

  test('other test images are another set, whatever its name', () => {
    const other = made(0, 1, {}, { name: 'Brain', path: '/other', prefix: 'x' });
    const { sets, differences } = compareRuns([made(0, 1), other]);
    assert.deepEqual(
      sets.map(({ name }) => name),
      ['/Brain', '/other'],
    );
    assert.isEmpty(differences);
  });

  test('of one experiment nothing is the highest, and what brightness or chance reach is said', () => {
    const told = (margin: number) => {
      const comparison = compareRuns([made(0, margin)]);
      return [...findings(comparison), ...comparison.warnings].join('\n');
    };
    assert.match(told(5), /^On Brain, fusionclip, 4-shot reaches an image AUROC of 85\.00\.\nOn Brain each experiment/);
    const brighter =
      /brightness alone \(99\.5th .*, low\) reaches an image AUROC of 70\.00, no less than fusionclip, 4-shot\./;
    assert.notMatch(told(5), brighter);
    assert.notMatch(told(5), /chance/);
    assert.match(told(-25), brighter);
    assert.match(told(0), /On Brain chance \(50\) lies in the interval of fusionclip, 4-shot\./);
  });

  test('text, CSV and report say the same, and what is best and how sure that is', () => {
    const comparison = compareRuns([made(0, 5), made(1, 5), made(0, -5, { epochs: '7' })], {
      failed: [{ run: 'x, seed 3', reason: 'No memory.' }],
      partial: 'Stopped.',
    });
    const text = formatComparison(comparison);
    assert.match(text, /^fusionclip, epochs 50, 4-shot\s+2\s+85\.50 ± 0\.71\s+70\.00 ± 0\.00/m);
    assert.match(text, /epochs 50, 4-shot − fusionclip, epochs 7, 4-shot\s+\+10\.50\s+\+100\.00 to \+100\.00\s+clear/);
    for (const part of ['PARTIAL: Stopped.', 'FAILED   x, seed 3: No memory.']) assert.include(text, part);
    const [sentence] = findings(comparison);
    assert.match(
      sentence,
      /^On Brain, fusionclip, epochs 50, 4-shot has the highest image AUROC \(85\.50 ± 0\.71\), clearly above all others\.$/,
    );
    const [head, ...lines] = csvCells(comparisonCsv(comparison));
    for (const line of lines) assert.equal(line.length, head.length);
    const kinds = lines.map(([kind]) => kind);
    assert.deepEqual([...new Set(kinds)], ['result', 'baseline', 'difference']);
    const html = renderComparison(comparison);
    for (const part of ['85.50 ± 0.71', '+100.00 to +100.00', 'Partial. Stopped.', 'No memory.'])
      assert.include(html, part);
    assert.include(html, `<h1>${sentence}</h1>`);
    assert.notMatch(html, /<script|NaN|undefined|null%/);
  });
});

suiteInTurn('sweep', () => {
  test('trains what differs, goes on where it was, and its folder is compared', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet());
    const { fs } = context;
    const tiny = tinyConfig();
    const tower = { width: 64, heads: 1 };
    const config = { ...tiny, vision: { ...tiny.vision, ...tower }, text: { ...tiny.text, ...tower } };
    await generateModel(config, 1, {}, await fs.createWriter('/model.safetensors'));
    const { shots: _, ...small } = SMALL;
    const settings: Record<string, string> = { ...small, epochs: '1' };
    const request = {
      ...{ data: '/Brain_AD', model: '/model.safetensors', medclip: null, out: '/sweep', settings },
      ...{ methods: ['winclip', 'fusionclip'], shots: [2], seeds: [0, 1] },
    };
    const { folders, total, failed } = await sweep(context, request);
    assert.equal(failed.map(({ reason }) => reason).join('\n'), '');
    assert.equal(total, 3, 'what draws nothing runs once');
    assert.lengthOf(folders, 3);
    assert.sameMembers(await findRuns(fs, ['/sweep']), [...folders]);
    const runs: RunRecord[] = [];
    for (const folder of folders) runs.push(await readRun(fs, folder));
    const { rows, baselines } = compareRuns(runs);
    assert.deepEqual(
      rows.map(({ name, shots, seeds }) => [name, shots, seeds.length]),
      [
        ['winclip', 2, 1],
        ['fusionclip', 2, 2],
      ],
    );
    const own = runs.filter(({ header }) => header.fusion.method === 'fusionclip');
    const mean = own.reduce((sum, { results }) => sum + results.selected.image.auroc, 0) / 2;
    assert.closeTo(rows[1].values.imageAuroc!.mean, 100 * mean, 1e-9);
    assert.lengthOf(baselines, 4);
    const told = (text: RegExp) => context.events.filter((event) => event.type === 'note' && text.test(event.text));
    assert.lengthOf(told(/^\/Brain_AD: layout bmad/), 1, 'what is used of the data is said, once');
    const before = context.events.length;
    await sweep(context, request);
    assert.isEmpty(
      context.events.slice(before).filter((event) => event.type === 'note' && /image AUROC/.test(event.text)),
    );
    await expectFailure('io', [/no finished run/], () => findRuns(fs, ['/Brain_AD']));
    await expectFailure('usage', [/is the folder of a run/], () => sweep(context, { ...request, out: folders[0] }));
    await expectFailure('usage', [/--medclip/], () => sweep(context, { ...request, methods: ['medclip'] }));
  });
});
