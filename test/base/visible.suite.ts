import { assert } from 'chai';
import { textColumns } from '../../src/base/columns.ts';
import { FusionclipError } from '../../src/base/errors.ts';
import { escaped, fromEscaped, printable, visible } from '../../src/base/visible.ts';
import { leftOutLine } from '../../src/data/layout/left_out.ts';
import { suite, test } from '../harness/registry.ts';

suite('what a terminal would obey', () => {
  test('is shown in a name, and a name without it stays as it is', () => {
    for (const plain of ['a b.png', 'ä/日本.png', 'C:\\data\\x.png', "'=1", '🙂', ''])
      assert.equal(visible(plain), plain);
    assert.equal(visible('a\nb'), 'a\\nb');
    assert.equal(visible('\x1b[31mred\x07\x9b'), '\\u001b[31mred\\u0007\\u009b');
    assert.equal(visible('gnp.\u202efdp'), 'gnp.\\u202efdp');
    assert.equal(visible('\u2028\ufeff\t\r'), '\\u2028\\ufeff\\t\\r');
    assert.equal(escaped('a\\nb'), 'a\\\\nb', 'another name than that with a line break');
    for (const text of ['a\nb', 'a\\nb']) assert.equal(visible(visible(text)), visible(text));
  });

  test('two names never read alike in a file, and each can be had again', () => {
    const letters = ['\\', 'n', 'u', '0', '1', 'b', '\n', '\x1b', 'y'];
    let count = 0;
    const visit = (text: string, depth: number) => {
      assert.equal(fromEscaped(escaped(text)), text);
      count++;
      if (depth > 0) for (const letter of letters) visit(text + letter, depth - 1);
    };
    visit('', 4);
    assert.isAbove(count, 6_000);
  });

  test('reaches no output: JSON stays the same JSON, lines and the progress line stay', () => {
    const value = { name: 'a\n\x1b[2J\x7f\x9b\u202e"\\' };
    assert.deepEqual(JSON.parse(printable(JSON.stringify(value))), value);
    assert.equal(printable('\r\x1b[Kstep 1\n\tx'), '\r\x1b[Kstep 1\n\tx');
    assert.equal(printable('\x1b[31m\r'), '\\u001b[31m\\u000d');
  });

  test('is shown in messages, tables and lists', () => {
    const name = 'x\nfusionclip: all is well\x1b[8m.png';
    const { message } = new FusionclipError('bad_image', `${name} is damaged.`);
    const isLine = (text: string) => assert.deepEqual([text.includes('\n'), text.includes('\x1b')], [false, false]);
    isLine(message);
    assert.lengthOf(textColumns([['a'], [name]]).split('\n'), 2);
    isLine(leftOutLine({ why: 'other', what: 'files', count: 1, examples: [name] }));
  });
});
