import { assert } from 'chai';
import { baseName, extension, joinPath, pathBelow, stem } from '../../src/base/paths.ts';
import { suite, test } from '../harness/registry.ts';

suite('paths', () => {
  test('parts are joined by one slash, behind the scheme of an address by two', () => {
    assert.equal(joinPath('/a/', '', 'b', '/c.png'), '/a/b/c.png');
    assert.equal(joinPath('https://h', '/a'), 'https://h/a');
  });

  test('what lies below a folder is named from it on, all else as it is', () => {
    assert.equal(pathBelow('/set', '/set/bad/1.png'), 'bad/1.png');
    for (const path of ['/set', '/settle/1.png', '/other/set/1.png', '1.png'])
      assert.equal(pathBelow('/set', path), path);
  });

  test('a name has a stem and an extension, whichever slash is before it', () => {
    const parts = (path: string) => [baseName(path), stem(path), extension(path)];
    assert.deepEqual(parts('/a/b.c/d.e.PNG'), ['d.e.PNG', 'd.e', 'png']);
    assert.deepEqual(parts('a\\b.gz'), ['b.gz', 'b', 'gz']);
    assert.deepEqual(parts('/a/.hidden'), ['.hidden', '.hidden', '']);
    assert.deepEqual(parts('/a/b/'), ['b', 'b', '']);
    assert.deepEqual(parts('x.'), ['x.', 'x', '']);
  });
});
