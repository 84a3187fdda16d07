import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { generateModel } from '../../src/clip/index.ts';
import { encodePng } from '../../src/data/png.ts';
import { MEDCLIP_PRESETS } from '../../src/medclip/config.ts';
import { runSettings } from '../../src/run/run_config.ts';
import {
  findSets,
  formatReproduction,
  PAPER_SETS,
  type ReproductionRequest,
  reproduce,
  STUDY_ROWS,
  type StudySet,
} from '../../src/study/index.ts';
import { entriesCsv } from '../../src/study/reproduction/csv.ts';
import { entriesOf } from '../../src/study/reproduction/entries.ts';
import { paperValue } from '../../src/study/reproduction/paper.ts';
import { PAPER_FIGURES, PAPER_TABLES, paperItems, tableShots } from '../../src/study/reproduction/paper_items.ts';
import { pivotOf } from '../../src/study/reproduction/pivot.ts';
import { type PlanRequest, planOf } from '../../src/study/reproduction/plan.ts';
import { CONTROL_ROW, OWN_ROW, settingsOf } from '../../src/study/reproduction/rows.ts';
import { setOfFolder } from '../../src/study/reproduction/sets.ts';
import { studyRunPath } from '../../src/study/study_run.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { below, medClipFolder } from '../medclip/medclip_folder.ts';
import { ruleSet } from '../train/rule_set.ts';
import { contextOf, SMALL, textOf, tinyConfig } from '../train/small_run.ts';
import { madeResults } from './made_results.ts';

const REQUEST: PlanRequest = {
  model: 'clip',
  medclip: null,
  seeds: [1, 2],
  settings: { epochs: '3' },
};

/** A set of either kind that nothing is read of. */
function studySet(name: StudySet['name'], kind: StudySet['kind']): StudySet {
  return { name, folder: `/bmad/${name}`, kind, test: { normal: 4, abnormal: 4 }, shown: ['a.png'] };
}

const BRAIN = studySet('Brain', 'pixel');
const CHEST = studySet('Chest', 'image');

/** Items of chosen rows on both sets. */
function items(methods: readonly string[], tables: readonly number[], figures: readonly number[] = []) {
  const rows = STUDY_ROWS.filter(({ name }) => methods.includes(name));
  return paperItems({ tables, figures, sets: [CHEST, BRAIN], rows, shots: [2, 4], blocks: 3 });
}

/** The files of the rule set as the Brain of a BMAD folder. */
function bmad(): MemoryFileSystem {
  return new MemoryFileSystem([...ruleSet().files].map(([path, bytes]) => [`/bmad${path}`, bytes]));
}

/** The same beside the file of a tiny model. */
async function bmadWithModel(): Promise<MemoryFileSystem> {
  const fs = bmad();
  // A file without a configuration has heads of 64.
  const tower = { width: 64, layers: 1, heads: 1, mlp: 64 };
  const { vision, text, ...config } = tinyConfig();
  const wide = { ...config, vision: { ...vision, ...tower }, text: { ...text, ...tower } };
  await generateModel(wide, 1, {}, await fs.createWriter(QUICK.model));
  return fs;
}

/** A reproduction that is soon done: Table 1 with a method that trains and one that does not. */
const QUICK: ReproductionRequest = {
  data: '/bmad',
  model: '/tiny.safetensors',
  medclip: null,
  out: '/out',
  tables: [1],
  figures: [],
  sets: ['Brain'],
  shots: [2],
  seeds: [2],
  methods: ['clip-memory', 'fusionclip', 'medclip'],
  settings: { ...SMALL, epochs: '1', 'map.files': 'none' },
};

suiteInTurn('reproduction', () => {
  test('numbers of the paper are found by row, metric, set and shots, and nothing is made up', () => {
    assert.equal(paperValue('FusionCLIP-AD', 'imageAuroc', 'Liver', 4), 85.55);
    assert.equal(paperValue('MVFA', 'pixelAuroc', 'RESC', 4), 98.97);
    assert.equal(paperValue('APRIL-GAN', 'imageAuroc', 'Liver', 16), 82.94);
    assert.isNull(paperValue('MVFA', 'imageAuroc', 'Chest', 8), 'a misprint');
    assert.isNull(paperValue('FusionCLIP-AD', 'imageAuroc', 'Liver', 2));
    assert.isNull(paperValue('single patch', 'pixelAuroc', 'Brain', 4));
    assert.isNull(paperValue('CLIP', 'aupro', 'Brain', 4));
    assert.isNull(paperValue(null, 'imageAuroc', 'Brain', 4));
    // What is published by shots agrees with the tables where both have it.
    const rows = ['APRIL-GAN', 'MVFA'] as const;
    for (const row of rows) for (const set of PAPER_SETS) assert.isNumber(paperValue(row, 'imageAuroc', set, 4));
  });

  test('folders of BMAD are known by their names', () => {
    const names = ['Histopathology_AD', 'Chest', 'Retina_OCT2017_AD', 'Brain_AD', 'Liver_AD', 'Retina_RESC'];
    assert.deepEqual(names.map(setOfFolder), [...PAPER_SETS]);
    assert.isNull(setOfFolder('maps'));
  });

  test('a run that stands in several tables is planned once, and runs of a set and model follow each other', () => {
    const { runs } = planOf(REQUEST, items(['clip-text', 'fusionclip', 'single-patch'], [1, 2, 3], [4]));
    const paths = runs.map(studyRunPath);
    assert.lengthOf(new Set(paths), paths.length);
    assert.includeMembers(paths, ['Brain/fusionclip/4-shot/1', 'Brain/fusionclip/2-shot/2']);
    const domains = runs.map(({ data, model }) => `${data} ${model}`);
    const changes = domains.filter((domain, i) => domain !== domains[i - 1]);
    assert.lengthOf(new Set(changes), changes.length);
    // Figure 4 alone asks for 2 shots, and only of what reads support images.
    assert.notInclude(paths, 'Brain/clip-text/2-shot/1');
    assert.notInclude(paths, 'Brain/single-patch/2-shot/1');
  });

  test('nothing drawn, one run; no MedCLIP, no run and a reason; the control is always there', () => {
    const plan = planOf(REQUEST, items(['clip-text', 'medclip'], [1]));
    const own = plan.runs.filter(({ set }) => set === 'Brain');
    assert.deepEqual(
      own.map(({ method, seed, model }) => [method, seed, model]),
      [
        ['clip-text', 1, 'clip'],
        [CONTROL_ROW.name, 1, 'random:clip:1'],
        [CONTROL_ROW.name, 2, 'random:clip:2'],
      ],
    );
    assert.lengthOf(plan.skipped, 1);
    assert.match(plan.skipped[0].reason, /medclip .*--medclip/);
  });

  test('settings reach the rows that read them', () => {
    const given = { epochs: '3', 'prompt.nctx': '4', size: '168' };
    const row = (name: string) => STUDY_ROWS.find((one) => one.name === name)!;
    assert.deepEqual(settingsOf(row('clip-text'), given), { size: '168', epochs: '3', method: 'clip-text' });
    assert.deepEqual(settingsOf(OWN_ROW, given), { ...given, method: 'fusionclip' });
    assert.propertyVal(settingsOf(row('april-gan'), { 'score.cls': 'none' }), 'score.cls', 'none');
    const other = { ...OWN_ROW, name: 'other', settings: { size: '240' } };
    assert.equal(settingsOf(other, given).size, '240', 'those of the row come last');
  });

  test('what goes beyond the paper is the method with a setting more, in the tables where it is named', () => {
    const { runs } = planOf(REQUEST, items(['fusionclip', 'guided'], [2]));
    const guided = runs.filter(({ method }) => method === 'guided');
    assert.lengthOf(guided, 2);
    assert.include(guided[0].settings, { method: 'fusionclip', 'map.upsample': 'guided', shots: '4' });
    assert.include(studyRunPath(guided[0]), 'Brain/guided/4-shot');
    // Runs with one training follow each other.
    for (const { seed } of guided) {
      const plain = runs.findIndex((run) => studyRunPath(run) === `Brain/fusionclip/4-shot/${seed}`);
      assert.equal(studyRunPath(runs[plain + 1]), `Brain/guided/4-shot/${seed}`);
    }
    for (const { settings, method, model } of STUDY_ROWS) {
      if (model === 'clip') assert.doesNotThrow(() => runSettings({ ...settings, method }));
    }
  });

  test('tables are at the 4 shots of the paper, figures 5 to 7 on the sets that they are of', () => {
    assert.equal(tableShots([2, 4, 8]), 4);
    assert.equal(tableShots([2, 8]), 8);
    assert.deepEqual(
      items(['fusionclip'], PAPER_TABLES, PAPER_FIGURES).map(({ name }) => name),
      ['Table 1', 'Table 2', 'Table 3', 'Figure 4', 'Figure 5', 'Figure 6', 'Figure 7'],
    );
    const all = items(['fusionclip'], [2], [5, 6, 7]);
    assert.deepEqual(
      all.map(({ name, sets, rows }) => [name, sets.map((set) => set.name), rows.length]),
      [
        ['Table 2', ['Brain'], 2],
        ['Figure 5', ['Chest'], 4],
        ['Figure 6', ['Brain'], 2],
        ['Figure 7', ['Chest'], 2],
      ],
    );
  });

  test('entries are means over seeds beside the paper, with what is missing', () => {
    const chosen = items(['fusionclip'], [1, 2]);
    const { runs } = planOf(REQUEST, chosen);
    const of = (set: string, row: string, seed: number) =>
      runs.find((run) => run.set === set && run.method === row && run.seed === seed)!;
    const finished = [
      { run: of('Brain', 'fusionclip', 1), results: madeResults(0.9, 0.95, 'test-oracle') },
      { run: of('Brain', 'fusionclip', 2), results: madeResults(0.94, 0.97, 'test-oracle') },
      { run: of('Chest', 'fusionclip', 1), results: madeResults(0.8, null) },
    ];
    const failed = [{ run: of('Chest', 'fusionclip', 2), reason: 'It broke.', code: 'bad_data' as const }];
    const entries = entriesOf(REQUEST, chosen, { finished, failed, stopped: null });
    const { rows, sets } = pivotOf({ entries }, 'Table 1', 'imageAuroc');
    assert.deepEqual(sets, ['Chest', 'Brain']);
    const own = rows.find(({ name }) => name === 'fusionclip')!;
    const [chest, brain] = own.entries;
    assert.closeTo(brain!.ours!.mean, 92, 1e-9);
    assert.closeTo(brain!.ours!.std, Math.sqrt(8), 1e-9);
    assert.closeTo(brain!.difference!, 92 - 92.77, 1e-9);
    assert.deepEqual(chest!.missing, ['It broke.']);
    assert.closeTo(own.mean!.ours!, 86, 1e-9);
    assert.closeTo(own.mean!.paper!, (82.07 + 92.77) / 2, 1e-9);
    assert.isTrue(own.oracle);
    const control = rows.find(({ name }) => name === CONTROL_ROW.name)!;
    assert.isNull(control.entries[0]!.ours);
    const grey = rows.find(({ name }) => name === 'mean grey value')!;
    assert.equal(grey.entries[1]!.ours!.mean, 50);
    const dark = rows.find(({ name }) => name === 'deviation of grey values')!;
    assert.closeTo(dark.entries[1]!.ours!.mean, 60, 1e-9, 'an AUROC of 0.4 tells as much as one of 0.6');
    const lines = entriesCsv(entries).split('\n');
    assert.include(lines, 'Table 1,image AUROC,Brain,fusionclip,4,92.77,92.00,2.83,2,-0.77,test-oracle,');
    assert.include(lines, 'Table 1,image AUROC,Chest,fusionclip,4,82.07,80.00,0.00,1,-2.07,valid,It broke.');
    assert.isTrue(lines.some((line) => line.startsWith('Table 2,AUPRO,Brain,fusionclip,4,,48.00,')));
  });

  test('runs, stores what each run was made of, and runs nothing twice', async (t) => {
    const context = contextOf(await t.gpu(), await bmadWithModel());
    // BMAD has nearly blank patches: what would be refused elsewhere is taken as it is.
    const blank = {
      width: 40,
      height: 40,
      channels: 1 as const,
      data: Uint8Array.from({ length: 1600 }, (_, i) => 120 + (i % 9)),
    };
    context.fs.files.set('/bmad/Brain_AD/test/good/img/0.png', new Uint8Array(encodePng(blank)));
    const first = await reproduce(context, QUICK);
    assert.deepEqual(first.failures, []);
    assert.lengthOf(first.results.runs, 3);
    const run = first.results.runs.find(({ row }) => row === 'fusionclip')!;
    assert.lengthOf(run.support!.normal, 2);
    assert.match(run.support!.abnormal[0], /^valid\/Ungood\/img\/\d\.png$/);
    assert.isString(run.adapter);
    assert.include(run.settings, { method: 'fusionclip', shots: '2', epochs: '1' });
    assert.isNumber(run.metrics!.pixelAuroc);
    const maps = [...context.fs.files.keys()].filter((path) => path.startsWith(`/out/${run.folder}/maps/`));
    assert.lengthOf(maps, 2 * 3, 'map and picture of the three images that are shown');
    assert.match(textOf(context.fs, '/out/results.csv'), /Table 1,image AUROC,Brain,random weights,2,,/);
    const ran = () =>
      context.events.filter((event) => event.type === 'note' && /^\d+ of \d+: /.test(event.text)).length;
    assert.equal(ran(), 3);
    const text = formatReproduction(first.results);
    assert.match(text, /Table 1: .*2 \+ 2 support images/);
    assert.match(text, /99\.5th percentile of grey values/);
    assert.match(text, /SKIPPED {2}medclip needs a MedCLIP model/);
    const again = await reproduce(context, { ...QUICK, tables: [1, 2] });
    assert.equal(ran(), 3, 'Table 2 needs no other runs');
    assert.deepEqual(
      JSON.parse(JSON.stringify(again.results.entries.filter(({ item }) => item === 'Table 1'))),
      JSON.parse(JSON.stringify(first.results.entries)),
    );
  });

  test('a run that fails leaves its sentence in tables and results, and the others', async (t) => {
    const context = contextOf(await t.gpu(), await bmadWithModel());
    const request = { ...QUICK, tables: [], figures: [4], shots: [2, 9], seeds: [1], methods: ['fusionclip'] };
    const { results: found, failures } = await reproduce(context, request);
    assert.deepEqual(failures, ['bad_data', 'bad_data']);
    const entry = (shots: number) =>
      found.entries.find((one) => one.row === 'fusionclip' && one.metric === 'imageAuroc' && one.shots === shots)!;
    assert.isNotNull(entry(2).ours);
    assert.isNull(entry(9).ours);
    assert.match(entry(9).missing[0], /4 normal images in valid, fewer than the 9 shots/);
    assert.match(textOf(context.fs, '/out/results.csv'), /fewer than the 9 shots/);
    assert.match(formatReproduction(found), /FAILED {3}Brain, fusionclip, 9-shot, seed 1: /);
  });

  test('what is stopped leaves the results of what is finished, marked as partial, and goes on later', async (t) => {
    const control = new AbortController();
    const context = contextOf(await t.gpu(), await bmadWithModel(), {
      signal: control.signal,
      onEvent: (event) => {
        const stop = new FusionclipError('interrupted', 'Stopped.');
        if (event.type === 'note' && event.text.startsWith('1 of 3')) control.abort(stop);
      },
    });
    const { results: part, stopped } = await reproduce(context, QUICK);
    assert.equal((stopped as FusionclipError).code, 'interrupted');
    assert.deepEqual(
      part.runs.map(({ row }) => row),
      ['clip-memory'],
    );
    const sentence = 'Stopped after 1 of 3 runs; the same command again goes on.';
    assert.equal(JSON.parse(textOf(context.fs, '/out/results.json')).partial, sentence);
    assert.include(formatReproduction(part), `PARTIAL: ${sentence}`);
    const csv = textOf(context.fs, '/out/results.csv');
    assert.match(csv, /Brain,clip-memory,2,,\d+\.\d\d,0\.00,1,,[a-z-]+,$/m);
    assert.match(csv, /Brain,fusionclip,2,,,,,,,Not run yet: /);
    const whole = await reproduce({ ...context, signal: undefined }, QUICK);
    assert.isNull(whole.stopped);
    assert.isNull(whole.results.partial);
    assert.lengthOf(whole.results.runs, 3);
    assert.notInclude(textOf(context.fs, '/out/results.csv'), 'Not run yet');
  });

  test('runs the row of MedCLIP on the files of a MedCLIP', async (t) => {
    const context = contextOf(await t.gpu(), await bmadWithModel());
    const { vocabulary } = JSON.parse(new TextDecoder().decode(await t.fixture('reference/medclip.json')));
    const config = MEDCLIP_PRESETS.get('medclip-resnet-mini')!(vocabulary.length);
    for (const [path, content] of Object.entries(below('/medclip', await medClipFolder(config, vocabulary)))) {
      await context.fs.writeFile(path, typeof content === 'string' ? content : Uint8Array.from(content));
    }
    const request = { ...QUICK, figures: [6], medclip: '/medclip', seeds: [1], methods: ['medclip'] };
    const { results: found, failures } = await reproduce(context, request);
    assert.deepEqual(failures, []);
    assert.deepEqual(found.skipped, []);
    const { metrics, folder } = found.runs.find(({ row }) => row === 'medclip')!;
    assert.isNumber(metrics!.imageAuroc);
    assert.isNumber(metrics!.pixelAuroc);
    const maps = [...context.fs.files.keys()].filter((path) => path.startsWith(`/out/${folder}/maps/`));
    assert.lengthOf(maps, 2 * 3, 'map and picture of the three images that are shown');
  });

  test('sets that are missing, ambiguous or not there are refused', async () => {
    const refusal = async (fs: MemoryFileSystem, data: string, sets: ('Brain' | 'Liver')[] | null) => {
      let message = '';
      await findSets({ fs }, data, sets, {}).catch((error) => {
        message = error.message;
      });
      return message;
    };
    assert.match(await refusal(bmad(), '/nowhere', null), /no folder \/nowhere/);
    assert.match(await refusal(bmad(), '/bmad', ['Liver']), /no folder for the set Liver \(found Brain_AD\)/);
    assert.match(await refusal(bmad(), '/bmad/Brain_AD', null), /found none of them/);
    const twice = bmad();
    await twice.writeFile('/bmad/BraTS/x', 'x');
    assert.match(await refusal(twice, '/bmad', null), /two folders for Brain, BraTS and Brain_AD|Brain_AD and BraTS/);
    assert.equal(await refusal(bmad(), '/bmad', ['Brain']), '');
  });
});
