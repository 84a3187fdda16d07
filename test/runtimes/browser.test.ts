import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openBrowser } from '../../src/launch/chrome_launcher.ts';
import type { OpenChrome } from '../../src/launch/web_gpu_chrome.ts';
import { serveFolder } from '../app/static_server.ts';

test('nobody watches the requests of a page: Chrome would keep what it receives, up to 200 MB', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'fusionclip-browser-'));
  const site = join(scratch, 'site');
  mkdirSync(site);
  writeFileSync(join(site, 'index.html'), '<title>arrived</title>');
  const server = await serveFolder(site);
  let chrome: OpenChrome | null = null;
  try {
    chrome = await openBrowser({});
    const page = await chrome.browser.newPage();
    const told: string[] = [];
    page.on('request', (request) => told.push(request.url()));
    await page.goto(server.address);
    expect(await page.title()).toBe('arrived');
    expect(told).toEqual([]);
  } finally {
    await chrome?.end();
    server.close();
    rmSync(scratch, { recursive: true, force: true });
  }
});
