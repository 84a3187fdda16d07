import { assert } from 'chai';
import { csvCells, csvText } from '../../src/base/csv.ts';
import { suite, test } from '../harness/registry.ts';

suite('CSV', () => {
  test('quotes cells with a comma or a quote, and ends every line', () => {
    assert.equal(
      csvText([
        ['id', 'score'],
        ['a,"b".png', ''],
      ]),
      'id,score\n"a,""b"".png",\n',
    );
  });
  test('has a line for each row, whatever names hold', () => {
    const text = csvText([['id'], ['a\nb,0.1'], ['c\r\x1b[2J\u2028']]);
    assert.equal(text, 'id\n"a\\nb,0.1"\nc\\r\\u001b[2J\\u2028\n');
  });
  test('holds no formula of a spreadsheet, and numbers as they are', () => {
    const formulas = ['=cmd.png', '+1+1', '-a', '@SUM(1)', '＝1', '=1', "'=1", '-', '+49 30'];
    for (const cell of formulas) assert.equal(csvText([[cell]]), `'${cell}\n`);
    for (const cell of ['-0.5', '+3', '1e-7', '-Infinity'.slice(1), "'a", 'a=1'])
      assert.equal(csvText([[cell]]), `${cell}\n`);
    assert.match(csvText([['\t=1']]), /^\\t=1/, 'a tab is no start either');
  });
  test('is read as it was written', () => {
    const rows = [
      ['id', 'note'],
      ['', 'x\r\ny'],
      ['"', ', '],
      ['ä=1+1', ''],
      ['=cmd.png', "'=1"],
      ["''-x", 'a\\nb\tc\n'],
      ['-0.5', "'"],
    ];
    assert.deepEqual(csvCells(csvText(rows)), rows);
  });
});
