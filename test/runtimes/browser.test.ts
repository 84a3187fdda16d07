import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { closeBrowser, openBrowser } from '../../src/launch/chrome_launcher.ts';
import { serveFolder } from '../app/static_server.ts';

test('nobody watches the requests of a page: Chrome would keep what it receives, up to 200 MB', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'fusionclip-browser-'));
  const site = join(scratch, 'site');
  mkdirSync(site);
  writeFileSync(join(site, 'index.html'), '<title>arrived</title>');
  const server = await serveFolder(site);
  let chrome: Browser | null = null;
  try {
    chrome = await openBrowser(scratch, {}, () => {});
    const page = await chrome.newPage();
    const told: string[] = [];
    page.on('request', (request) => told.push(request.url()));
    await page.goto(server.address);
    expect(await page.title()).toBe('arrived');
    expect(told).toEqual([]);
  } finally {
    await closeBrowser(chrome);
    server.close();
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
});
