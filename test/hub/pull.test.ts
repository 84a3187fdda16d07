import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GeneratedClipModel, modelCacheFolder, openClipModel, parseModelId } from '../../src/clip/index.ts';
import type { FileSystem } from '../../src/data/file_system.ts';
import { FusionclipError } from '../../src/gpu/errors.ts';
import { BlobFiles } from '../../src/host/blob_files.ts';
import { disk } from '../../src/host/disk.ts';
import {
  listRepository,
  parseHubName,
  pullFile,
  pullModel,
  pullOffline,
  type Web,
  webOf,
  withWeb,
} from '../../src/hub/index.ts';
import { Sha256 } from '../../src/hub/sha256.ts';
import { noise } from '../harness/close.ts';
import { FAULTS, type Fault, gitHash, HubServer, sha256 } from './hub_server.ts';
import { SMALL_CONFIG, smallModel } from './small_model.ts';

const ID = { repository: 'org/clip', revision: 'main' };
const MAIN = 'snapshots/c0ffee0000000000000000000000000000000000';

let server: HubServer;
let folder = '';
let cache = '';
let web: Web;

beforeEach(async () => {
  server = await new HubServer().listen();
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-hub-'));
  cache = join(folder, 'hub');
  web = { ...webOf(() => undefined), endpoint: server.address, patience: 2000, pause: async () => {} };
  server.files.set('model.safetensors', await smallModel());
  server.files.set('config.json', new TextEncoder().encode(SMALL_CONFIG));
  server.files.set('README.md', new TextEncoder().encode('read me'));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const pull = (files: readonly string[] = [], fs: FileSystem = disk) => pullModel(fs, web, cache, ID, files);
const inCache = (...parts: string[]) => join(cache, 'models--org--clip', ...parts);

async function failure(work: Promise<unknown>): Promise<FusionclipError> {
  const error = await work.then(
    () => null,
    (e) => e,
  );
  expect(error).toBeInstanceOf(FusionclipError);
  return error;
}

/** Nothing may lie under a final name after a failure. */
function expectNothingStored(): void {
  const all = existsSync(cache) ? readdirSync(cache, { recursive: true, encoding: 'utf8' }) : [];
  const stored = all.filter((name) => /blobs\/|snapshots\/|refs\//.test(name) && !name.endsWith('.incomplete'));
  expect(stored).toEqual([]);
}

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
    for (const none of ['a', 'a/b/c', '../b', 'a/..', 'a/b.safetensors@', 'a--b/c', '/a/b'])
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

describe('a server that breaks, lies and redirects', () => {
  const firstFile = (...faults: (Fault | undefined)[]) => server.faults.push(...faults);
  const stored = () => readFileSync(inCache(MAIN, 'model.safetensors'));
  const whole = () => Buffer.from(server.files.get('model.safetensors')!);

  test('a broken connection is gone on with where it ended', async () => {
    firstFile(FAULTS.breakAfter(1000), FAULTS.breakAfter(2000), FAULTS.truncate(500));
    await pull(['model.safetensors']);
    expect(stored().equals(whole())).toBe(true);
    expect(server.take().map(({ range }) => range)).toEqual([undefined, 'bytes=1000-', 'bytes=3000-', 'bytes=3500-']);
  });

  test('and that as often as it brings something', async () => {
    firstFile(...Array.from({ length: 12 }, () => FAULTS.breakAfter(100)));
    await pull(['model.safetensors']);
    expect(server.take().at(-1)?.range).toBe('bytes=1200-');
  });

  test('so is one of an earlier attempt that gave up', async () => {
    firstFile(FAULTS.breakAfter(1000), ...Array(9).fill(FAULTS.status(503)));
    const error = await failure(pull(['model.safetensors']));
    expect(error.message).toMatch(/breaks off again and again \(127.* status 503\); the same command goes on/);
    expectNothingStored();
    expect(existsSync(inCache('refs'))).toBe(false);
    server.faults.length = 0;
    server.take();
    await pull(['model.safetensors']);
    expect(server.take().map(({ range }) => range)).toEqual(['bytes=1000-']);
    expect(stored().equals(whole())).toBe(true);
  });

  test('a server without ranges sends everything again', async () => {
    firstFile(FAULTS.breakAfter(1000), FAULTS.ignoreRange);
    await pull(['model.safetensors']);
    expect(stored().equals(whole())).toBe(true);
    firstFile(FAULTS.breakAfter(1000), FAULTS.wrongRange);
    rmSync(cache, { recursive: true });
    await pull(['model.safetensors']);
    expect(stored().equals(whole())).toBe(true);
  });

  test('a beginning that belongs to another file is thrown away once', async () => {
    mkdirSync(inCache('blobs'), { recursive: true });
    writeFileSync(inCache('blobs', `${sha256(whole())}.incomplete`), Buffer.alloc(4000, 1));
    await pull(['model.safetensors']);
    expect(stored().equals(whole())).toBe(true);
    writeFileSync(inCache('blobs', `${gitHash(server.files.get('config.json')!)}.incomplete`), Buffer.alloc(4000));
    await pull(['config.json']);
  });

  test('bytes with a wrong hash are never stored, of large and of small files', async () => {
    for (const name of ['model.safetensors', 'config.json']) {
      // The first bytes are those of the file, so that only the hash tells.
      const swap: Fault = (response, bytes) => {
        const other = bytes.slice();
        other[other.length - 1] ^= 1;
        response.writeHead(200, { 'content-length': other.length }).end(other);
      };
      firstFile(swap, swap);
      const error = await failure(pull([name]));
      expect(error).toMatchObject({ code: 'bad_model', message: expect.stringMatching(/hash that it should have/) });
      expectNothingStored();
      firstFile(swap);
      await pull([name]);
      rmSync(cache, { recursive: true });
    }
  });

  test('more bytes than announced, or another size, end the download', async () => {
    firstFile(FAULTS.tooLong);
    expect((await failure(pull(['model.safetensors']))).message).toMatch(/sends more than the \d+ bytes/);
    expectNothingStored();
    server.listing = (json) => ({
      ...json,
      siblings: (json.siblings as { lfs?: object }[]).map((one) => ({
        ...one,
        size: 10,
        ...(one.lfs && { lfs: { ...one.lfs, size: 10 } }),
      })),
    });
    expect((await failure(pull(['model.safetensors']))).message).toMatch(/sends more than the 10 bytes/);
    server.listing = (json) => ({
      ...json,
      siblings: (json.siblings as { lfs?: object }[]).map((one) => ({
        ...one,
        size: 1e6,
        ...(one.lfs && { lfs: { ...one.lfs, size: 1e6 } }),
      })),
    });
    expect((await failure(pull(['model.safetensors']))).message).toMatch(/has less than the 1000000 bytes/);
    expectNothingStored();
  });

  test('a page is never stored as a model', async () => {
    for (const fault of [FAULTS.page, FAULTS.hiddenPage]) {
      for (const name of ['model.safetensors', 'config.json']) {
        firstFile(fault);
        const error = await failure(pull([name]));
        expect(error.code).toBe('bad_model');
        expect(error.message).toMatch(/web page/);
        expectNothingStored();
        rmSync(cache, { recursive: true, force: true });
      }
    }
    server.files.set(
      'model.safetensors',
      new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid x'),
    );
    expect((await failure(pull(['model.safetensors']))).message).toMatch(/git-lfs pointer/);
    server.files.set('model.safetensors', Uint8Array.of(0x80, 2, 0x8a, 10, 1, 1, 1, 1, 1, 1));
    expect((await failure(pull(['model.safetensors']))).message).toMatch(/PyTorch/);
  });

  test('a server that falls silent counts as broken', async () => {
    web = { ...web, patience: 200 };
    firstFile(FAULTS.hang, FAULTS.hang);
    await pull(['model.safetensors']);
    expect(server.take().map(({ range }) => range)).toEqual([undefined, 'bytes=10-', 'bytes=20-']);
    expect(stored().equals(whole())).toBe(true);
  });

  test('the token goes to the hub and to nobody else', async () => {
    const other = await new HubServer().listen();
    other.files.set('elsewhere', server.files.get('model.safetensors')!);
    web = { ...web, token: 'hf_secret' };
    firstFile(
      FAULTS.redirect((path) => path.replace('resolve', 'resolve')),
      FAULTS.redirect(() => `${other.address}/plain/elsewhere`),
    );
    await pull(['model.safetensors']);
    expect(server.seen.map(({ authorization }) => authorization)).toEqual(Array(3).fill('Bearer hf_secret'));
    expect(other.seen).toEqual([{ path: '/plain/elsewhere', range: undefined, authorization: undefined }]);
    expect(stored().equals(whole())).toBe(true);
    await other.close();
  });

  test('no message holds the token', async () => {
    web = { ...web, token: 'hf_secret' };
    for (const code of [401, 403, 404, 418]) {
      firstFile(FAULTS.status(code));
      const { message } = await failure(pull(['model.safetensors']));
      expect(message).not.toContain('hf_secret');
      expect(message).toContain(`status ${code}`);
      if (code < 404) expect(message).toContain('HF_TOKEN');
    }
  });

  test('redirections end somewhere, and not at a file of this machine', async () => {
    server.faults.push(...Array(12).fill(FAULTS.redirect((path) => path)));
    expect((await failure(pull(['model.safetensors']))).message).toMatch(/redirected more than 10 times/);
    server.faults.length = 0;
    firstFile(FAULTS.redirect(() => 'file:///etc/passwd'));
    expect((await failure(pull(['model.safetensors']))).code).toBe('usage');
  });

  test('nonsense about the repository is refused', async () => {
    const nonsense: [unknown, RegExp][] = [
      ['text', /a text at its top, not an object|"text" at its top/],
      [{ sha: 'main', siblings: [] }, /"main" at sha, not a commit/],
      [
        { sha: server.commit, siblings: [{ rfilename: '../../x', size: 1, blobId: 'a'.repeat(40) }] },
        /"..\/..\/x" at siblings\.0\.rfilename, not a path below the folder/,
      ],
      [{ sha: server.commit, siblings: [{ rfilename: 'a\\..\\b', size: 1 }] }, /not a path below/],
      [
        { sha: server.commit, siblings: [{ rfilename: 'a', size: -1 }] },
        /-1 at siblings\.0\.size, not a number of bytes/,
      ],
      [
        { sha: server.commit, siblings: [{ rfilename: 'a', size: 1, blobId: '../x' }] },
        /"..\/x" at siblings\.0\.blobId, not a hash/,
      ],
      [{ sha: server.commit, siblings: [{ rfilename: 'a', size: 1 }] }, /no hash of a/],
      [{ sha: server.commit, siblings: [{ rfilename: 'a', blobId: 'a'.repeat(40) }] }, /no size of a/],
      [{ sha: server.commit, siblings: [null] }, /null at siblings\.0, not an object/],
    ];
    for (const [answer, message] of nonsense) {
      server.listing = () => answer;
      expect((await failure(pull())).message).toMatch(message);
    }
    const bad = { ...web, endpoint: `${server.address}/nowhere` };
    expect((await failure(listRepository(bad, ID))).message).toMatch(/no model org\/clip .*404/i);
    const dead = { ...web, endpoint: 'http://127.0.0.1:9' };
    expect((await failure(listRepository(dead, ID))).message).toMatch(/breaks off again and again/);
    expectNothingStored();
  });

  test('an interruption leaves what has come for the next time', async () => {
    const control = new AbortController();
    firstFile((response, bytes) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 1000), () =>
        setTimeout(() => control.abort(new FusionclipError('interrupted', 'Stopped.')), 50),
      );
    });
    const error = await failure(pullModel(disk, web, cache, ID, ['model.safetensors'], { signal: control.signal }));
    expect(error.code).toBe('interrupted');
    expectNothingStored();
    server.take();
    await pull(['model.safetensors']);
    expect(server.take().map(({ range }) => range)).toEqual(['bytes=1000-']);
  });
});

describe('the file at an address', () => {
  const url = () => `${server.address}/plain/model.safetensors`;
  const get = (more: { sha256?: string } = {}) =>
    pullFile(disk, web, { url: url(), path: join(folder, 'm.safetensors'), ...more });

  test('is fetched with its size first, and gone on with as long as it is the same', async () => {
    const sizes: number[] = [];
    const bytes = server.files.get('model.safetensors')!;
    server.faults.push(undefined, FAULTS.breakAfter(1000), ...Array(9).fill(FAULTS.status(500)));
    await failure(get());
    server.faults.length = 0;
    server.take();
    const path = join(folder, 'm.safetensors');
    const result = await pullFile(disk, web, { url: url(), path }, { onPlan: (_, missing) => sizes.push(missing) });
    expect(result).toEqual({ bytes: bytes.length, sha256: sha256(bytes) });
    expect(sizes).toEqual([bytes.length]);
    expect(server.take().map(({ range }) => range)).toEqual(['bytes=0-0', 'bytes=1000-']);
    expect(readdirSync(folder)).toEqual(['m.safetensors']);
  });

  test('must have the hash that is asked for', async () => {
    const { message } = await failure(get({ sha256: '0'.repeat(64) }));
    expect(message).toMatch(/hash that it should have/);
    expect(readdirSync(folder)).toEqual([]);
    await get({ sha256: sha256(server.files.get('model.safetensors')!) });
  });

  test('is refused when it is a page', async () => {
    server.faults.push(FAULTS.page);
    expect((await failure(get())).message).toMatch(/web page/);
    server.faults.push(FAULTS.hiddenPage, FAULTS.hiddenPage);
    expect((await failure(get())).message).toMatch(/web page/);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a model read from an address', () => {
  test('has the tensors of the file, whatever breaks on the way', async () => {
    const files = withWeb(new BlobFiles(), web);
    const url = `${server.address}/plain/model.safetensors`;
    const model = await openClipModel(files, url);
    const memory = new GeneratedClipModel(model.config, 1);
    for (const name of model.names) {
      server.faults.push(FAULTS.breakAfter(30));
      const values = await model.read(name);
      expect(Buffer.from(values.buffer).equals(Buffer.from((await memory.read(name)).buffer)), name).toBe(true);
    }
    const ranges = server.take().map(({ range }) => range);
    expect(ranges.every((range) => /^bytes=\d+-\d+$/.test(range!))).toBe(true);
  });

  test('finds the files beside it, and takes 404 for an answer', async () => {
    const files = withWeb(new BlobFiles(), web);
    expect((await openClipModel(files, `${server.address}/plain/model.safetensors`)).actKnown).toBe(true);
    expect(server.seen.some(({ path }) => path === '/plain/preprocessor_config.json')).toBe(true);
    expect((await failure(openClipModel(files, `${server.address}/plain/none.safetensors`))).message).toMatch(
      /no model at/,
    );
  });

  test('refuses servers that do not keep to ranges, and writes nothing to the web', async () => {
    const files = withWeb(disk, web);
    const url = `${server.address}/plain/model.safetensors`;
    server.faults.push(FAULTS.ignoreRange);
    expect((await failure(openClipModel(files, url))).message).toMatch(/whole files only.*model pull/);
    server.faults.push(undefined, FAULTS.wrongRange);
    expect((await failure(files.readRange(url, 0, 100))).message).toMatch(/does not keep to ranges/);
    server.faults.push((response, bytes) => {
      response.setHeader('content-range', `bytes 0-99/${bytes.length}`);
      response.writeHead(206).end(bytes);
    });
    expect((await failure(files.readRange(url, 0, 100))).message).toMatch(/more than it was asked for/);
    expect((await failure(files.writeFile(url, 'x'))).message).toMatch(/can only be read/);
    expect((await failure(files.list(url))).message).toMatch(/can only be read/);
    await files.writeFile(join(folder, 'own'), 'x');
    expect(readFileSync(join(folder, 'own'), 'utf8')).toBe('x');
  });
});

test('SHA-256 in pieces is that of the whole', () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 100_003]) {
    const bytes = new Uint8Array(noise(length, length).map((x) => 128 + 127 * x));
    for (const step of [1, 37, 64, 100_003]) {
      if (length > 1000 && step === 1) continue;
      const hash = new Sha256();
      for (let at = 0; at < length; at += step) hash.update(bytes.subarray(at, at + step));
      expect(hash.hex()).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
  }
});
