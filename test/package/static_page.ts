import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { closeBrowser, openBrowser } from '../../src/host/chrome_launcher.ts';

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript' };

/** Serves a folder as any web server does, opens its `index.html` in headless Chrome and waits for the page's verdict. */
export async function openStaticPage(folder: string): Promise<{ title: string; text: string }> {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname));
    try {
      const bytes = await readFile(join(folder, path === '/' ? 'index.html' : path));
      response
        .writeHead(200, { 'content-type': TYPES[extname(path) || '.html'] ?? 'application/octet-stream' })
        .end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const scratch = mkdtempSync(join(tmpdir(), 'fusionclip-page-'));
  let chrome: Awaited<ReturnType<typeof openBrowser>> | null = null;
  try {
    chrome = await openBrowser(scratch, {}, () => {});
    const page = await chrome.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => document.title !== 'running', { timeout: 120_000 });
    const text = await page.$eval('#result', (element) => element.textContent ?? '');
    return { title: await page.title(), text };
  } finally {
    await closeBrowser(chrome);
    server.closeAllConnections();
    server.close();
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
