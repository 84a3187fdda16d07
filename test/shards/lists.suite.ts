import { assert } from 'chai';
import { isWhole, listInputs } from '../../src/shards/list_inputs.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suite, test } from '../harness/registry.ts';

const REQUEST = { columns: { path: null, patient: null }, group: null, root: '/data' };

suite('lists of inputs', () => {
  test('lists are read with their columns, and paths below the root lose it', async () => {
    const files: [string, string][] = [
      ['/l/a.csv', 'id,path,patient\n1,/data/x.png,p1\n2,"https://h.org/a?x=1,2",p2\n3,"/data/a\nb.png",p3\n'],
      ['/l/b.jsonl', '{"url":"https://h.org/b","subject":7}\n"/data/c.png"\n'],
      ['/l/c.txt', '/data/d.png\r\n/else/e.png\n'],
      ['/l/d.csv', '\ufeffpath;patient\r\n/data/f,1.png;p4\r\n"/data/g;2.png";p5\r\n'],
      ['/l/e.csv', 'path\tpatient\n/data/h.png\tp6\n'],
      ['/l/f.csv', 'patient, path\np7 , /data/i.png\n'],
    ];
    const fs = new MemoryFileSystem(files.map(([path, text]) => [path, new TextEncoder().encode(text)]));
    const listed: string[] = [];
    const sources = files.map(([path]) => path);
    for await (const some of listInputs(fs, { ...REQUEST, sources })) {
      listed.push(...some.map(({ path, patient }) => `${patient}:${path}`));
    }
    assert.deepEqual(listed, [
      ...[
        'p1:x.png',
        'p2:https://h.org/a?x=1,2',
        'p3:a\nb.png',
        '7:https://h.org/b',
        ':c.png',
        ':d.png',
        ':/else/e.png',
        'p4:f,1.png',
        'p5:g;2.png',
        'p6:h.png',
        'p7:i.png',
      ],
    ]);
  });

  test('a list that is none, or names what no worker can read, is refused by its line', async () => {
    const fs = new MemoryFileSystem([]);
    const read = async (text: string | Uint8Array) => {
      await fs.writeFile('/bad.csv', text);
      for await (const _ of listInputs(fs, { ...REQUEST, sources: ['/bad.csv'] }));
    };
    await expectFailure('usage', [/no column path, url, file but a, b; name one with --path/], () =>
      read('a,b\n1,2\n'),
    );
    await expectFailure('bad_data', [/line 3 names no input/], () => read('path,b\n1,2\n3\n'));
    for (const [text, code, says] of [
      ['path,image\n/a.png,7\n', 'usage', /columns path and image, and each may be the path; name one with --path/],
      ['path,path\n/a.png,/b.png\n', 'usage', /columns path and path, .* rename one/],
      ['path,case,patient\n/a.png,1,2\n', 'usage', /columns case and patient, .* name one with --patient/],
      ['path\ns3://b/a.png\n', 'bad_data', /line 2 is an address of s3:, which is not read/],
      ['path\nhttps://me:secret@h.org/a.png\n', 'bad_data', /line 2 is an address with a password/],
      ['path\nhttps://h.org/rs/studies/1.2.3\n', 'bad_data', /line 2 is an address of a DICOMweb server/],
      ['path\n/a\0.png\n', 'bad_data', /line 2 is no text in UTF-8/],
      [
        Uint8Array.of(...[0xff, 0xfe], ...[...'path\n/a\n'].flatMap((c) => [c.charCodeAt(0), 0])),
        'bad_data',
        /line 1 is no/,
      ],
      [
        Uint8Array.of(...[...'path\n/R\xf6.png\n'].map((c) => c.charCodeAt(0))),
        'bad_data',
        /line 2 is no text in UTF-8/,
      ],
    ] as const) {
      await expectFailure(code, [says], () => read(text));
    }
    await expectFailure('bad_data', [/^An input is an address of gs:/], async () => {
      for await (const _ of listInputs(fs, { ...REQUEST, sources: ['gs://b/a.png'] }));
    });
    await fs.writeFile('/bad.jsonl', '{"path":"/a.png","patient":{"id":1}}\n');
    await expectFailure('bad_data', [/line 1 names no input/], async () => {
      for await (const _ of listInputs(fs, { ...REQUEST, sources: ['/bad.jsonl'] }));
    });
    await expectFailure('usage', [/DICOMweb address is planned in Deno or Node/], async () => {
      for await (const _ of listInputs(fs, { ...REQUEST, sources: ['dicomweb:https://h.org'] }));
    });
  });

  test('a column is one of a list', async () => {
    const fs = new MemoryFileSystem([['/data/x.png', new Uint8Array(1)]]);
    for (const flag of ['path', 'patient'] as const) {
      const columns = { ...REQUEST.columns, [flag]: 'who' };
      await expectFailure('usage', [new RegExp(`^--${flag} names a column of a list, and none is given`)], async () => {
        for await (const _ of listInputs(fs, { ...REQUEST, columns, sources: ['/data'] }));
      });
    }
  });

  test('a path is whole that is the same from every folder', () => {
    const whole = [
      '/a/b.png',
      'C:\\a.png',
      '\\\\host\\a.png',
      'https://h.org/a.png',
      'dicomweb:https://h.org/studies/1.2',
    ];
    assert.deepEqual(
      whole.filter((path) => !isWhole(path)),
      [],
    );
    assert.deepEqual(['a/b.png', './a.png', '../a.png', 'dicomweb/a.png', 'https/a.png'].filter(isWhole), []);
  });
});
