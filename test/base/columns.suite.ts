import { assert } from 'chai';
import { textColumns } from '../../src/base/columns.ts';
import { suite, test } from '../harness/registry.ts';

suite('columns of text', () => {
  test('are as wide as their widest cell, two spaces apart, without spaces at the end of a line', () => {
    const rows = [
      ['set', 'n', 'of'],
      ['Brain', '12'],
      ['', '7', 'x'],
    ];
    assert.equal(textColumns(rows), 'set    n   of\nBrain  12\n       7   x');
  });
  test('the last letter of the alignment is that of all further columns', () => {
    assert.equal(
      textColumns(
        [
          ['a', 'b', 'c', 'd'],
          ['aa', 'bb', 'cc', 'dd'],
        ],
        'lr',
      ),
      'a    b   c   d\naa  bb  cc  dd',
    );
  });
  test('lines that are printed one by one stay in line by the least widths', () => {
    const line = (...cells: string[]) => textColumns([cells], 'lr', [6, 4]);
    assert.equal(line('case', 'ms', 'GB/s'), 'case      ms  GB/s');
    assert.equal(line('matmul', '1.25', '80000'), 'matmul  1.25  80000');
  });
  test('no rows are no text', () => {
    assert.equal(textColumns([]), '');
  });
});
