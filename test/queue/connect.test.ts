import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import process from 'node:process';
import { afterEach, describe, expect, test } from 'vitest';
import { createNodeHost } from '../../src/host/node.ts';
import { optionalPackage } from '../../src/host/optional_package.ts';
import { connect, refusedByRedis } from '../../src/queue/connect.ts';

let server: Server | null = null;
afterEach(() => {
  server?.close();
  server = null;
  delete process.env.FUSIONCLIP_REDIS_PASSWORD;
});

/** As much of Redis as a client asks before it works: a password, where there is one, and what its memory does. */
async function redis(policy: string, password: string | null = null): Promise<string> {
  server = createServer((socket) => {
    let known = password === null;
    socket.on('error', () => {});
    socket.on('data', (data) => {
      const words = data.toString().split('\r\n');
      for (let at = 0; at < words.length; at++) {
        const name = words[at].toLowerCase();
        if (!words[at - 1]?.startsWith('$') || !/^(auth|hello|info|client|ping|select)$/.test(name)) continue;
        const asks = name === 'auth' || (name === 'hello' && /^auth$/i.test(words[at + 4] ?? ''));
        if (asks) known = words.slice(at).includes(password ?? '');
        if (asks && !known) socket.write('-WRONGPASS invalid username-password pair or user is disabled.\r\n');
        else if (name === 'hello' && known) socket.write('%1\r\n$5\r\nproto\r\n:3\r\n');
        else if (!known) socket.write('-NOAUTH Authentication required.\r\n');
        else if (name === 'select' && Number(words[at + 2]) > 15) socket.write('-ERR DB index is out of range\r\n');
        else if (name === 'info') {
          const text = `redis_version:7.0.15\r\nloading:0\r\nused_memory:1048576\r\nmaxmemory_policy:${policy}\r\n`;
          socket.write(`$${text.length}\r\n${text}\r\n`);
        } else if (name !== 'client' || /^(setname|setinfo)$/i.test(words[at + 2] ?? '')) socket.write('+OK\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', () => resolve()));
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const failure = (url: string) =>
  connect(createNodeHost({ args: [] }), url).then(
    () => null,
    (error: unknown) => error as Error & { code: string },
  );

describe('before the queue is used', () => {
  test('a Redis that keeps everything will do', async () => {
    const { memory, address } = await connect(createNodeHost({ args: [] }), await redis('noeviction'));
    expect(memory).toBe(1048576);
    expect(address.options.password).toBeUndefined();
  });

  test.each(['allkeys-lru', 'volatile-ttl', 'volatile-lru'])('one that drops keys (%s) is refused', async (policy) => {
    const error = await failure(await redis(policy));
    expect(error).toMatchObject({ code: 'usage' });
    expect(error!.message).toMatch(new RegExp(`drops keys .*maxmemory-policy ${policy}.*noeviction`));
  });

  test('a password that is missing or wrong is told from a server that is not there, and never repeated', async () => {
    const url = await redis('noeviction', 'right');
    expect(await failure(url)).toMatchObject({
      code: 'usage',
      message: expect.stringContaining('FUSIONCLIP_REDIS_PASSWORD'),
    });
    process.env.FUSIONCLIP_REDIS_PASSWORD = 'wrong-h4t';
    const error = await failure(url);
    expect(error).toMatchObject({ code: 'usage' });
    expect(JSON.stringify([error!.message, error!.stack])).not.toContain('h4t');
    process.env.FUSIONCLIP_REDIS_PASSWORD = 'right';
    expect(await failure(url)).toBeNull();
    server!.close();
    expect(await failure('redis://127.0.0.1:1')).toMatchObject({
      code: 'io',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('a database that the server does not have is refused, and not the first one in its place', async () => {
    const url = await redis('noeviction');
    expect(await failure(`${url}/15`)).toBeNull();
    const error = await failure(`${url}/16`);
    expect(error).toMatchObject({ code: 'usage', message: expect.stringMatching(/16 is no database of that server/) });
  });

  test('one that takes connections and is silent is out of reach', async () => {
    server = createServer((socket) => void socket.on('error', () => {}));
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', () => resolve()));
    const url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(connect(createNodeHost({ args: [] }), url, 100)).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('no answer in 0.1 s'),
    });
  });

  test('a package that is not installed is named, with the command that installs it', async () => {
    const error = await optionalPackage('bullmq-of-nobody', 'cd /x && npm install').catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'usage',
      message:
        'This needs the package bullmq-of-nobody, which is not installed; install it with "cd /x && npm install bullmq-of-nobody".',
    });
  });
});

test('what Redis refuses for good ends the work with its reason, what passes may be tried again, and a lost connection is neither', () => {
  const reply = (text: string) => Object.assign(new Error(text), { name: 'ReplyError' });
  const wrong = refusedByRedis('queue:1', reply('WRONGTYPE a key of the wrong kind script: 5ab, on @user_script:72.'));
  expect(wrong).toMatchObject({
    code: 'usage',
    message: expect.stringMatching(/^queue:1 refuses .*of the wrong kind\);/),
  });
  for (const text of ['LOADING the dataset', "READONLY You can't write", 'OOM command not allowed']) {
    expect(refusedByRedis('queue:1', reply(text))).toMatchObject({ code: 'io' });
  }
  expect(refusedByRedis('queue:1', new Error('connect ECONNREFUSED'))).toBe(null);
});
