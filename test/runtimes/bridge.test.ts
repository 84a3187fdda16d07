import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { BridgeServer } from '../../src/launch/bridge_server.ts';

/** Text of the event stream until it holds `until`. */
async function listen(address: string, until: string): Promise<string> {
  const answer = await fetch(address.replace('index.html', 'bridge/events'));
  let text = '';
  for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part;
    if (text.includes(until)) return text;
  }
  throw new Error(`the stream ended with ${text}`);
}

test('an interrupt reaches a page that connects after it, once', async () => {
  const start = { args: [], env: {}, isTerminal: false, columns: null };
  const server = new BridgeServer(tmpdir(), start, { output() {}, exit() {}, lost() {} });
  const address = await server.listen();
  try {
    server.interrupt();
    expect(await listen(address, 'interrupt')).toBe(': open\n\nevent: interrupt\ndata: 1\n\n');
    expect(await listen(address, 'open')).toBe(': open\n\n');
  } finally {
    await server.close();
  }
});
