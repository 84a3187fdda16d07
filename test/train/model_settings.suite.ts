import { assert } from 'chai';
import { presetConfig } from '../../src/clip/index.ts';
import { writeModelFolder } from '../../src/clip/write_model.ts';
import { generatedBackbone, openModel } from '../../src/detect/backbone.ts';
import { chooseSettings, type ModelDefaults, settingsLine } from '../../src/run/model_settings.ts';
import { headerJson, parseHeader } from '../../src/run/run_config.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suite, test } from '../harness/registry.ts';
import { ruleSet } from './rule_set.ts';
import { contextOf, smallRun, textOf, tinyBackbone, tinyConfig } from './small_run.ts';

const MODEL: ModelDefaults = {
  own: { size: '168', temperature: '13.66' },
  from: 'model',
  recommended: { 'prompt.nctx': '4', 'score.cls': 'equal', epochs: '10' },
};

/** Some values that were chosen, and who said them. */
function chosen(given: Record<string, string>, names: readonly string[], defaults = MODEL): unknown[] {
  const { settings, sources } = chooseSettings(defaults, given);
  const values: Record<string, unknown> = { ...settings.fusion, ...settings.train };
  return names.map((name) => [values[name], sources[name]]);
}

/** A tiny model in a folder, with a file of recommendations or another text in its place. */
async function modelFolder(recommendations: string | null, logScale = 2): Promise<MemoryFileSystem> {
  const fs = new MemoryFileSystem([]);
  const { weights } = await generatedBackbone({ ...tinyConfig(), text: { ...tinyConfig().text, vocab: 514 } }, 1, '');
  const read = async (name: string) => (name === 'logit_scale' ? Float32Array.of(logScale) : weights.read(name));
  await writeModelFolder(fs, '/m', { ...weights, config: { ...weights.config, eot: 513 }, read }, []);
  if (recommendations !== null) await fs.writeFile('/m/fusionclip.json', recommendations);
  return fs;
}

suite('settings of a model', () => {
  test('what is given comes first, then the method, the folder of the model, the model itself', () => {
    assert.deepEqual(chosen({ size: '84', seed: '3' }, ['size', 'temperature', 'prompt.nctx', 'seed', 'shots']), [
      [84, 'given'],
      [13.66, 'model'],
      [4, 'fusionclip.json'],
      [3, 'given'],
      [4, undefined],
    ]);
    // APRIL-GAN and WinCLIP are described with values of their own, which only a flag changes.
    assert.deepEqual(chosen({ method: 'april-gan' }, ['score.cls']), [['add', 'method']]);
    assert.deepEqual(chosen({ method: 'winclip' }, ['temperature']), [[1 / 0.07, 'method']]);
    assert.deepEqual(chosen({ method: 'winclip', temperature: '20' }, ['temperature']), [[20, 'given']]);
    const half = { ...MODEL, recommended: { batch: '22', act: 'quickgelu' } };
    assert.deepEqual(chosen({ compat: 'mvfa' }, ['batch'], half), [[1, 'method']]);
  });

  test('auto is as if nothing was given', () => {
    assert.deepEqual(chosen({ size: 'auto', temperature: 'auto' }, ['size', 'temperature']), [
      [168, 'model'],
      [13.66, 'model'],
    ]);
    const half = { ...MODEL, recommended: { batch: '22' } };
    assert.deepEqual(chosen({ batch: 'auto' }, ['batch'], half), [[22, 'fusionclip.json']]);
  });

  test('what a method does not read is left out', () => {
    const { settings, sources } = chooseSettings(MODEL, { method: 'clip-memory' });
    assert.deepEqual([settings.fusion.temperature, settings.fusion['prompt.nctx']], [100, 8]);
    assert.notProperty(sources, 'temperature');
  });

  test('one line says all of it', () => {
    assert.equal(
      settingsLine(chooseSettings(MODEL, { seed: '3' }), 'M'),
      'Settings: seed 3 (given); prompt.nctx 4, score.cls equal, epochs 10 (recommended by the fusionclip.json of M); ' +
        'size 168, temperature 13.66 (of M itself); all others as --help says.',
    );
  });

  test("a model's own size and scale; the paper's values for the paper's model", async () => {
    const of = async (name: string) => (await generatedBackbone(presetConfig(name), 1, name)).defaults;
    const paper: ModelDefaults = { own: { size: '240', temperature: '100' }, from: 'paper', recommended: {} };
    assert.deepEqual(await of('T'), { own: { size: '112', temperature: '100' }, from: 'model', recommended: {} });
    const { weights } = await tinyBackbone();
    assert.equal(weights.config.vision.nativeSize, 56);
    assert.deepEqual((await tinyBackbone()).defaults.own, { size: '56', temperature: '100' });
    assert.deepEqual(await lazily('ViT-L-14'), paper);
    assert.deepEqual(await lazily('ViT-L-14-336'), paper);
  });

  test('a folder says what suits its model, and random weights of its shape are used alike', async () => {
    const fs = await modelFolder('{ "settings": { "prompt.nctx": 4, "layers": [1], "memory.cls": true } }');
    const recommended = { 'prompt.nctx': '4', layers: '1', 'memory.cls': 'true' };
    const own = { size: '56', temperature: '7.389' };
    assert.deepEqual((await openModel(fs, '/m')).defaults, { own, from: 'model', recommended });
    assert.deepEqual((await openModel(fs, 'random:/m:3')).defaults, { own, from: 'model', recommended });
    assert.deepEqual((await openModel(await modelFolder(null, 9), '/m')).defaults.own.temperature, '100');
  });

  test('a folder has no say in data, fairness or what files hold', async () => {
    for (const [text, ...patterns] of [
      ['{ "settings": { "bank": "pixels" } }', /\/m\/fusionclip\.json recommends/, /no setting "bank"/, /remove it/],
      ['{ "settings": { "select": "test-oracle" } }', /no setting "select"/],
      ['{ "settings": { "seed": 3 } }', /no setting "seed"/],
      ['{ "settings": { "size": "84" } }', /size takes an integer/],
      ['{ "size": 84 }', /has no settings/],
      ['{', /recommends nothing that can be used/],
    ] as [string, ...RegExp[]][]) {
      const fs = await modelFolder(text);
      await expectFailure('bad_model', patterns, () => openModel(fs, '/m'));
    }
    const broken = await modelFolder(null, -40);
    await expectFailure('bad_model', [/-40 for logit_scale/], () => openModel(broken, '/m'));
  });

  test('a run says once what it took from where, and stores it; files without that are read', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet());
    await smallRun(context, { epochs: '1' });
    const notes = context.events.filter((event) => event.type === 'note' && event.text.startsWith('Settings: '));
    assert.lengthOf(notes, 1);
    const stored = JSON.parse(textOf(context.fs, '/run/config.json'));
    assert.equal(stored.settings.temperature, '100');
    assert.deepInclude(stored.sources, { size: 'given', temperature: 'model', epochs: 'given' });
    assert.notProperty(stored.sources, 'fuse');
    const header = parseHeader(stored, 'x');
    assert.deepEqual(headerJson(header), stored);
    const { sources: _, ...old } = stored;
    assert.isUndefined(parseHeader(old, 'x').sources);
    assert.deepEqual(parseHeader(old, 'x').fusion, header.fusion);
  });
});

/** What suits a model of a preset's sizes; its weights are not made. */
async function lazily(name: string): Promise<ModelDefaults> {
  const { clipDefaults } = await import('../../src/detect/model_defaults.ts');
  const nothing = () => Promise.reject(new Error('read'));
  return clipDefaults({ config: presetConfig(name), read: nothing, readRows: nothing }, name);
}
