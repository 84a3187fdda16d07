import { assert } from 'chai';
import { csvCells, csvText } from '../../src/base/csv.ts';
import { suite, test } from '../harness/registry.ts';

suite('CSV', () => {
  test('quotes cells with a comma, a quote or a line break, and ends every line', () => {
    assert.equal(
      csvText([
        ['id', 'score'],
        ['a,"b"\n.png', ''],
      ]),
      'id,score\n"a,""b""\n.png",\n',
    );
  });
  test('is read as it was written', () => {
    const rows = [
      ['id', 'note'],
      ['', 'x\r\ny'],
      ['"', ', '],
      ['ä=1+1', ''],
    ];
    assert.deepEqual(csvCells(csvText(rows)), rows);
  });
});
