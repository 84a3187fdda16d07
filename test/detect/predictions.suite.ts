import { assert } from 'chai';
import { badRow, FILE_COLUMNS, predictionRow, toCsv } from '../../src/detect/predictions.ts';
import { suite, test } from '../harness/registry.ts';

const MADE = { label: 1, score: 0.75, scoreMax: 0.9, scoreMean: 0.3 } as const;
const NO_FACTS = { trivial: null, grey: null, mask: null } as const;

suite('rows of predictions', () => {
  test('say what reaches the thresholds, whose own values count, and nothing where there are none', () => {
    const scored = { ...MADE, ...NO_FACTS, id: 'a.png', path: 'a.png', map: Float32Array.of(0.25, 0.5, 0.5, 2) };
    const row = predictionRow(scored, { image: { value: 0.75 }, pixel: { value: 0.5 } });
    assert.deepInclude(row, { id: 'a.png', label: 1, score: 0.75, scoreMax: 0.9, scoreMean: 0.3 });
    assert.deepInclude(row, { abnormal: true, threshold: 0.75, abnormalShare: 0.75, mapLow: 0.25, mapHigh: 2 });
    assert.isFalse(predictionRow(scored, { image: { value: 0.7501 }, pixel: null }).abnormal);
    const bare = predictionRow(scored, { image: null, pixel: null });
    assert.deepInclude(bare, { abnormal: null, threshold: null, abnormalShare: null });
  });

  test('of an image that could not be read are empty but for the reason', () => {
    const row = badRow('=a.png', new Error('it is cut short'));
    const cells = toCsv([row], FILE_COLUMNS, false).trim().split(',');
    assert.lengthOf(cells, FILE_COLUMNS.length);
    const said = FILE_COLUMNS.flatMap((name, i) => (cells[i] === '' ? [] : [`${name}: ${cells[i]}`]));
    assert.deepEqual(said, ["id: '=a.png", 'error: it is cut short']);
  });
});
