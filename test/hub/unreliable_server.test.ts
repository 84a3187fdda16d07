import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FusionclipError } from '../../src/base/errors.ts';
import { disk } from '../../src/host/disk.ts';
import { listRepository, pullModel, withWeb } from '../../src/hub/index.ts';
import { request } from '../../src/hub/transfer.ts';
import { cache, changeWeb, expectNothingStored, failure, ID, inCache, MAIN, pull, server, web } from './hub_fixture.ts';
import { FAULTS, type Fault, gitHash, HubServer, sha256 } from './hub_server.ts';

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
    firstFile(FAULTS.breakAfter(1000), FAULTS.startOver);
    rmSync(cache, { recursive: true });
    server.take();
    await pull(['model.safetensors']);
    expect(stored().equals(whole())).toBe(true);
    expect(server.take().map(({ range }) => range)).toEqual([undefined, 'bytes=1000-']);
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
    for (const fault of [FAULTS.tooLong, FAULTS.oneByteMore]) {
      firstFile(fault);
      expect((await failure(pull(['model.safetensors']))).message).toMatch(/sends more than the \d+ bytes/);
      expectNothingStored();
      // What came before the surplus may be whole.
      rmSync(cache, { recursive: true, force: true });
    }
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
    changeWeb({ patience: 200 });
    firstFile(FAULTS.hang, FAULTS.hang);
    await pull(['model.safetensors']);
    expect(server.take().map(({ range }) => range)).toEqual([undefined, 'bytes=10-', 'bytes=20-']);
    expect(stored().equals(whole())).toBe(true);
  });

  test('the token goes to the hub and to nobody else', async () => {
    const other = await new HubServer().listen();
    other.files.set('elsewhere', server.files.get('model.safetensors')!);
    changeWeb({ token: 'hf_secret' });
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
    changeWeb({ token: 'hf_secret' });
    for (const code of [401, 403, 404, 418]) {
      firstFile(FAULTS.status(code));
      const { message } = await failure(pull(['model.safetensors']));
      expect(message).not.toContain('hf_secret');
      expect(message).toContain(`status ${code}`);
      if (code < 404) expect(message).toContain('HF_TOKEN');
    }
  });

  test('a status of the hub is told with its cause and what helps, with a token and without', async () => {
    const told = async (code: number, token?: string) => {
      changeWeb({ token });
      firstFile(FAULTS.status(code));
      return (await failure(pull(['model.safetensors']))).message;
    };
    expect(await told(401)).toMatch(/to everyone \(status 401\): accept its terms there, and set HF_TOKEN/);
    expect(await told(403)).toMatch(/to everyone \(status 403\): accept its terms there, and set HF_TOKEN/);
    expect(await told(401, 'hf_x')).toMatch(/refuses the token \(status 401\).* one that it takes into HF_TOKEN/);
    expect(await told(403, 'hf_x')).toMatch(/knows the token .*\(status 403\); accept its terms there/);
    expect(await told(404)).toMatch(/There is no model\.safetensors at .*status 404\); check name and revision/);
    expect(await told(416)).toMatch(/has less than the \d+ bytes of model\.safetensors/);
    expect(await told(451)).toMatch(/answers with status 451; check the address, and ask/);
    const url = `${server.address}/plain/model.safetensors`;
    const files = withWeb(disk, web);
    await files.readRange(url, 0, 8);
    firstFile(FAULTS.status(416));
    expect((await failure(files.readRange(url, 0, 8))).message).toMatch(/has less of .* than before \(status 416\)/);
  });

  const asksFor =
    (status: number, after: string, date?: string): Fault =>
    (response) =>
      response.writeHead(status, { 'retry-after': after, ...(date && { date }) }).end();

  test('a server that asks to be left alone is, for seconds or until a time of its own clock, and that is told', async () => {
    const waits: number[] = [];
    const said: string[] = [];
    changeWeb({ pause: async (_, milliseconds) => void waits.push(milliseconds), say: (text) => void said.push(text) });
    const [now, then] = ['Wed, 21 Oct 2015 07:28:00 GMT', 'Wed, 21 Oct 2015 07:30:30 GMT'];
    firstFile(
      asksFor(429, '7'),
      FAULTS.breakAfter(9),
      asksFor(503, then, now),
      FAULTS.breakAfter(9),
      asksFor(503, now, then),
    );
    await pull(['model.safetensors']);
    expect(waits).toEqual([7000, 500, 150_000, 500, 1000]);
    expect(said).toEqual([
      expect.stringMatching(/^127\.0\.0\.1:\d+ answers with status 429 and asks for 7 s, which are waited$/),
      expect.stringMatching(/status 503 and asks for 3 minutes, which are waited$/),
    ]);
    rmSync(cache, { recursive: true });
    waits.length = 0;
    firstFile(asksFor(503, '-7'), asksFor(503, '2040-10-21'), asksFor(503, 'soon'), asksFor(408, '0'));
    await pull(['model.safetensors']);
    expect(waits).toEqual([500, 1000, 2000, 4000]);
    rmSync(cache, { recursive: true });
    firstFile(asksFor(429, '3000'));
    expect((await failure(pull(['model.safetensors']))).message).toMatch(
      /status 429 and wants to be left alone for 50 minutes; give the same command again after that\.$/,
    );
    expect(waits).toHaveLength(4);
  });

  test('a stop is heard while such a wait lasts', async () => {
    const stops = new Set<() => void>();
    let stop = () => {};
    changeWeb({
      pause: () => new Promise(() => {}),
      say: () => void setTimeout(() => stop()),
      onStop: (handler) => {
        stops.add(handler);
        return () => void stops.delete(handler);
      },
    });
    const control = new AbortController();
    stop = () => control.abort(new FusionclipError('interrupted', 'Enough.'));
    firstFile(asksFor(503, '120'));
    const stopped = pullModel(disk, web, cache, ID, ['model.safetensors'], { signal: control.signal });
    expect((await failure(stopped)).message).toBe('Enough.');
    stop = () => {
      for (const one of stops) one();
    };
    firstFile(asksFor(503, '120'));
    const { code, message } = await failure(
      withWeb(disk, web).readRange(`${server.address}/plain/model.safetensors`, 0, 8),
    );
    expect([code, message]).toEqual(['interrupted', expect.stringMatching(/^Interrupted before http.* was here/)]);
    expect(stops.size).toBe(0);
  });

  test('redirections end somewhere, and not at a file of this machine', async () => {
    server.faults.push(...Array(12).fill(FAULTS.redirect((path) => path)));
    expect((await failure(pull(['model.safetensors']))).message).toMatch(/redirects more than 10 times/);
    server.faults.length = 0;
    for (const nowhere of ['file:///etc/passwd', 'http://[', 'http://u:p@127.0.0.1/']) {
      firstFile(FAULTS.redirect(() => nowhere));
      expect((await failure(pull(['model.safetensors']))).message).toMatch(/leads to what is no address of the web/);
    }
  });

  test('no redirection leads out of https, or out of this machine to where others can read', async () => {
    const asked: string[] = [];
    const leads = (location: string, from = 'https://hub.example/a') =>
      request(
        {
          ...web,
          fetch: async (address) => {
            asked.push(String(address));
            return String(address).endsWith('/a')
              ? new Response(null, { status: 302, headers: { location } })
              : new Response('found');
          },
        },
        from,
      );
    expect((await failure(leads('http://hub.example/b'))).message).toMatch(/leads from https to http:/);
    expect((await failure(leads('http://hub.example/b', 'http://localhost/a'))).message).toMatch(
      /from this machine to/,
    );
    expect(asked).toEqual(['https://hub.example/a', 'http://localhost/a']);
    expect((await leads('https://other.example/b')).url).toBe('https://other.example/b');
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
    expect((await failure(listRepository(dead, ID))).message).toMatch(
      /^127\.0\.0\.1:9 cannot be reached, so nothing of .*org\/clip is here \(.*\); look at this machine's network/,
    );
    expectNothingStored();
  });

  test('an interruption leaves what has come for the next time', async () => {
    const control = new AbortController();
    firstFile((response, bytes) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 1000));
    });
    const onProgress = (done: number) => {
      if (done >= 1000) control.abort(new FusionclipError('interrupted', 'Stopped.'));
    };
    const events = { onProgress, signal: control.signal };
    const error = await failure(pullModel(disk, web, cache, ID, ['model.safetensors'], events));
    expect(error.code).toBe('interrupted');
    expectNothingStored();
    server.take();
    await pull(['model.safetensors']);
    expect(server.take().map(({ range }) => range)).toEqual(['bytes=1000-']);
  });
});
