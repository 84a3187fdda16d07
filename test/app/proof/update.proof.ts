import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeSet } from '../../cli/program.ts';
import { BrowserPage } from '../browser_page.ts';
import { type StaticServer, serveFolder } from '../static_server.ts';

let folder = '';
let site = '';
let data = '';
let server: StaticServer;
let page: BrowserPage;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-update-'));
  site = join(folder, 'site');
  cpSync('dist/app', site, { recursive: true });
  data = writeSet(join(folder, 'Brain_AD'));
  server = await serveFolder(site);
  page = await BrowserPage.open();
});

afterAll(async () => {
  await page?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Puts another build in the place of the one that is served: all files of programs have other names, and those of before are gone. */
function deploy(mark: string): void {
  const chunks = join(site, 'chunks/app');
  const names = readdirSync(chunks);
  const renamed = (name: string) => name.replace(/(\.[a-z]+)$/, `${mark}$1`);
  const replaced = (text: string) => names.reduce((all, name) => all.replaceAll(name, renamed(name)), text);
  for (const name of names) {
    const path = join(chunks, name);
    writeFileSync(path, replaced(readFileSync(path, 'utf8')));
    renameSync(path, join(chunks, renamed(name)));
  }
  for (const name of ['index.html', 'service_worker.js']) {
    const path = join(site, name);
    const text = replaced(readFileSync(path, 'utf8'));
    // Another build has another version.
    writeFileSync(
      path,
      text.replace(/\$\{"([0-9a-f]{16})"\}/, (_, version) => `\${"${version.slice(2)}${mark}"}`),
    );
  }
}

const caches = () =>
  page.page.evaluate(async () => (await globalThis.caches.keys()).filter((name) => !/lab/.test(name)));

/** Chunks that the page has loaded, of the build of this mark. */
const loaded = (mark: string) => page.requests.filter((one) => /chunks\/app/.test(one) && one.includes(mark)).length;

test('a new build takes the place of the old one only when no tab shows that any more, and files of both are never mixed', async () => {
  await page.goto(server.address);
  await page.page.evaluate(async () => void (await navigator.serviceWorker.ready));
  expect(await caches()).toHaveLength(1);
  await page.goto(server.address);
  deploy('-b2');
  await page.page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update();
    const fresh = registration.installing ?? registration.waiting;
    await new Promise<void>((resolve) => {
      if (fresh?.state === 'installed') return resolve();
      fresh?.addEventListener('statechange', () => fresh.state === 'installed' && resolve());
    });
  });
  expect(await caches()).toHaveLength(2);
  // The tab that was open loads the rest of its own build, which the server has no more.
  await page.press('input[value=folders]');
  await page.drop('[data-zone=set]', data);
  await page.text('.summary');
  expect(loaded('-b2')).toBe(0);
  // Loaded again it is the new one, whole.
  page.requests.length = 0;
  await page.goto(server.address);
  await page.press('input[value=folders]');
  await page.drop('[data-zone=set]', data);
  await page.text('.summary');
  expect(loaded('-b2')).toBeGreaterThan(4);
  expect(loaded('-b2')).toBe(loaded(''));
  // Without a tab the new build's files take the place.
  await page.page.goto('about:blank');
  await page.goto(server.address);
  await expect.poll(caches, { timeout: 30_000 }).toHaveLength(1);
  server.close();
  page.requests.length = 0;
  await page.goto(server.address);
  await page.press('input[value=folders]');
  await page.drop('[data-zone=set]', data);
  await page.text('.summary');
  expect(loaded('-b2')).toBe(loaded(''));
  expect(page.failures).toEqual([]);
});
