import { assert } from 'chai';
import { csvCells } from '../../src/base/csv.ts';
import { FusionclipError } from '../../src/base/errors.ts';
import { decodeImage } from '../../src/data/decode.ts';
import { BAR_HEIGHT, heatPicture } from '../../src/data/heat_picture.ts';
import { toRgb } from '../../src/data/image.ts';
import { encodePng } from '../../src/data/png.ts';
import { openAdapters } from '../../src/detect/adapters_file.ts';
import { evaluateRun } from '../../src/detect/evaluate_run.ts';
import { type ClassedScores, pointSentence, worthOf } from '../../src/detect/image_threshold.ts';
import { type PredictRequest, predictImages } from '../../src/detect/predict.ts';
import { predictPaths } from '../../src/detect/predict_volumes.ts';
import { openTensorFile, writeTensorFile } from '../../src/detect/tensor_file.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { isVolumePath } from '../../src/volume/to_score.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { suite, suiteInTurn, test } from '../harness/registry.ts';
import { ruleSet } from '../train/rule_set.ts';
import { contextOf, smallRun, textOf, tinyBackbone } from '../train/small_run.ts';

const GOOD = '/Brain_AD/test/good/img/0.png';
const BAD = '/Brain_AD/test/Ungood/img/0.png';

/** A run in memory, and predictions by it. */
async function trained(gpu: Gpu, settings: Record<string, string> = {}) {
  const fs = ruleSet();
  const context = contextOf(gpu, fs);
  const outcome = await smallRun(context, { prompt: 'fixed', epochs: '1', 'map.files': 'npy', ...settings });
  const model = await tinyBackbone();
  const predict = (request: Partial<PredictRequest>) =>
    predictImages(context, { adapters: '/run', model, paths: [GOOD, BAD], out: '/out', ...request });
  return { fs, context, outcome, model, predict };
}

suiteInTurn('predictions', () => {
  test('each row and map is there as soon as the row is told, and the image is decoded once', async (t) => {
    const { fs, predict } = await trained(await t.gpu(), { 'eval.batch': '1' });
    const seen: unknown[] = [];
    fs.reads.length = 0;
    await predict({
      onRow: ({ id, map }) => {
        const lines = csvCells(textOf(fs, '/out/predictions.csv')).slice(1);
        seen.push([id, fs.files.has(map!), lines.map(([first]) => first)]);
      },
    });
    assert.deepEqual(seen, [
      [GOOD, true, [GOOD]],
      [BAD, true, [GOOD, BAD]],
    ]);
    assert.deepEqual(
      fs.reads.filter((path) => path === GOOD || path === BAD),
      [GOOD, BAD],
    );
  });

  test('images that the run was made of are told, each in its row, and among the findings of an evaluation', async (t) => {
    const { fs, context, model, predict } = await trained(await t.gpu());
    const support = JSON.parse(textOf(fs, '/run/shots.json')) as { normal: string[]; abnormal: string[] };
    const name = (folder: string, i: number) => `/Brain_AD/valid/${folder}/img/${i}.png`;
    const is = (path: string, ids: readonly string[]) => ids.some((id) => path.endsWith(id));
    const all = [0, 1, 2, 3].map((i) => name('good', i));
    const fitted = all.filter((path) => is(path, support.normal));
    const chosen = all.filter((path) => !is(path, support.normal));
    assert.deepEqual([fitted.length, chosen.length], [2, 2]);
    const { images } = await predict({ paths: [...fitted, ...chosen, GOOD] });
    const words = images.map(({ warning }) => /a \w+ image of the run$/.exec(warning ?? '')?.[0] ?? null);
    const of = (what: string) => new Array(2).fill(`a ${what} image of the run`);
    assert.deepEqual(words, [...of('support'), ...of('validation'), null]);
    const said = context.events.flatMap((event) => (event.type === 'note' ? event.text : [])).join('\n');
    assert.include(
      said,
      `2 of the images (${fitted[0]}, …) are support images of the run: the weights are fitted to them, so`,
    );
    assert.include(
      said,
      `2 of the images (${chosen[0]}, …) are validation images of the run: the weights were chosen by`,
    );

    // The same set, whose validation images are others: what is not there cannot be found twice.
    for (const [path, bytes] of [...fs.files]) {
      if (path.startsWith('/Brain_AD/') && !fitted.includes(path))
        fs.files.set(path.replace('Brain_AD', 'other'), bytes);
    }
    const before = await evaluateRun(context, { adapters: '/run', model, out: '/e1', data: '/other', maps: 'none' });
    assert.deepEqual(before.findings, []);
    fs.files.set('/other/test/good/img/known.png', fs.files.get(fitted[0])!);
    const after = await evaluateRun(context, { adapters: '/run', model, out: '/e2', data: '/other', maps: 'none' });
    assert.match(after.findings!.join(), /^test\/good\/img\/known.png is a support image of the run: .*new images$/);
  });

  test('what images have otherwise than those of the run is said at the end, and stands in the results', async (t) => {
    const { fs, context, model, predict } = await trained(await t.gpu());
    const others: string[] = [];
    for (const [path, bytes] of [...fs.files]) {
      if (!path.startsWith('/Brain_AD/')) continue;
      const { width, height, data } = toRgb(decodeImage(bytes, path));
      const upper = {
        width,
        height: height - 10,
        channels: 3,
        data: data.slice(0, width * (height - 10) * 3),
      } as const;
      const isMask = path.includes('anomaly_mask');
      const cut = isMask ? encodePng({ ...upper, data: upper.data.fill(255, 0, 30) }) : encodePng(upper);
      fs.files.set(path.replace('Brain_AD', 'cut'), new Uint8Array(cut));
      if (path.includes('test/good')) others.push(path.replace('Brain_AD', 'cut'));
    }
    const finding =
      'the size of an image tells the images from those that the run was made on (here: 40×30; there: 40×40), so scores and thresholds may not hold for them; bring them into the form of those, or train on images like these';
    const said = () => context.events.flatMap((event) => (event.type === 'note' ? event.text : [])).join('\n');
    assert.deepEqual((await predict({})).findings, []);
    assert.notInclude(said(), 'tells the images');
    const { findings } = await predict({ paths: others });
    assert.deepEqual(findings, [finding]);
    assert.deepEqual(JSON.parse(textOf(fs, '/out/predictions.json')).findings, [finding]);
    assert.include(said(), `${finding}.`);
    const evaluated = await evaluateRun(context, { adapters: '/run', model, out: null, data: '/cut' });
    assert.deepEqual(evaluated.findings, [finding]);

    // A file of before.
    const file = '/run/checkpoint/adapters.safetensors';
    const { tensors, metadata, header } = await openTensorFile(fs, file, 'adapters');
    const { format: _, checksum: __, what: ___, header: ____, inference, ...kept } = Object.fromEntries(metadata);
    const { looks: _____, ...old } = JSON.parse(inference);
    const texts = { ...kept, inference: JSON.stringify(old) };
    await writeTensorFile(fs, file, { what: 'adapters', header }, [...tensors], texts);
    assert.deepEqual((await predict({ paths: others })).findings, []);
    assert.deepEqual((await evaluateRun(context, { adapters: '/run', model, out: null, data: '/cut' })).findings, []);
  });

  test('an image that cannot be read is a row in its place, or the end', async (t) => {
    const { fs, predict } = await trained(await t.gpu());
    fs.files.set('/a.png', fs.files.get(GOOD)!.slice(0, 200));
    fs.files.set('/z.png', new TextEncoder().encode('hello'));
    const paths = ['/a.png', GOOD, '/z.png'];
    const codes: string[] = [];
    const { images } = await predict({ paths, strict: false, onBad: ({ code }) => codes.push(code) });
    assert.deepEqual(
      images.map(({ id, error }) => [id, error === null]),
      [
        ['/a.png', false],
        [GOOD, true],
        ['/z.png', false],
      ],
    );
    assert.deepEqual(codes, ['bad_image', 'bad_image']);
    assert.isNaN(images[0].score);
    const cells = csvCells(textOf(fs, '/out/predictions.csv'));
    assert.deepEqual(
      cells.slice(1).map((row) => [row[0], row[2] === '', row.at(-1) === '']),
      [
        ['/a.png', true, false],
        [GOOD, false, true],
        ['/z.png', true, false],
      ],
    );
    await expectFailure('bad_image', [/a\.png/], () => predict({ paths }));
  });

  test('a file that cannot be read is no volume, so it has a row, and a text is no run', async (t) => {
    const { fs, predict } = await trained(await t.gpu());
    const { readRange } = fs;
    fs.readRange = async (path, ...part) => {
      if (path === GOOD) throw new FusionclipError('io', 'Permission denied.');
      return readRange.call(fs, path, ...part);
    };
    assert.isFalse(await isVolumePath(fs, GOOD));
    await expectFailure('bad_model', [/\/run\/config\.json is a text.*give the folder of the run/], () =>
      predict({ adapters: '/run/config.json' }),
    );
  });

  test('a run folder, a file and files of others are not written over; what an earlier call left goes', async (t) => {
    const { fs, context, model, predict } = await trained(await t.gpu());
    const before = textOf(fs, '/run/results.json');
    await expectFailure('usage', [/\/run is the folder of a run/], () => predict({ out: '/run' }));
    await expectFailure('usage', [/is the folder of a run/], () =>
      evaluateRun(context, { adapters: '/run', model, out: '/run' }),
    );
    assert.equal(textOf(fs, '/run/results.json'), before);
    for (const out of ['/run/maps', '/run/checkpoint/new']) {
      await expectFailure('usage', [/is for files of the run in \/run itself/], () => predict({ out }));
    }
    await expectFailure('usage', [/is a file/], () => predict({ out: GOOD }));
    // Before anything is looked for.
    const nowhere = { adapters: '/run', model, paths: ['/nowhere.png'], out: GOOD };
    await expectFailure('usage', [/is a file/], () => predictImages(context, nowhere));
    await expectFailure('usage', [/is a file/], () => predictPaths(context, nowhere));
    // What is for volumes alone is not passed over in silence.
    const paths = { adapters: '/run', model, paths: [GOOD], out: null };
    await expectFailure('usage', [/^--stride is for volumes/], () => predictPaths(context, { ...paths, stride: 2 }));
    await expectFailure('usage', [/^--write sr is for/], () => predictPaths(context, { ...paths, write: ['sr'] }));
    for (const [flag, rule] of [
      ['window', { window: 'brain' }],
      ['plane', { plane: 'axial' }],
      ['accept', { accept: 'gaps' }],
      ['volume', { volume: 0 }],
    ] as const) {
      const given = { adapters: '/run', model, out: null, rules: rule };
      await expectFailure('usage', [new RegExp(`^--${flag} is for volumes, .* pictures`)], () =>
        evaluateRun(context, given),
      );
    }
    await expectFailure('usage', [/^--plane is for/], () => smallRun(context, { plane: 'axial' }, '/planes'));
    assert.isNull(await fs.stat('/planes'));
    await fs.writeFile('/v.nii', 'a volume by its name');
    await expectFailure('usage', [/^--range is for pictures/], () =>
      predictPaths(context, { ...paths, paths: ['/v.nii'], range: 'full' }),
    );
    const strided = { adapters: '/run', model, out: null, stride: 2 };
    await expectFailure('usage', [/^--stride is for volumes/], () => evaluateRun(context, strided));
    await fs.writeFile('/mine/maps/a.txt', 'mine');
    await expectFailure('usage', [/\/mine holds maps, which this program has not written/], () =>
      predict({ out: '/mine' }),
    );
    await predict({});
    const maps = () => [...fs.files.keys()].filter((path) => path.startsWith('/out/maps/')).length;
    assert.equal(maps(), 4);
    await predict({ paths: [GOOD] });
    assert.equal(maps(), 2);
    await evaluateRun(context, { adapters: '/run', model, out: '/out', maps: 'none' });
    assert.equal(maps(), 0);
    assert.isFalse(fs.files.has('/out/predictions.json'));
  });

  test('maps have the colours of the run: 0 to the largest of validation, alone as among others', async (t) => {
    const { fs, outcome, predict } = await trained(await t.gpu(), { 'eval.batch': '1' });
    const { mapScale } = await openAdapters(fs, '/run/checkpoint/adapters.safetensors');
    const { images } = await predict({ paths: [GOOD] });
    assert.equal(outcome.results.mapScale, mapScale);
    assert.deepEqual(fs.files.get(images[0].map!), fs.files.get('/run/maps/test/good/img/0.png'));
    const map = outcome.scored.images.find(({ id }) => GOOD.endsWith(id))!.map;
    const under = decodeImage(fs.files.get(GOOD)!, GOOD);
    const level = outcome.results.selected.pixelThreshold!.value;
    const side = outcome.scored.size;
    const drawn = heatPicture(under, { width: side, height: side, data: map }, { range: [0, mapScale!], level });
    const written = decodeImage(fs.files.get(images[0].map!)!, 'map');
    assert.deepEqual([...written.data], [...drawn.data]);
    assert.equal(written.height, under.height + BAR_HEIGHT);
  });

  test('a threshold that is given calls what reaches it abnormal, and is said', async (t) => {
    const { context, predict } = await trained(await t.gpu());
    const [{ score }] = (await predict({ paths: [GOOD], out: null })).images;
    const called = async (threshold: number) => {
      const { images, threshold: used } = await predict({ paths: [GOOD], out: null, threshold });
      return [images[0].abnormal, images[0].threshold, used?.from];
    };
    assert.deepEqual(await called(score), [true, score, 'given']);
    assert.deepEqual(await called(score + 1), [false, score + 1, 'given']);
    const told = context.events.filter(({ type }) => type === 'note').map((event) => JSON.stringify(event));
    assert.match(
      told.join(),
      /FusionCLIP-AD.*\(fusionclip\), trained on Brain_AD.*Threshold .*, given; on the test images/,
    );
  });
});

const CHOSEN: ClassedScores = { of: 'valid', normal: [1, 2, 3, 4], abnormal: [3, 5, 6, 7] };
const THRESHOLDS = { image: { value: 3, f1: 0.8, from: 'valid' as const }, pixel: null };

suite('what a threshold is worth', () => {
  test('sensitivity and specificity are those of the test images, else of those it was chosen on', () => {
    const shares = (testScores: ClassedScores | null) => {
      const { point } = worthOf({ thresholds: THRESHOLDS, scores: CHOSEN, testScores });
      return [point?.seenOn, point?.sensitivity?.value, point?.specificity?.value];
    };
    assert.deepEqual(shares(null), ['valid', 1, 0.5]);
    assert.deepEqual(shares({ of: 'test', normal: [0, 1, 9], abnormal: [2, 8] }), ['test', 0.5, 2 / 3]);
    const { point } = worthOf({ thresholds: THRESHOLDS, scores: CHOSEN, testScores: null });
    // Four of four: (0.025)^(1/4) = 0.3976; two of four: 0.0676 to 0.9324 (Clopper and Pearson's table).
    assert.match(
      pointSentence(point!),
      /^Threshold 3, chosen on the validation images for the largest F1 \(0\.80\); on the/,
    );
    assert.match(pointSentence(point!), /sensitivity of 1\.00 \(95 % interval 0\.40 to 1\.00, 4 images\)/);
    assert.match(pointSentence(point!), /specificity of 0\.50 \(95 % interval 0\.07 to 0\.93, 4 images\)/);
  });

  test('--at finds the threshold that reaches a share on the validation images', () => {
    const at = (text: string) =>
      worthOf({ thresholds: THRESHOLDS, scores: CHOSEN, testScores: null }, { at: text }).point!.value;
    assert.equal(at('sensitivity=0.75'), 5);
    assert.equal(at('sensitivity=0.76'), 3);
    assert.equal(at('sensitivity=1'), 3);
    assert.equal(at('specificity=0.5'), 3);
    assert.equal(at('specificity=0.75'), 4);
    assert.equal(at('specificity=1'), 5);
    assert.throws(() => at('recall=0.5'), /sensitivity=SHARE/);
    assert.throws(() => at('sensitivity=2'), /share from 0 to 1/);
    const none = { thresholds: THRESHOLDS, scores: null, testScores: null };
    assert.throws(() => worthOf(none, { at: 'sensitivity=0.9' }), /cannot be met.*--threshold/);
    assert.throws(() => worthOf(none, { at: 'sensitivity=0.9', threshold: 1 }), /give one of/);
  });

  test('a run at chance says so', () => {
    const warning = (normal: number[], abnormal: number[]) =>
      worthOf({ thresholds: THRESHOLDS, scores: null, testScores: { of: 'test', normal, abnormal } }).warning;
    assert.match(warning([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])!, /at chance: the AUROC on the test images is 0\.500/);
    // Three of either kind in order may be luck: 0.025^(1/3) = 0.29.
    assert.match(warning([0, 1, 2], [7, 8, 9])!, /is 1\.000 with a 95 % interval of 0\.292 to 1\.000/);
    const many = Array.from({ length: 12 }, (_, i) => i / 12);
    assert.isNull(
      warning(
        many,
        many.map((value) => value + 5),
      ),
    );
    assert.match(
      warning(
        many.map((value) => value + 4),
        many.map((value) => value + 5),
      )!,
      /calls all normal ones of the test images abnormal/,
    );
  });
});
