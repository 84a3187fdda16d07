import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { VERSION } from '../../src/base/version.ts';
import { makeDecisionRule } from '../../src/decide/decision_rule.ts';
import type { RealisedDecisions } from '../../src/decide/realised.ts';
import { REPORT, type RunRecord, readRun, renderReport, writeReport } from '../../src/report/index.ts';
import { worstFirst } from '../../src/report/worst_first.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { ruleSet } from '../train/rule_set.ts';
import { contextOf, smallRun, textOf } from '../train/small_run.ts';
import { madeRun } from './made_run.ts';

/** What a program reads in a report. */
function dataOf(html: string): { [name: string]: unknown } {
  const [, text] = /<template id="data">(.*?)<\/template>/s.exec(html)!;
  return JSON.parse(text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&'));
}

suiteInTurn('report', () => {
  test('one file with everything, without scripts, links or requests', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet());
    await smallRun(context, { 'map.files': 'npy' });
    const path = await writeReport(context.fs, '/run');
    assert.equal(path, `/run/${REPORT}`);
    await writeReport(context.fs, '/run'); // over its own
    await expectFailure('usage', [/results.json is there/], () => writeReport(context.fs, '/run', '/run/results.json'));
    const html = textOf(context.fs, path);
    assert.include(html, `http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'`);
    assert.notMatch(html, /<script|<link|<iframe|<object|\son\w+=|javascript:/i);
    // All that an attribute could load is data in the file, or a part of it.
    const loads = [...html.matchAll(/\s(?:src|href|srcset|action|data)="([^"]*)"/g)].map(([, url]) => url);
    assert.isAbove(loads.length, 8 * 2);
    for (const url of loads) assert.match(url, /^(data:image\/png;base64,|#(image|lesion|predicted)-)/);
    assert.notMatch(html, /url\((?!#heat\))|@import/);
    for (const text of ['ROC curve', 'Precision and recall', 'Loss', 'valid/<wbr/>good', 'prompt.nctx', 'test 0']) {
      assert.include(html, text);
    }
    const { results, predictions } = dataOf(html);
    assert.deepEqual(results, JSON.parse(textOf(context.fs, '/run/results.json')));
    assert.lengthOf(predictions as unknown[], 8);
    assert.equal(await renderReport(await readRun(context.fs, '/run')), html, 'equal runs give equal bytes');
  });

  test('others have their turn between its pictures: a stop, above all', async () => {
    let turns = 0;
    let timer: ReturnType<typeof setTimeout>;
    const next = () => {
      turns++;
      timer = setTimeout(next);
    };
    next();
    await renderReport(madeRun({ images: 8 }));
    clearTimeout(timer!);
    assert.isAbove(turns, 3);
  });

  test('a signal ends it between two pictures', async () => {
    const control = new AbortController();
    const made = madeRun({ images: 8 });
    let shown = 0;
    const image: typeof made.pictures.image = async (id) => {
      if (++shown === 3) control.abort(new Error('stopped'));
      return made.pictures.image(id);
    };
    const run = { ...made, pictures: { ...made.pictures, image } };
    const ended = await renderReport(run, { signal: control.signal }).catch((error: Error) => error.message);
    assert.deepEqual([ended, shown], ['stopped', 3]);
  });

  test('a calibration has a section with its promise, its realised errors and its diagram', async () => {
    const record = madeRun({ images: 40 });
    const normal = Array.from({ length: 39 }, (_, i) => ({
      ...{ score: 1 + 0.01 * i, peak: 1, patient: null },
      ...{ facts: [0, 0, 0, 0, 0, 0], features: [0], scanner: null },
    }));
    const labelled = record.predictions.map(({ score, label }) => ({ score, label, patient: null }));
    const wishes = { alpha: 0.05, sensitivity: null, probability: 'platt' } as const;
    const rule = makeDecisionRule(normal, labelled, wishes, { hash: 'abc', weights: '', group: null, images: [] });
    const html = await renderReport({ ...record, rule });
    const { decisions } = dataOf(html) as { decisions: RealisedDecisions };
    const called = record.predictions.filter(({ score }) => score >= rule.point.threshold);
    assert.equal(decisions.images.falsePositives.count, called.filter(({ label }) => label === 0).length);
    assert.equal(decisions.images.sensitivity.count, called.filter(({ label }) => label === 1).length);
    assert.deepEqual([decisions.images.falsePositives.of, decisions.images.sensitivity.of], [20, 20]);
    for (const text of ['Calibrated decisions', 'at most 5 % of normal images', 'Reliability diagram of 40 cases']) {
      assert.include(html, text);
    }
    // A row an image, and the shares of normal ones at or below each alpha.
    const table = (title: string) => html.split(`<caption>${title}`)[1].split('</table>')[0];
    const rows = table('Decisions on the test images');
    assert.lengthOf([...rows.matchAll(/<tr>/g)], 41);
    assert.lengthOf([...rows.matchAll(/<td>abnormal<\/td><\/tr>/g)], called.length);
    const low = table('p-values of 20 normal test images as a table');
    const { falsePositives } = decisions.images;
    assert.include(low, `<td>${falsePositives.count}</td><td>20</td>`);
    assert.notInclude(await renderReport(record), 'Calibrated decisions');
  });

  test('maps of either format are shown', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet());
    await smallRun(context, { 'map.files': 'npy' }, '/npy');
    await smallRun(context, { 'map.files': 'png16' }, '/png16');
    const [npy, png16] = [await readRun(context.fs, '/npy'), await readRun(context.fs, '/png16')];
    for (const { id, range } of npy.predictions) {
      const [a, b] = [(await npy.pictures.map(id))!, (await png16.pictures.map(id))!];
      a.data.forEach((value, i) => {
        assert.closeTo(b.data[i], value, (range[1] - range[0]) / 65535);
      });
    }
  });

  test('file names are text, whatever they hold', async () => {
    const record = madeRun();
    const id = `<img src=x onerror=alert(1)>"'&</template><script>`;
    const predictions = record.predictions.map((one, i) => (i === 0 ? { ...one, id } : one));
    const shots = { seed: 0, normal: [id], abnormal: [] };
    const data = { path: id, name: id };
    const html = await renderReport({
      ...record,
      predictions,
      shots,
      header: { ...record.header, data, object: id },
      results: { ...record.results, data: id },
    });
    assert.notMatch(html, /<img src=x|<script/);
    assert.lengthOf([...html.matchAll(/<\/template>/g)], 1);
    assert.deepInclude(dataOf(html), { data, shots });
  });

  test('what is gone is said in its place', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet());
    await smallRun(context);
    const { fs } = context;
    for (const path of [...fs.files.keys()].filter((name) => name.startsWith('/Brain_AD'))) await fs.remove(path);
    for (const name of ['env.json', 'shots.json', 'metrics.jsonl']) await fs.remove(`/run/${name}`);
    const html = await renderReport(await readRun(fs, '/run'));
    for (const text of ['has no maps', 'not there', 'env.json is gone', '(shots.json)', '(metrics.jsonl)']) {
      assert.include(html, text);
    }
  });

  test('a run that is missing, damaged or unfinished is refused', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet());
    await smallRun(context);
    const { fs } = context;
    await expectFailure('io', [/nowhere/], () => readRun(fs, '/nowhere'));
    for (const [name, text] of [
      ['env.json', '[1'],
      ['shots.json', '{}'],
      ['metrics.jsonl', '{"type":"step"'],
      ['metrics.jsonl', '{"type":"step","step":"x"}'],
      ['predictions.csv', 'id,label\na,1\n'],
      // Cut at the end of a line, which no row tells.
      ['predictions.csv', textOf(fs, '/run/predictions.csv').split('\n').slice(0, -2).join('\n')],
      ['results.json', '{"selected":1}'],
      ['results.json', textOf(fs, '/run/results.json').slice(0, -9)],
    ]) {
      const whole = textOf(fs, `/run/${name}`);
      await fs.writeFile(`/run/${name}`, text);
      await expectFailure('bad_data', [new RegExp(`^/run/${name} is damaged`)], () => readRun(fs, '/run'));
      await fs.writeFile(`/run/${name}`, whole);
    }
    await fs.remove('/run/predictions.csv');
    await expectFailure('io', [/predictions\.csv/], () => readRun(fs, '/run'));
    await fs.remove('/run/results.json');
    await expectFailure('io', [/not finished/, /--resume/], () => readRun(fs, '/run'));
  });

  test('a value of another type anywhere in a file of a run is named, and never an error of the program', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet());
    await smallRun(context);
    const { fs } = context;
    let refused = 0;
    let taken = 0;
    for (const name of ['results.json', 'config.json', 'data.json', 'shots.json', 'env.json']) {
      const whole = textOf(fs, `/run/${name}`);
      for (const text of otherTypes(JSON.parse(whole))) {
        await fs.writeFile(`/run/${name}`, text);
        try {
          const record = await readRun(fs, '/run');
          // What it does not look at, it does not mind.
          if (name === 'results.json') await renderReport(record, { gallery: 0 });
          taken++;
        } catch (error) {
          if (!(error instanceof FusionclipError)) throw new Error(`${name}: ${text}`, { cause: error });
          assert.match(error.message, new RegExp(`^/run/${name} (is damaged|was (not )?written by)`));
          refused++;
        }
      }
      await fs.writeFile(`/run/${name}`, whole);
    }
    assert.isAbove(refused, 2 * taken);
  });

  test('a file that a later version has written is refused by that, whatever it holds', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet());
    await smallRun(context);
    const { fs } = context;
    for (const name of ['config.json', 'results.json', 'env.json']) {
      const whole = textOf(fs, `/run/${name}`);
      const marked = (version: string) => fs.writeFile(`/run/${name}`, whole.replace(VERSION, version));
      for (const version of ['9.0.0', '0.99.0-beta.1']) {
        await marked(version);
        const says = new RegExp(`^/run/${name} was written by fusionclip ${version}, and this is ${VERSION}`);
        await expectFailure(name === 'config.json' ? 'bad_model' : 'bad_data', [says, /npm i fusionclip@/], () =>
          readRun(fs, '/run'),
        );
      }
      await fs.writeFile(`/run/${name}`, '{"fusionclip": "9.0.0", "other": []}');
      await expectFailure(name === 'config.json' ? 'bad_model' : 'bad_data', [/9\.0\.0/], () => readRun(fs, '/run'));
      // A later patch changes no file.
      await marked('0.1.99');
      await readRun(fs, '/run');
      await fs.writeFile(`/run/${name}`, whole);
    }
  });

  test('a large set makes no large file: the worst and a few of the best are shown', async () => {
    const record = madeRun({ images: 1000 });
    const html = await renderReport(record);
    assert.isBelow(html.length, 1.5 * 2 ** 20);
    assert.include(html, '24 of 1000 test images are shown');
    const shown = (name: string) => [...html.matchAll(new RegExp(`id="image-${name}\\d+"`, 'g'))].length;
    assert.deepEqual([shown('worst'), shown('best')], [18, 6]);
    assert.notInclude(await renderReport(record, { gallery: 0 }), 'id="image-');
  });

  test('a set without masks has no pixels to speak of', async () => {
    const html = await renderReport(madeRun({ kind: 'image' }));
    assert.notMatch(html, /Pixel AUROC|AUPRO|Dice|true lesion|pixel threshold/);
    assert.include(html, 'Anomaly maps');
  });

  test('says whom the images are of, and what was left out', async () => {
    const record = madeRun();
    const html = await renderReport(record);
    for (const part of [
      '3 patients in valid and 5 in test (folder)',
      'do not go by it',
      'files that are no pictures',
    ]) {
      assert.include(html, part);
    }
    assert.include(html, '4 files and folders were left out');
    assert.include(html, 'a.txt, b.txt, c.txt, …');
    assert.notInclude(html, 'of 5 patients');
    const used = { ...record.data!, leftOut: [], patients: { ...record.data!.patients!, used: true } };
    const other = await renderReport({ ...record, data: used });
    assert.include(other, '24 test images of 5 patients');
    assert.include(other, 'Nothing that lies in the folder was left out');
    assert.include(await renderReport({ ...record, data: { ...used, patients: null } }), 'Nobody knows whose images');
  });

  test('nothing stands over what is drawn: names beside the bars, numbers beside the dots, axes in plain numbers', async () => {
    const html = await renderReport(madeRun({ images: 80, strength: 6 }));
    const place = (pattern: RegExp) => Number(pattern.exec(html)![1]);
    const lowest = Math.max(
      ...[...html.matchAll(/<rect class="abnormal"[^>]* y="([\d.]+)"[^>]* height="([\d.]+)"/g)].map(
        ([, y, h]) => +y + +h,
      ),
    );
    // A text of 11.5 px stands on its line.
    assert.isAbove(place(/class="direct abnormal" x="[\d.]+" y="([\d.]+)"/) - 10, lowest);
    const highest = Math.min(...[...html.matchAll(/<rect class="normal"[^>]* y="([\d.]+)"/g)].map(([, y]) => +y));
    assert.isBelow(place(/class="direct normal" x="[\d.]+" y="([\d.]+)"/), highest);
    // Names are some 60 px wide, and the line of the threshold is further away, wherever it is.
    for (const threshold of [1.2, 1.6]) {
      const chart = await renderReport(madeRun({ strength: 6, threshold }));
      const line = Number(/class="threshold" x1="([\d.]+)"/.exec(chart)![1]);
      const [, name, anchor] = /class="direct abnormal" x="([\d.]+)"[^>]*text-anchor="(\w+)"/.exec(chart)!;
      assert.isAbove(anchor === 'start' ? line - +name : +name - line, 60);
    }
    // The dot of 1.000 ends before its number begins, which is some 38 px wide.
    assert.isBelow(place(/<circle cx="([\d.]+)"[^>]* r="6"/) + 6, 358 - 38 - 8);
    assert.notMatch(html, />[\d.]+m</);
    assert.match(html, />0\.[1-9]</);
  });

  test('a long log becomes a short curve, and only that of the chosen rate', async () => {
    const record = madeRun({ steps: 5000 });
    const other = record.steps.map((step) => ({ ...step, loss: 1e6, rate: 1 }));
    const { series } = dataOf(await renderReport({ ...record, steps: [...other, ...record.steps] }));
    const { points, each, parts } = series as {
      points: { step: number; total: number }[];
      each: number;
      parts: string[];
    };
    assert.deepEqual(parts, ['focal, gal', 'dice, gal', 'dice, loc']);
    assert.isBelow(points.length, 241);
    assert.equal(points.length, Math.ceil(5000 / each));
    assert.equal(points[points.length - 1].step, 5000);
    assert.isBelow(Math.max(...points.map(({ total }) => total)), 4);
  });

  test('the gallery begins with what is most wrong', () => {
    const image = (id: string, label: 0 | 1, score: number) => ({
      ...madeRun({ images: 2 }).predictions[0],
      id,
      label,
      score,
    });
    const all = [image('a', 1, 5), image('b', 0, 3), image('c', 1, 0.5), image('d', 0, 0)];
    assert.deepEqual(
      worstFirst(all, 1).map(({ id }) => id),
      ['b', 'c', 'd', 'a'],
    );
  });

  test('the caption of the interval says whether it is exact or drawn', async () => {
    const captionOf = async (strength: number) => /Bar: ([^.]*)/.exec(await renderReport(madeRun({ strength })))?.[1];
    assert.deepEqual(
      [await captionOf(20), await captionOf(0)],
      ['an exact interval of 95 %', '95 % of the bootstrap draws'],
    );
  });

  test('the verdict warns of what makes numbers worthless', async () => {
    const verdict = async (record: RunRecord) =>
      dataOf(await renderReport(record)).verdict as { headline: string; warnings: string[] };
    const good = madeRun({ images: 80, strength: 6 });
    const { headline, warnings } = await verdict(good);
    assert.equal(headline, 'FusionCLIP-AD on Brain tells abnormal images from normal ones almost always.');
    assert.deepEqual(warnings, []);
    const few = madeRun({ images: 12, strength: 20 });
    // Six pairs in order: the sixth root of 0.025.
    assert.match(
      (await verdict(few)).headline,
      / 12 test images tell little: other ones may give an AUROC from 0\.54 to 1\.00\.$/,
    );
    assert.match(await renderReport(few), /Image AP<\/dt><dd>1\.000<\/dd><dd class="note">no interval/);
    const unfit = await verdict(madeRun({ images: 80, strength: 6, threshold: 1 }));
    assert.match(unfit.warnings.join('\n'), /does not fit/);
    assert.match(unfit.headline, /almost always, but not by its threshold\.$/);
    const chance = await verdict(madeRun({ images: 12, strength: 1.4, threshold: 1 }));
    assert.match(chance.headline, /does no better than chance, as far as these images tell\.$/);
    assert.match(chance.warnings.join('\n'), /does not fit/);
    const told = async (change: Partial<RunRecord>) => (await verdict({ ...good, ...change })).warnings.join('\n');
    assert.match((await verdict(madeRun({ images: 24 }))).warnings.join('\n'), /Only 12 images/);
    assert.match(await told({ results: { ...good.results, warning: 'an oracle' } }), /an oracle/);
    const model = { ...good.header.model, name: 'generated:T:1' };
    assert.match(await told({ header: { ...good.header, model } }), /random weights/);
    const { trivial, selected } = good.results;
    const bright = {
      ...good,
      results: { ...good.results, trivial: { ...trivial!, mean: { ...trivial!.mean, auroc: 1 } } },
    };
    assert.match((await verdict(bright)).warnings.join('\n'), /Brightness alone/);
    assert.match((await verdict(bright)).headline, /no better than their brightness does/);
    const winclip = madeRun({ images: 80, strength: 6, settings: { method: 'winclip' } });
    const untrained = { ...winclip.header, model: { ...winclip.header.model, name: 'random:x:1' } };
    assert.match((await verdict({ ...winclip, header: untrained })).headline, /^WinCLIP with random weights on Brain/);
    const imageThreshold = { ...selected.imageThreshold!, from: 'support' as const };
    assert.match(
      await told({ results: { ...good.results, selected: { ...selected, imageThreshold } } }),
      /support images alone/,
    );
    assert.match(await told({ results: { ...good.results, selectedBy: 'last' } }), /the last ones were taken/);
    const swapped = good.predictions.map((one) => ({ ...one, label: one.label === 1 ? 0 : 1 }) as const);
    assert.match((await verdict({ ...good, predictions: swapped })).headline, /upside down/);
    // Of four, two have the other's label: half of all pairs are the right way round.
    const mixed = good.predictions.map((one, i) => (i % 4 < 2 ? one : swapped[i]));
    assert.match((await verdict({ ...good, predictions: mixed })).headline, /no better than chance/);
    const oneClass = good.predictions.filter(({ label }) => label === 0);
    assert.match((await verdict({ ...good, predictions: oneClass })).headline, /lack a class/);
  });
});

/** The texts of a value in which one part after the other is of another type. */
function otherTypes(value: unknown): string[] {
  const texts: string[] = [];
  const visit = (part: unknown, put: (other: unknown) => unknown): void => {
    texts.push(JSON.stringify(put(typeof part === 'string' ? 5 : typeof part === 'number' ? 'x' : [1])));
    if (Array.isArray(part)) {
      if (part.length > 0) visit(part[0], (other) => put([other, ...part.slice(1)]));
    } else if (part !== null && typeof part === 'object') {
      for (const [key, own] of Object.entries(part)) visit(own, (other) => put({ ...part, [key]: other }));
    }
  };
  visit(value, (other) => other);
  return texts;
}
