import { assert } from 'chai';
import { sha256 } from '../../src/base/sha256.ts';
import { encodePng } from '../../src/data/png.ts';
import { openPairFolder, pairFolderSum } from '../../src/pretrain/folder_pairs.ts';
import { phantomPairs } from '../../src/pretrain/phantom_pairs.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suite, test } from '../harness/registry.ts';

/** Grey pictures of one value each, so that a picture says which one it is. */
function folder(list: string, text: string): MemoryFileSystem {
  const png = (value: number) => encodePng({ width: 4, height: 2, channels: 1, data: new Uint8Array(8).fill(value) });
  return new MemoryFileSystem([
    [`data/${list}`, new TextEncoder().encode(text)],
    ...[1, 2, 3].map((i) => [`data/img/${i}.png`, png(10 * i)] as const),
  ]);
}

const LISTS: Readonly<Record<string, string>> = {
  'captions.tsv': 'img/1.png\ta first\timg one\nimg/2.png\ta second\r\n\nimg/3.png\ta third\n',
  'captions.jsonl':
    '{"image":"img/1.png","captions":["a first","img one"]}\n{"image":"img/2.png","caption":"a second"}\n{"image":"img/3.png","caption":"a third"}\n',
  'phantoms.jsonl':
    '{"image":"img/1.png","seed":1,"captions":["a first","img one"]}\n{"image":"img/2.png","captions":["a second"]}\n{"image":"img/3.png","captions":["a third"]}\n',
};

suite('pairs of a folder', () => {
  for (const [name, text] of Object.entries(LISTS)) {
    test(`${name}: every epoch shows each picture once, with a caption of its own`, async () => {
      const source = await openPairFolder(folder(name, text), 'data', 1);
      assert.sameMembers([...source.captions], ['a first', 'img one', 'a second', 'a third']);
      for (const epoch of [0, 1, 7]) {
        const seen: number[] = [];
        for (let i = 0; i < 3; i++) {
          const { image, caption, mirror } = await source.pair(3 * epoch + i, 32);
          assert.deepEqual([image.width, image.height, mirror], [32, 32, false]);
          const [value] = image.data;
          seen.push(value);
          const own = new Map([
            [10, ['a first', 'img one']],
            [20, ['a second']],
            [30, ['a third']],
          ]);
          assert.include(own.get(value)!, caption);
        }
        assert.sameMembers(seen, [10, 20, 30]);
      }
    });
  }

  test('the sum is that of the lines of sha256sum, and of nothing that the list does not name', async () => {
    const list = 'img/2.png\ta\nimg/1.png\tb\nimg/2.png\tc\n';
    const fs = folder('captions.tsv', list);
    const line = async (path: string) => `${await sha256(fs.files.get(`data/${path}`)!)}  ${path}\n`;
    const lines = await Promise.all(['captions.tsv', 'img/1.png', 'img/2.png'].map(line));
    assert.equal(await pairFolderSum(fs, 'data'), await sha256(new TextEncoder().encode(lines.join(''))));
  });

  test('a line without a caption and a folder without captions are named', async () => {
    await expectFailure('bad_data', [/Line 2 of data\/captions.tsv/], () =>
      openPairFolder(folder('captions.tsv', 'img/1.png\ta first\nimg/2.png\n'), 'data', 1),
    );
    await expectFailure('io', [/captions.jsonl, captions.tsv, phantoms.jsonl/], () =>
      openPairFolder(folder('notes.txt', ''), 'data', 1),
    );
  });
});

suite('pairs of phantoms', () => {
  test('families and kinds that are left out do not occur, in pictures or in captions', async () => {
    const source = phantomPairs(['brain', 'liver'], ['cyst'], 3);
    const all = await Promise.all(Array.from({ length: 60 }, (_, i) => source.pair(i, 32)));
    const text = [...all.map(({ caption }) => caption), ...source.captions].join('\n');
    assert.match(text, /brain/i);
    assert.match(text, /liver/i);
    assert.notMatch(text, /retina|chest|cyst/i);
    assert.isTrue(all.every(({ caption }) => source.captions.includes(caption)));
    const ill = all.filter(({ caption }) => /lesion (at|in)|abnormal|damage|broken|flaw|defect| with /.test(caption));
    assert.isAbove(ill.length, 15);
  });

  test('a pair is a function of its number', async () => {
    const [first, second] = [phantomPairs(['brain', 'chest'], [], 3), phantomPairs(['brain', 'chest'], [], 3)];
    await first.pair(1, 32);
    assert.deepEqual(await first.pair(9, 32), await second.pair(9, 32));
    assert.notDeepEqual(await first.pair(9, 32), await phantomPairs(['brain', 'chest'], [], 4).pair(9, 32));
  });

  test('only families whose anatomy has no side may be mirrored', async () => {
    for (const [family, mirror] of [
      ['brain', true],
      ['liver', false],
      ['chest', false],
    ] as const) {
      assert.equal((await phantomPairs([family], [], 1).pair(0, 32)).mirror, mirror, family);
    }
  });

  test('unknown names are refused', async () => {
    await expectFailure('usage', [/"knee"/], () => phantomPairs(['knee'], [], 1));
    await expectFailure('usage', [/"wart"/, /--without-kinds/], () => phantomPairs(['brain'], ['wart'], 1));
  });
});
