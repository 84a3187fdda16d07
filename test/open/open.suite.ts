import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { givenTexts } from '../../src/base/option.ts';
import { overlaid } from '../../src/base/overlaid.ts';
import { FUSION_OPTIONS } from '../../src/fusion/options.ts';
import { Fusionclip } from '../../src/open/fusionclip.ts';
import { placeFolder, withGiven } from '../../src/open/given.ts';
import { libraryWords } from '../../src/open/library_words.ts';
import { packageAddress } from '../../src/open/package_address.ts';
import type { TrainChoices } from '../../src/open/settings.ts';
import { writePhantomVolumes } from '../../src/phantom/write_volumes.ts';
import type { RunEvent } from '../../src/run/events.ts';
import { TRAIN_OPTIONS } from '../../src/run/options.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suite, type TestContext, test } from '../harness/registry.ts';
import { ruleSet } from '../train/rule_set.ts';
import { tinyBackbone } from '../train/small_run.ts';

const ALL = { ...TRAIN_OPTIONS, ...FUSION_OPTIONS };

/** A run of a second. */
const SMALL: TrainChoices = {
  size: 42,
  shots: 2,
  aug: 'none',
  epochs: 1,
  batch: 3,
  'eval.every': 1,
  'prompt.nctx': 2,
};

function refusal(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    assert.instanceOf(error, FusionclipError);
    return (error as FusionclipError).message;
  }
  throw new Error('nothing was refused');
}

async function opened(t: TestContext, base: MemoryFileSystem, events: RunEvent[] = []): Promise<Fusionclip> {
  const environment = { runtime: 'test', version: '0' };
  const gpu = await t.gpu();
  return new Fusionclip({
    files: withGiven(base),
    gpu,
    openGpu: async () => gpu,
    environment,
    onEvent: (event) => void events.push(event),
  });
}

/** The files of a folder, as an `<input webkitdirectory>` gives them. */
function picked(fs: MemoryFileSystem, folder: string): File[] {
  return [...fs.files].map(([path, bytes]) => {
    const file = new File([new Uint8Array(bytes)], path.slice(path.lastIndexOf('/') + 1));
    Object.defineProperty(file, 'webkitRelativePath', { value: path.slice(path.indexOf(folder)) });
    return file;
  });
}

suite('open: settings', () => {
  test('values become the texts that flags have', () => {
    const given = { shots: 4, 'lr.grid': [1e-3, 0.01], branches: ['gal'], 'shots.abnormal': null, 'shots.list': null };
    const texts = {
      shots: '4',
      'lr.grid': '0.001,0.01',
      branches: 'gal',
      'shots.abnormal': 'auto',
      'shots.list': 'none',
    };
    assert.deepEqual(givenTexts(ALL, given), texts);
    assert.deepEqual(givenTexts(ALL, { 'adapter.bias': true, layers: [], seed: undefined }), {
      'adapter.bias': 'true',
    });
  });

  test('an unknown name is refused, with the one that was meant', () => {
    assert.equal(
      refusal(() => givenTexts(ALL, { shotz: 4 })),
      'There is no setting "shotz"; did you mean "shots"?',
    );
    assert.equal(
      refusal(() => givenTexts(ALL, { wavelength: 4 })),
      'There is no setting "wavelength".',
    );
    assert.match(
      refusal(() => givenTexts(ALL, { toString: 1 })),
      /no setting "toString"/,
    );
  });

  test('a value of another type or out of bounds is refused', () => {
    assert.equal(
      refusal(() => givenTexts(ALL, { shots: '4' })),
      'shots takes an integer from 1 to 100000, not "4".',
    );
    for (const given of [
      { shots: 0 },
      { shots: 1.5 },
      { shots: Number.NaN },
      { shots: [4] },
      { 'lr.grid': 1e-3 },
      { branches: 'gal' },
      { 'adapter.bias': 'true' },
      { aug: 'all' },
      { shots: null },
      { 'shots.abnormal': 'auto' },
    ]) {
      assert.match(
        refusal(() => givenTexts(ALL, given)),
        / takes .*, not /,
        JSON.stringify(given),
      );
    }
  });
});

suite('open: given files', () => {
  test('lie beside those of the disk, read only', async () => {
    const files = withGiven(new MemoryFileSystem([['/a.png', new Uint8Array([1])]]));
    const paths = files.place(['/a.png', new File([new Uint8Array([2, 3])], 'b.png'), new Blob([new Uint8Array([4])])]);
    assert.equal(paths[0], '/a.png');
    assert.match(paths[1], /b\.png$/);
    assert.deepEqual(await Promise.all(paths.map(async (path) => [...(await files.readFile(path))])), [
      [1],
      [2, 3],
      [4],
    ]);
    assert.equal((await files.stat(paths[1]))?.bytes, 2);
    files.forget();
    assert.isNull(await files.stat(paths[1]));
    assert.isNotNull(await files.stat('/a.png'));
  });

  test('locks, links and names of the disk are its own, those of given files theirs', async () => {
    const base = new MemoryFileSystem([['/disk/a.png', Uint8Array.of(1)]]);
    base.links.set('/b.png', '/disk/a.png');
    const locked: string[] = [];
    const files = withGiven(
      overlaid(base, {
        lock: async (path) => {
          locked.push(path);
          return { abandonedBy: null, release: async () => {} };
        },
        absolutePath: async (path) => `/work/${path}`,
      }),
    );
    const [given] = files.place(new File([Uint8Array.of(2)], 'c.png'));
    assert.equal(await files.realPath!('/b.png'), '/disk/a.png');
    assert.equal(await files.realPath!(given), given);
    assert.equal(await files.absolutePath!('run'), '/work/run');
    assert.equal(await files.absolutePath!(given), given);
    await files.lock!('/run/lock');
    assert.deepEqual(locked, ['/run/lock']);
  });

  test('a data set is one folder, or the files of one', () => {
    const files = withGiven(new MemoryFileSystem([]));
    assert.equal(placeFolder(files, '/data'), '/data');
    const named = (name: string) => new File([], name);
    assert.match(placeFolder(files, [named('set/good/1.png'), named('set/bad/1.png')]), /\/set$/);
    assert.match(placeFolder(files, [named('good/1.png'), named('bad/1.png')]), /@given\/\d+$/);
    for (const wrong of [[], ['/a', '/b'], ['/a', named('b.png')]]) {
      assert.match(
        refusal(() => placeFolder(files, wrong)),
        /^A data set is/,
      );
    }
  });

  test('the package of a built file and of a source', () => {
    assert.equal(packageAddress('http://h/dist/n/dist/chunks/lib/a.js'), 'http://h/dist/n');
    assert.equal(packageAddress('file:///home/src/p/src/open/page.ts'), 'file:///home/src/p');
  });
});

suite('open: calls', () => {
  test('a training leaves a report; its run predicts files and paths alike, evaluates and is reported anew', async (t) => {
    const base = ruleSet();
    const events: RunEvent[] = [];
    const fc = await opened(t, base, events);
    const model = await tinyBackbone();
    const run = await fc.train('/Brain_AD', { ...SMALL, model, range: 'full' });
    assert.equal(run.out, 'runs/Brain_AD');
    assert.isTrue(base.files.has('runs/Brain_AD/report.html'));
    assert.include(
      events.map(({ type }) => type),
      'step',
    );
    const path = '/Brain_AD/test/Ungood/img/0.png';
    const [one] = await fc.predict(path, { run, model, out: 'out' });
    const [two] = await fc.predict(new File([new Uint8Array(base.files.get(path)!)], 'x.png'), { run, model });
    assert.deepEqual([one.map.width, one.map.height, one.map.data.length], [42, 42, 42 * 42]);
    assert.deepEqual([...two.map.data], [...one.map.data]);
    assert.equal(two.score, one.score);
    assert.isNull(two.picture);
    assert.isTrue(base.files.has(one.picture!), one.picture ?? '');
    // A series that is given as files.
    const phantom = {
      set: 'brain',
      out: 'vol',
      seed: 3,
      valid: 1,
      test: 0,
      size: 32,
      depth: 8,
      format: 'dicom',
    } as const;
    const series = new MemoryFileSystem();
    await writePhantomVolumes(series, phantom);
    let highest = Number.NEGATIVE_INFINITY;
    const { volumes, patients } = await fc.predictVolumes(picked(series, 'vol'), {
      ...{ run, model, out: 'vol', write: ['pm'], stride: 2 },
      onVolume: (_, map) => {
        for (let k = 0; k < 8; k++) highest = Math.max(highest, ...map(k));
      },
    });
    assert.deepEqual([volumes.length, patients.length, volumes[0].dicom.length], [1, 1, 1]);
    assert.isTrue(base.files.has(volumes[0].dicom[0]) && Number.isFinite(highest));
    const results = await fc.evaluate(run, { model });
    assert.deepEqual(results.image, run.results.selected.image);
    assert.equal(await fc.report(run.out, { out: 'again.html' }), 'again.html');
    assert.deepEqual(base.files.get('again.html'), base.files.get(run.report));
  });

  test('the files of a picked folder train to the bits of the folder', async (t) => {
    const base = ruleSet('image');
    const fc = await opened(t, base);
    const files = picked(base, 'Brain_AD');
    const model = await tinyBackbone();
    const one = await fc.train('/Brain_AD', { ...SMALL, model, out: 'one' });
    const two = await fc.train(files, { ...SMALL, model, out: 'two' });
    assert.deepEqual(two.results.selected, one.results.selected);
  });

  test('messages are in the words of the library: settings, arguments and calls', async (t) => {
    const words = {
      'a holds a finished run; give another folder with --out, or replace it with --force.':
        'a holds a finished run; give another folder with `out`, or replace it with `force: true`.',
      'The loss is NaN; lower --lr.adapter and --lr.prompt. The last checkpoint is kept.':
        'The loss is NaN; lower `lr.adapter` and `lr.prompt`. The last checkpoint is kept.',
      'Interrupted after step 3 of 9; the state is saved: go on with fusionclip train --resume --out runs/a.b.':
        "Interrupted after step 3 of 9; the state is saved: go on with fc.resume('runs/a.b').",
      'b has no calibration; make one: fusionclip calibrate RUN --normals DIR.':
        'b has no calibration; make one: fc.calibrate RUN `normals` DIR.',
      'c was not written by fusionclip train; give a run folder of it.':
        'c was not written by fc.train; give a run folder of it.',
      '--fdr takes p-values; (--group, --shots 2), without --offline':
        '`falseDiscovery` takes p-values; (`group`, `shots` 2), without --offline',
    };
    for (const [text, expected] of Object.entries(words)) assert.equal(libraryWords(text), expected);
    const events: RunEvent[] = [];
    const fc = await opened(t, ruleSet(), events);
    const model = await tinyBackbone();
    const said = async (work: Promise<unknown>) => {
      const error = await work.then(
        () => null,
        (thrown: FusionclipError) => thrown,
      );
      assert.instanceOf(error, FusionclipError);
      assert.notMatch(error!.message, /--[a-z]/);
      return error!.message;
    };
    assert.match(await said(fc.train('/Brain_AD', { ...SMALL, model, out: '/a.npy', shotz: 4 } as never)), /shotz/);
    assert.match(await said(fc.train('/Brain_AD', { ...SMALL, model, skip: ['*'] })), /`skip` \* leaves out/);
    assert.match(await said(fc.train('/Brain_AD', { ...SMALL, model, fuse: 'april', layers: [1, 99] })), /`layers`/);
    assert.match(await said(fc.evaluate('/nowhere')), /no run at \/nowhere/);
    for (const event of events) if (event.type === 'note') assert.notMatch(event.text, /--[a-z]/);
  });

  test('an unknown setting is refused before anything is written', async (t) => {
    const base = ruleSet();
    const fc = await opened(t, base);
    const before = [...base.files.keys()];
    const wrong = { ...SMALL, model: await tinyBackbone(), epoch: 3 } as TrainChoices;
    const empty = await fc.train('', SMALL).catch((each) => each);
    assert.match(empty.message, /A path is empty; name a file or a folder/);
    const error = await fc.train('/Brain_AD', wrong).catch((each) => each);
    assert.equal(error.message, 'There is no setting "epoch"; did you mean "epochs"?');
    assert.deepEqual([...base.files.keys()], before);
  });
});
