import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeBrowser, openBrowser } from '../../src/launch/chrome_launcher.ts';
import { serveFolder } from '../app/static_server.ts';

/** Serves a folder as any web server does, opens a page of it in headless Chrome and waits for the page's verdict. */
export async function openStaticPage(folder: string, path = 'index.html'): Promise<{ title: string; text: string }> {
  const server = await serveFolder(folder);
  const scratch = mkdtempSync(join(tmpdir(), 'fusionclip-page-'));
  let chrome: Awaited<ReturnType<typeof openBrowser>> | null = null;
  try {
    chrome = await openBrowser(scratch, {}, () => {});
    const page = await chrome.newPage();
    await page.goto(`${server.address}${path}`);
    await page.waitForFunction(() => document.title !== 'running', { timeout: 120_000 });
    const text = await page.$eval('#result', (element) => element.textContent ?? '');
    return { title: await page.title(), text };
  } finally {
    await closeBrowser(chrome);
    server.close();
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
