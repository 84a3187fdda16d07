import { assert } from 'chai';
import { renderReproduction } from '../../src/report/index.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { madeReproduction } from './made_reproduction.ts';

/** What is read between tags. */
function textOf(html: string): string {
  return html
    .replace(/<template.*<\/template>|<style>.*<\/style>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}

suiteInTurn('report of a reproduction', () => {
  test('has every table and figure, ours with its spread beside the paper and the difference', async () => {
    const { results, strips } = await madeReproduction();
    const html = renderReproduction(results, strips);
    const text = textOf(html);
    for (const name of ['Table 1', 'Table 2', 'Table 3', 'Figure 4', 'Figure 5', 'Figure 6', 'Figure 7']) {
      assert.include(text, `${name}:`);
    }
    const entry = results.entries.find(
      ({ item, row, set }) => item === 'Table 1' && row === 'fusionclip' && set === 'Liver',
    )!;
    const { mean, std } = entry.ours!;
    const sign = mean < 85.55 ? '−' : '+';
    const difference = `${sign}${Math.abs(mean - 85.55).toFixed(2)}`;
    assert.include(text, `${mean.toFixed(2)} ± ${std.toFixed(2)} 85.55 · ${difference} `);
    for (const row of ['random weights', 'mean grey value', 'single-patch', '99.5th percentile'])
      assert.include(text, row);
    assert.notInclude(text, 'test-oracle');
    assert.include(text, 'pictures that this program draws');
    assert.match(text, /medclip: medclip needs a MedCLIP model/);
    // A chart a set and metric: 6 + 3 of Figure 4; Figure 5 is on Liver, which has masks.
    assert.lengthOf([...html.matchAll(/<svg class="chart"/g)], 6 + 3 + 2);
    assert.notMatch(html, /<script|<link|\son\w+=/i);
  });

  test('says of every table whose epochs were chosen on the test sets that they were', async () => {
    const { results, strips } = await madeReproduction({ selectedBy: 'test-oracle' });
    const text = textOf(renderReproduction(results, strips));
    const captions = text.match(/4 \+ 4 support images[^.]*; test-oracle: /g)!;
    assert.lengthOf(captions, 1 + 3 + 2);
    assert.include(text, 'fusionclip (test-oracle)');
    assert.include(text, 'select test-oracle: an upper bound and no result.');
  });

  test('gives the sentence of a row that failed', async () => {
    const { results, strips } = await madeReproduction({ failing: 'mvfa' });
    assert.include(textOf(renderReproduction(results, strips)), 'mvfa: The loss is NaN; lower it.');
  });
});
