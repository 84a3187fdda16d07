import { FusionclipError } from '../base/errors.ts';
import { type Link, linkAddress, noSecret } from '../base/link.ts';

/** Milliseconds for a handshake. */
const PATIENCE = 20_000;

/**
 * Connects a page to who listens: as `dial` of `links.ts`, with the browser's WebSocket, which answers signs of life by itself
 * and holds certificates against its own authorities.
 * @throws FusionclipError `usage` for an address that is none or a secret that is another one, `io` where nobody answers
 */
export async function dialFromPage(address: string, secret: string): Promise<Link> {
  const { name, isSecure } = linkAddress(address);
  const socket = new WebSocket(`${isSecure ? 'wss' : 'ws'}://${name}/`);
  const link = linkOf(socket, name);
  const timer = setTimeout(() => socket.close(), PATIENCE);
  try {
    if (!(await opened(socket))) {
      throw new FusionclipError('io', `${name} does not answer; see whether it runs there.`);
    }
    const theirs = await link.receive();
    const mine = crypto.getRandomValues(new Uint8Array(32));
    if (theirs?.length === 32) {
      link.send(joined(mine, await proof(secret, 'client', theirs, mine)));
      const answer = await link.receive();
      // Who listens has shown what it knows to nobody who could use it again: the proof holds this page's own bytes.
      if (answer && `${answer}` === `${await proof(secret, 'server', mine, theirs)}`) return link;
    }
    link.close();
    throw noSecret(name);
  } finally {
    clearTimeout(timer);
  }
}

function opened(socket: WebSocket): Promise<boolean> {
  return new Promise((resolve) => {
    socket.addEventListener('open', () => resolve(true));
    for (const over of ['error', 'close']) socket.addEventListener(over, () => resolve(false));
  });
}

function linkOf(socket: WebSocket, name: string): Link {
  socket.binaryType = 'arraybuffer';
  const come: Uint8Array[] = [];
  let wake = (): void => {};
  let isOver = false;
  socket.addEventListener('message', ({ data }) => {
    come.push(new Uint8Array(data as ArrayBuffer));
    wake();
  });
  socket.addEventListener('close', () => {
    isOver = true;
    wake();
  });
  return {
    name,
    send: (message) => void (socket.readyState === WebSocket.OPEN && socket.send(message as Uint8Array<ArrayBuffer>)),
    async receive() {
      while (come.length === 0) {
        if (isOver) return null;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return come.shift()!;
    },
    close: () => socket.close(),
  };
}

/** What `web_socket.ts` computes: HMAC-SHA-256 of the words, one after the other. */
async function proof(secret: string, word: string, ...more: readonly Uint8Array[]): Promise<Uint8Array> {
  const kind = { name: 'HMAC', hash: 'SHA-256' };
  const text = new TextEncoder();
  const key = await crypto.subtle.importKey('raw', text.encode(secret), kind, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, joined(text.encode(word), ...more)));
}

function joined(...arrays: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(arrays.flatMap((one) => [...one]));
}
