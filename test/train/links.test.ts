import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { dial, type Listener, listen } from '../../src/host/links.ts';
import { dialFromPage } from '../../src/host/page_links.ts';

const SECRET = 'of both';
const open = (secret = SECRET) => listen({ host: '127.0.0.1', port: 0, secret, tls: null });
/** What Node 20 lacks: a browser's WebSocket. Puppeteer's masks as browsers do; it has no types. */
const { WebSocket, WebSocketServer } = await import('ws' as string);
const asPage = () => vi.stubGlobal('WebSocket', WebSocket);
afterEach(() => vi.unstubAllGlobals());
const at = ({ port }: Listener) => `127.0.0.1:${port}`;

describe('connections of a training', () => {
  test.each([
    ['a process', dial],
    ['a page', dialFromPage],
  ])('carry messages of any length both ways, and tell %s when the other end is gone', async (_, dial) => {
    asPage();
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

  test('an end that stands still is gone for the other one, one that is only busy is not', async () => {
    const listener = await open();
    const served = new Promise<Uint8Array | null>((resolve) => {
      listener.serve(async (link) => resolve(await link.receive()));
    });
    const ways: Socket[] = [];
    const way = createServer((from) => {
      const to = connect(listener.port, '127.0.0.1');
      ways.push(from, to);
      for (const one of ways) one.on('error', () => {});
      from.pipe(to).pipe(from);
    });
    await new Promise<void>((resolve) => way.listen(0, '127.0.0.1', () => resolve()));
    const { port } = way.address() as AddressInfo;
    const beat = 5;
    const busy = await dial(at(listener), SECRET, null, beat);
    const cut = await dial(`127.0.0.1:${port}`, SECRET, null, beat);
    for (const one of ways) one.unpipe().pause();
    expect(await cut.receive()).toBeNull();
    // All that time this one was asked for nothing, and said that it is there.
    busy.send(Uint8Array.of(1));
    expect(await served).toEqual(Uint8Array.of(1));
    busy.close();
    for (const one of ways) one.destroy();
    listener.close();
    way.close();
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

  test('a page that does not know the secret, or that nobody answers, says so, and takes no server for one that does', async () => {
    asPage();
    const listener = await open();
    let served = 0;
    listener.serve(async () => void served++);
    await expect(dialFromPage(at(listener), 'another')).rejects.toMatchObject({ code: 'usage' });
    expect(served).toBe(0);
    listener.close();
    await expect(dialFromPage(at(listener), SECRET)).rejects.toMatchObject({ code: 'io' });
    const knowsNothing = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    knowsNothing.on('connection', (socket: globalThis.WebSocket) => {
      socket.send(new Uint8Array(32));
      socket.addEventListener('message', () => socket.send(new Uint8Array(32)));
    });
    await new Promise((resolve) => knowsNothing.on('listening', resolve));
    const { port } = knowsNothing.address() as AddressInfo;
    await expect(dialFromPage(`127.0.0.1:${port}`, SECRET)).rejects.toMatchObject({ code: 'usage' });
    knowsNothing.close();
  });
});
