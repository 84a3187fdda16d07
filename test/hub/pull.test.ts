import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openClipModel } from '../../src/clip/index.ts';
import { modelCacheFolder, parseModelId } from '../../src/clip/model_cache.ts';
import { disk } from '../../src/host/disk.ts';
import { parseHubName, pullFolder, pullModel } from '../../src/hub/index.ts';
import { pullOffline } from '../../src/hub/pull.ts';
import { cache, failure, folder, ID, inCache, MAIN, pull, server, web } from './hub_fixture.ts';
import { FAULTS, gitHash, sha256 } from './hub_server.ts';

describe('pull into a folder', () => {
  const into = (name = 'model') => pullFolder(disk, web, join(folder, name), ID);

  test('has no links and no cache, goes on where it broke, and is a model', async () => {
    server.faults.push(FAULTS.breakAfter(1000));
    expect((await into()).files.map(({ name }) => name)).toEqual(['model.safetensors', 'config.json']);
    const names = readdirSync(join(folder, 'model'), { withFileTypes: true });
    expect(names.map((one) => [one.name, one.isFile()])).toEqual([
      ['config.json', true],
      ['model.safetensors', true],
    ]);
    expect(server.take().map(({ range }) => range)).toEqual([undefined, 'bytes=1000-', undefined]);
    expect((await openClipModel(disk, join(folder, 'model'))).config.embed).toBe(32);
    await into();
    expect(server.take()).toEqual([]);
  });

  test('writes over no file that is another one', async () => {
    mkdirSync(join(folder, 'other'));
    writeFileSync(join(folder, 'other/config.json'), '{}');
    expect((await failure(into('other'))).message).toMatch(/other\/config\.json is there already and is another file/);
    expect(readFileSync(join(folder, 'other/config.json'), 'utf8')).toBe('{}');
    expect(readdirSync(join(folder, 'other'))).toEqual(['config.json']);
  });
});

describe('pull into the cache', () => {
  test('lays the files out as the Python tools do, and the model is found by its id', async () => {
    const plans: [string[], number][] = [];
    const progress: number[] = [];
    const result = await pullModel(disk, web, cache, ID, [], {
      onPlan: (files, missing) => plans.push([files.map(({ name }) => name), missing]),
      onProgress: (done) => progress.push(done),
    });
    const weights = server.files.get('model.safetensors')!;
    const config = server.files.get('config.json')!;
    expect(plans).toEqual([[['model.safetensors', 'config.json'], weights.length + config.length]]);
    expect(progress.at(-1)).toBe(weights.length + config.length);
    expect(result).toMatchObject({ folder: inCache(MAIN), commit: server.commit });
    expect(readFileSync(inCache('refs/main'), 'utf8')).toBe(server.commit);
    expect(readdirSync(inCache('blobs')).sort()).toEqual([gitHash(config), sha256(weights)].sort());
    expect(lstatSync(inCache(MAIN, 'model.safetensors')).isSymbolicLink()).toBe(true);
    expect(readlinkSync(inCache(MAIN, 'model.safetensors'))).toBe(`../../blobs/${sha256(weights)}`);
    const model = await openClipModel({ ...disk, modelCache: cache }, 'org/clip');
    expect(model.config.embed).toBe(32);
    expect((await openClipModel({ ...disk, modelCache: cache }, `org/clip@${server.commit}`)).config).toEqual(
      model.config,
    );
    const missing = await failure(openClipModel({ ...disk, modelCache: cache }, 'org/other'));
    expect(missing.message).toMatch(/nor in the cache .*fusionclip model pull org\/other/);
  });

  test('fetches nothing twice, and what the Python tools have fetched not at all', async () => {
    const weights = server.files.get('model.safetensors')!;
    mkdirSync(inCache('blobs'), { recursive: true });
    writeFileSync(inCache('blobs', sha256(weights)), weights);
    await pull();
    expect(server.take().map(({ path }) => path)).toEqual([`/org/clip/resolve/${server.commit}/config.json`]);
    await pull();
    expect(server.take()).toEqual([]);
    // A new commit with the same weights: only its name is new.
    server.commit = 'beef'.padEnd(40, '1');
    await pull();
    expect(server.take()).toEqual([]);
    expect(readFileSync(inCache('refs/main'), 'utf8')).toBe(server.commit);
    expect(readdirSync(inCache('snapshots'))).toHaveLength(2);
  });

  test('takes a revision and a list of files, also in folders', async () => {
    server.files.set('onnx/vision/model.onnx', new Uint8Array([1, 2, 3]));
    await pullModel(disk, web, cache, { ...ID, revision: 'v1.0/rc' }, ['onnx/vision/model.onnx']);
    expect(server.seen[0].path).toBe('/api/models/org/clip/revision/v1.0/rc');
    expect(readFileSync(inCache('refs/v1.0/rc'), 'utf8')).toBe(server.commit);
    expect([...readFileSync(inCache(MAIN, 'onnx/vision/model.onnx'))]).toEqual([1, 2, 3]);
    expect((await failure(pull(['none.txt']))).message).toMatch(
      /no file none\.txt; it has model\.safetensors, config\.json/,
    );
  });

  test('chooses all parts of a split model, and refuses a repository of pickles', async () => {
    const one = server.files.get('model.safetensors')!;
    server.files.delete('model.safetensors');
    server.files.set('pytorch_model.bin', new Uint8Array(3));
    expect((await failure(pull())).message).toMatch(
      /no safetensors weights; pytorch_model\.bin would have to be converted/,
    );
    server.files.set('model-00001-of-00002.safetensors', one);
    server.files.set('model-00002-of-00002.safetensors', one);
    expect((await failure(pull())).message).toMatch(/several weights.*--files/);
    server.files.set('model.safetensors.index.json', new Uint8Array([123, 125]));
    const { files } = await pull();
    expect(files.map(({ name }) => name)).toEqual([
      'model.safetensors.index.json',
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'config.json',
    ]);
  });

  test('finds everything again offline, and says what is not there', async () => {
    expect((await failure(pullOffline(disk, cache, ID))).message).toMatch(
      /org\/clip is not in the cache.*without --offline/,
    );
    await pull();
    server.seen.length = 0;
    const { files, commit } = await pullOffline(disk, cache, ID);
    expect(files.map(({ name }) => name)).toEqual(['config.json', 'model.safetensors']);
    expect(commit).toBe(server.commit);
    expect((await failure(pullOffline(disk, cache, ID, ['vocab.json']))).message).toMatch(
      /vocab\.json of org\/clip is not/,
    );
    expect(server.seen).toEqual([]);
  });

  test('without links the files lie under their names', async () => {
    const { link: _, ...noLinks } = disk;
    await pull([], noLinks);
    expect(lstatSync(inCache(MAIN, 'model.safetensors')).isSymbolicLink()).toBe(false);
    expect(readdirSync(inCache('blobs'))).toEqual([]);
    server.take();
    await pull([], noLinks);
    expect(server.take()).toEqual([]);
    await pull([], { ...noLinks, link: () => Promise.reject(new Error('EPERM')) });
  });

  test('the cache is where the environment says', () => {
    const at = (env: Record<string, string>) => modelCacheFolder((name) => env[name]);
    expect(at({ HOME: '/h' })).toBe('/h/.cache/huggingface/hub');
    expect(at({ HOME: '/h', XDG_CACHE_HOME: '/x' })).toBe('/x/huggingface/hub');
    expect(at({ HOME: '/h', HF_HOME: '~/hf' })).toBe('/h/hf/hub');
    expect(at({ HOME: '/h', HF_HOME: '/hf', HF_HUB_CACHE: '/c' })).toBe('/c');
    expect(at({})).toBeUndefined();
    expect(parseModelId('a/b@r/1')).toEqual({ repository: 'a/b', revision: 'r/1' });
    for (const none of ['a', 'a/b/c', '../b', 'a/..', 'a/b.safetensors@', 'a--b/c', '/a/b', 'a/b..c', 'a/b@x/../y'])
      expect(parseModelId(none)).toBeNull();
  });

  test('addresses of the hub mean its repositories', () => {
    const hub = (path: string) => parseHubName(`https://hub.example${path}`, 'https://hub.example');
    expect(hub('/org/clip')).toEqual({ id: ID });
    expect(hub('/org/clip/tree/v1')).toEqual({ id: { ...ID, revision: 'v1' } });
    expect(hub('/org/clip/resolve/main/sub/a.bin?download=true')).toEqual({ id: ID, file: 'sub/a.bin' });
    expect(parseHubName('https://other.example/org/clip', 'https://hub.example')).toBeNull();
  });
});
