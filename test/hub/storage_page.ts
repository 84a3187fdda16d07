/** Cases of a page's private storage, for storage.test.ts: files, and a model that is pulled into it. */
import { assert } from 'chai';
import { GeneratedClipModel, openClipModel } from '../../src/clip/index.ts';
import { createPageHost } from '../../src/host/chrome_page.ts';
import { runProgram } from '../../src/host/run_program.ts';
import { FolderFiles, pullModel, type Web, webOf, withWeb } from '../../src/hub/index.ts';
import { registeredCases, suite, test } from '../harness/registry.ts';
import { runCases } from '../harness/run_cases.ts';
import { fileCases, withFolder } from '../runtimes/file_cases.ts';
import { MARK } from '../runtimes/marks.ts';

const host = await createPageHost();
const [endpoint] = host.args;
const storage = await navigator.storage.getDirectory();
const web: Web = { ...webOf(() => undefined), endpoint, token: 'hf_secret', patience: 2000, pause: async () => {} };
const ID = { repository: 'org/clip', revision: 'main' };

fileCases('private storage', (_, use) => withFolder(new FolderFiles(storage), 'some/folder', use));

suite('private storage, while it is written', () => {
  test('gives a file as it was or as it is, whoever reads it', async () => {
    const files = new FolderFiles(storage, 'busy');
    const text = (i: number) => `${i} `.repeat(50_000);
    await files.writeFile('last', text(0));
    let done = false;
    const reader = async (): Promise<void> => {
      while (!done) {
        const words = new TextDecoder()
          .decode(await files.readFile('last'))
          .trim()
          .split(' ');
        assert.deepEqual([words.length, new Set(words).size], [50_000, 1]);
      }
    };
    const readers = Promise.all([reader(), reader()]);
    for (let i = 1; i <= 60; i++) await files.writeFile('last', text(i));
    done = true;
    await readers;
  });
});

suite('a model in the private storage', () => {
  test('is pulled over a connection that breaks, is found by its id, and not fetched again', async () => {
    const files = new FolderFiles(storage, 'models');
    const { folder } = await pullModel(files, web, 'models', ID);
    assert.deepEqual(
      (await files.list(folder)).map(({ name }) => name),
      ['config.json', 'model.safetensors'],
    );
    const model = await openClipModel(new FolderFiles(storage, 'models'), 'org/clip');
    const rule = new GeneratedClipModel(model.config, 1);
    for (const name of model.names) assert.deepEqual(await model.read(name), await rule.read(name), name);
    let missing = -1;
    await pullModel(files, web, 'models', ID, [], {
      onPlan: (_, bytes) => {
        missing = bytes;
      },
    });
    assert.equal(missing, 0);
    assert.deepEqual(await files.list('models/models--org--clip/blobs'), []);
  });

  test('is no page that the server sends in its place', async () => {
    const files = new FolderFiles(storage, 'other');
    const error = await pullModel(files, web, 'other', ID, ['model.safetensors']).catch((e) => e);
    assert.match(error.message, /web page/);
    assert.isNull(await files.stat('other/models--org--clip/snapshots'));
  });

  test('can also be read from its address, by ranges', async () => {
    const model = await openClipModel(withWeb(new FolderFiles(storage), web), `${endpoint}/plain/model.safetensors`);
    const rule = new GeneratedClipModel(model.config, 1);
    assert.deepEqual(await model.read('visual.proj'), await rule.read('visual.proj'));
  });
});

await runProgram(host, async () => {
  const finished = (result: unknown) => host.stdout(`\n${MARK}${JSON.stringify(result)}\n`);
  return (await runCases(host, registeredCases(host.runtime), { fixtures: 'test', finished })) > 0 ? 1 : 0;
});
