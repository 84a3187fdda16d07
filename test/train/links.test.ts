import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { dial, type Listener, listen } from '../../src/host/links.ts';

const SECRET = 'of both';
const open = (secret = SECRET) => listen({ host: '127.0.0.1', port: 0, secret, tls: null });
const at = ({ port }: Listener) => `127.0.0.1:${port}`;

describe('connections of a training', () => {
  test('carry messages of any length both ways, and tell when the other end is gone', async () => {
    const listener = await open();
    listener.serve(async (link) => {
      for (let one = await link.receive(); one !== null; one = await link.receive()) link.send(one);
    });
    const link = await dial(at(listener), SECRET, null);
    for (const length of [0, 1, 125, 126, 65_535, 65_536, 3_000_001]) {
      const sent = Uint8Array.from({ length }, (_, i) => (i * 31) % 251);
      link.send(sent);
      expect(Buffer.compare((await link.receive())!, sent)).toBe(0);
    }
    link.close();
    expect(await link.receive()).toBeNull();
    listener.close();
  });

  test('whoever does not know the secret is let in on neither side, nor is who speaks something else', async () => {
    const listener = await open();
    let served = 0;
    listener.serve(async () => void served++);
    await expect(dial(at(listener), 'another', null)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('secret'),
    });
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      connect(listener.port, '127.0.0.1')
        .on('data', (part) => (text += part))
        .on('close', () => resolve(text))
        .write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    });
    expect(answer).toBe('');
    expect(served).toBe(0);
    listener.close();
    await expect(dial(at(listener), SECRET, null)).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('does not answer'),
    });
    await expect(dial('nowhere', SECRET, null)).rejects.toMatchObject({ code: 'usage' });
  });
});
