import type { CDPSession } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BrowserPage } from '../browser_page.ts';
import { type StaticServer, serveFolder } from '../static_server.ts';

/** Bytes that come over the network until the page can be used, as a server without compression sends them. */
const MOST = 700_000;

/** Milliseconds until it can be used: by the wall's clock on a machine without other work, and by the processors' on any. */
const SOON = 1000;

const VISITS = 4;

let server: StaticServer;
let page: BrowserPage;

beforeAll(async () => {
  server = await serveFolder('dist/app');
  page = await BrowserPage.open();
});

afterAll(async () => {
  await page?.close();
  server?.close();
});

test('the first load is small, and the page can be used within a second', async () => {
  let bytes = 0;
  const count = (channel: CDPSession) =>
    channel.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
  const cdp = await page.page.createCDPSession();
  count(cdp);
  await cdp.send('Network.enable');
  page.page.on('workercreated', (worker) => count(worker.client));
  const browser = await page.page.browser().target().createCDPSession();
  /** Milliseconds of the processors that the pages of the browser have taken so far. */
  const taken = async () => {
    const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
    const pages = processInfo.filter(({ type }) => type === 'renderer');
    return 1000 * pages.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  };
  await page.page.evaluateOnNewDocument(() => {
    const watch = new MutationObserver(() => {
      // Families can be chosen and folders dropped.
      if (!document.querySelector('main[data-phase=idle] .families:not(:disabled) canvas')) return;
      watch.disconnect();
      requestAnimationFrame(() => Object.assign(globalThis, { usable: performance.now() }));
    });
    watch.observe(document, { subtree: true, childList: true, attributes: true });
  });
  const visits: { wall: number; own: number }[] = [];
  let first = 0;
  for (let visit = 0; visit < VISITS; visit++) {
    await page.page.goto('about:blank');
    const before = await taken();
    await page.goto(server.address);
    await page.page.waitForFunction(() => 'usable' in globalThis);
    const own = (await taken()) - before;
    visits.push({ wall: await page.page.evaluate(() => (globalThis as unknown as { usable: number }).usable), own });
    if (visit === 0) first = bytes;
  }
  const [walls, owns] = [visits.map(({ wall }) => Math.round(wall)), visits.map(({ own }) => Math.round(own))];
  console.log(
    `first load: ${first} bytes; usable after ${walls.join(', ')} ms, of which ${owns.join(', ')} of its own`,
  );
  expect(first).toBeGreaterThan(100_000);
  expect(first).toBeLessThan(MOST);
  // Of a busy machine the quickest visit tells what the page needs.
  expect(Math.min(...walls, ...owns)).toBeLessThan(SOON);
});
