import { assert } from 'chai';
import { REPORT, readRun, renderReport, worstFirst, writeReport } from '../../src/report/index.ts';
import { bootstrap, precisionRecallCurve, rankScores } from '../../src/train/index.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { suite, test } from '../harness/registry.ts';
import { contextOf, ruleSet, smallRun, textOf } from '../train/small_run.ts';

suite('report', () => {
  test('one file with everything, without scripts, links or requests', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet());
    await smallRun(context, { 'map.files': 'npy' });
    const path = await writeReport(context.fs, '/run');
    assert.equal(path, `/run/${REPORT}`);
    const html = textOf(context.fs, path);
    assert.include(html, `http-equiv="Content-Security-Policy" content="default-src 'none'`);
    assert.notMatch(html, /<script|<link|<iframe|<object|\son\w+=|javascript:/i);
    // All that an attribute could load is data in the file itself.
    const loads = [...html.matchAll(/\s(?:src|href|srcset|action|data)="([^"]*)"/g)].map(([, url]) => url);
    assert.isAbove(loads.length, 8 * 2);
    for (const url of loads) assert.match(url, /^data:image\/png;base64,/);
    assert.notMatch(html, /url\(|@import/);
    for (const text of ['ROC curve', 'Precision–recall curve', 'Loss of 6 steps', 'valid/good/img/', 'prompt.nctx']) {
      assert.include(html, text);
    }
    const [, data] = /<template id="data">(.*?)<\/template>/s.exec(html)!;
    const json = JSON.parse(data.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&'));
    assert.deepEqual(json.results, JSON.parse(textOf(context.fs, '/run/results.json')));
    assert.lengthOf(json.predictions, 8);
    assert.equal(await renderReport(await readRun(context.fs, '/run')), html, 'equal runs give equal bytes');
  });

  test('file names are text, whatever they hold', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet());
    await smallRun(context);
    const record = await readRun(context.fs, '/run');
    const id = `<img src=x onerror=alert(1)>"'&</template><script>`;
    const predictions = record.predictions.map((one, i) => (i === 0 ? { ...one, id } : one));
    const shots = { ...record.shots, normal: [id] };
    const html = await renderReport({ ...record, predictions, shots });
    assert.notInclude(html, '<img src=x');
    assert.notInclude(html, '<script>');
    assert.lengthOf([...html.matchAll(/<\/template>/g)], 1);
  });

  test('missing pictures leave gaps, a missing or damaged run is refused', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet());
    await smallRun(context);
    const { fs } = context;
    for (const path of [...fs.files.keys()].filter((name) => name.startsWith('/Brain_AD'))) await fs.remove(path);
    assert.include(await renderReport(await readRun(fs, '/run')), 'The run wrote no maps');
    await expectFailure('io', [/nowhere/], () => readRun(fs, '/nowhere'));
    await fs.writeFile('/run/predictions.csv', 'id,label\na,1\n');
    await expectFailure('bad_data', [/predictions\.csv/], () => readRun(fs, '/run'));
    await fs.remove('/run/results.json');
    await expectFailure('io', [/not finished/, /--resume/], () => readRun(fs, '/run'));
  });

  test('the gallery begins with what is most wrong', () => {
    const image = (id: string, label: 0 | 1, score: number) => ({ id, label, score, abnormal: score >= 1 });
    const all = [image('a', 1, 5), image('b', 0, 3), image('c', 1, 0.5), image('d', 0, 0)];
    assert.deepEqual(
      worstFirst(all, 1).map(({ id }) => id),
      ['b', 'c', 'd', 'a'],
    );
  });

  test('bootstrap intervals are those of the sampling distribution', () => {
    const normal = Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? 1 : 0));
    const share = ({ normal: drawn }: { normal: readonly number[] }) => [
      drawn.reduce((a, b) => a + b, 0) / drawn.length,
    ];
    const [{ low, high }] = bootstrap({ normal, abnormal: [1] }, share, 3, 2000);
    // A share of 0.25 of 400: standard deviation 0.0217.
    assert.closeTo(low, 0.25 - 1.96 * 0.02165, 0.006);
    assert.closeTo(high, 0.25 + 1.96 * 0.02165, 0.006);
    assert.deepEqual(
      bootstrap({ normal, abnormal: [1] }, share, 3, 50),
      bootstrap({ normal, abnormal: [1] }, share, 3, 50),
    );
  });

  test('precision and recall at every score', () => {
    const points = precisionRecallCurve(rankScores([1, 0, 1, 0], [4, 3, 2, 2]));
    assert.deepEqual(
      points.map(({ recall, precision }) => [recall, precision]),
      [
        [0.5, 1],
        [0.5, 0.5],
        [1, 0.5],
      ],
    );
  });
});
