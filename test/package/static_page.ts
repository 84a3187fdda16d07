import { launchWebGpuChrome, type WebGpuChrome } from '../../src/launch/web_gpu_chrome.ts';
import { serveFolder } from '../app/static_server.ts';

/** Serves a folder as any web server does, opens a page of it in headless Chrome and waits for the page's verdict. */
export async function openStaticPage(folder: string, path = 'index.html'): Promise<{ title: string; text: string }> {
  const server = await serveFolder(folder);
  let chrome: WebGpuChrome | null = null;
  try {
    chrome = await launchWebGpuChrome();
    const page = await chrome.newPage();
    await page.goto(`${server.address}${path}`);
    await page.waitForFunction(() => document.title !== 'running', { timeout: 120_000 });
    const text = await page.$eval('#result', (element) => element.textContent ?? '');
    return { title: await page.title(), text };
  } finally {
    await chrome?.close();
    server.close();
  }
}
