import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser as Chrome } from 'puppeteer-core';

/** The adapter that a browser's pages get, as WebGPU describes it. */
export interface ChromeAdapter {
  /** E.g. `nvidia`, `apple`, or `google` for SwiftShader. */
  readonly vendor: string;
  /** E.g. `hopper` or `swiftshader`. */
  readonly architecture: string;
  /** In the driver's words; may be empty. */
  readonly description: string;
  /** Whether a processor does a GPU's work. */
  readonly software: boolean;
}

/** Milliseconds in which a page has to answer; a GPU process that hangs never does. */
const PATIENCE = 30_000;

/**
 * Asks a young browser for an adapter and for a device of it, from a page of 127.0.0.1, as WebGPU is for secure pages alone. Its first
 * answers can be null while its GPU process starts, so it is asked for two seconds.
 * @returns null when there is none
 */
export async function adapterOf(chrome: Chrome): Promise<ChromeAdapter | null> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store' });
    response.end('<!doctype html><link rel="icon" href="data:,"><title>adapter</title>');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), PATIENCE);
  });
  try {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return await Promise.race([ask(chrome, address), late]);
  } finally {
    clearTimeout(timer);
    server.closeAllConnections();
    server.close();
  }
}

async function ask(chrome: Chrome, address: string): Promise<ChromeAdapter | null> {
  try {
    const page = (await chrome.pages())[0] ?? (await chrome.newPage());
    await page.goto(address);
    const adapter = await page.evaluate(findAdapter);
    await page.goto('about:blank');
    return adapter;
  } catch {
    return null; // the page or the browser has crashed: no adapter that works
  }
}

/** Runs in the page. */
async function findAdapter(): Promise<ChromeAdapter | null> {
  const entry = navigator.gpu as GPU | undefined;
  for (let attempt = 0; entry && attempt < 10; attempt++) {
    const adapter = await entry.requestAdapter();
    const device = await adapter?.requestDevice().catch(() => null);
    if (adapter && device) {
      device.destroy();
      const { vendor, architecture, description, isFallbackAdapter = false } = adapter.info;
      const software =
        isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|warp/i.test(`${architecture} ${description}`);
      return { vendor, architecture, description, software };
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return null;
}
