import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchWebGpuChrome, type WebGpuChrome } from '../../src/launch/web_gpu_chrome.ts';
import { renderReport, renderReproduction } from '../../src/report/index.ts';
import { madeReproduction } from './made_reproduction.ts';
import { madeRun } from './made_run.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What would run, or be asked for, if any of it were let through. */
const HOSTILE = `"><script>document.title='taken'</script><img src="https://example.invalid/a.png" onerror="document.title='taken'">.png`;

let folder = '';
let chrome: WebGpuChrome;
let page: Page;
/** Addresses of all requests but those for data in the file. */
const requests: string[] = [];
const messages: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-report-'));
  chrome = await launchWebGpuChrome();
  page = await chrome.newPage();
  const cdp = await page.createCDPSession();
  cdp.on('Network.requestWillBeSent', ({ request }) => {
    if (!request.url.startsWith('data:')) requests.push(request.url);
  });
  await cdp.send('Network.enable');
  page.on('console', (message) => messages.push(message.text()));
  page.on('pageerror', (error) => messages.push(String(error)));
});
afterAll(async () => {
  await chrome.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

/** Opens a report as a person does: as a file. */
async function open(html: string): Promise<string> {
  const file = join(folder, 'report.html');
  writeFileSync(file, html);
  requests.length = 0;
  messages.length = 0;
  await page.goto(pathToFileURL(file).href);
  return pathToFileURL(file).href;
}

/** The report of a reproduction of everything, with a row that failed. */
async function reproduction(): Promise<string> {
  const { results, strips } = await madeReproduction({ failing: 'mvfa' });
  return renderReproduction(results, strips);
}

describe('a report in a browser', () => {
  test('asks for nothing, runs nothing, and gives its numbers to programs', async () => {
    const made = madeRun();
    const predictions = made.predictions.map((one, i) => (i < 6 ? { ...one, id: `${i}${HOSTILE}` } : one));
    const record = { ...made, predictions, results: { ...made.results, data: HOSTILE } };
    const address = await open(await renderReport(record));
    expect(requests).toEqual([address]);
    expect(messages).toEqual([]);
    expect(await page.title()).toContain(HOSTILE);
    expect(await page.$$eval('script, link, iframe, object, embed, form, base', (all) => all.length)).toBe(0);
    const handlers = await page.$$eval('*', (all) =>
      all.flatMap(({ attributes }) =>
        [...attributes].filter(({ name }) => name.startsWith('on')).map(({ name }) => name),
      ),
    );
    expect(handlers).toEqual([]);
    const data = await page.$eval('template#data', (one) => (one as HTMLTemplateElement).content.textContent ?? '');
    expect(JSON.parse(data)).toMatchObject({
      results: record.results,
      predictions: JSON.parse(JSON.stringify(predictions)),
    });
  });

  test('shows all its pictures', async () => {
    await open(await renderReport(madeRun()));
    const sizes = await page.$$eval('.gallery image', (images) =>
      Promise.all(
        images.map(async (image) => {
          const copy = new Image();
          copy.src = image.getAttribute('href') ?? '';
          await copy.decode();
          return copy.naturalWidth;
        }),
      ),
    );
    expect(sizes).toHaveLength(2 * 24);
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    // What is shown again refers to something.
    const broken = await page.$$eval(
      'use',
      (uses) => uses.filter((use) => !document.querySelector(use.getAttribute('href') ?? '')).length,
    );
    expect(broken).toBe(0);
  });

  test.each(['a run', 'a reproduction'])('of %s fits every page, whatever the set holds', async (what) => {
    const long = 'a_long_name_without_a_space'.repeat(6);
    const made = madeRun({ images: 1000 });
    const predictions = made.predictions.map((one, i) => (i % 3 === 0 ? { ...one, id: `${i}${long}` } : one));
    const sources = { 'prompt.nctx': 'fusionclip.json', 'checkpoint.every': 'fusionclip.json' } as const;
    const header = { ...made.header, sources };
    await open(what === 'a run' ? await renderReport({ ...made, header, predictions }) : await reproduction());
    await page.$$eval('details', (all) => {
      for (const one of all) one.open = true;
    });
    for (const width of [390, 800, 1400]) {
      await page.setViewport({ width, height: 900 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      const outside = await page.$$eval(
        'main *',
        (all, right) =>
          all
            .filter(
              (one) => !one.closest('.scroll') && !one.closest('svg') && one.getBoundingClientRect().right > right,
            )
            .map((one) => one.outerHTML.slice(0, 80)),
        width,
      );
      expect(outside).toEqual([]);
      // A term and what is said of it stand beside or below each other.
      const onTop = await page.$$eval('.facts > div', (rows) => {
        const boxOf = (row: Element, what: string) => {
          const range = document.createRange();
          range.selectNodeContents(row.querySelector(what)!);
          return range.getBoundingClientRect();
        };
        return rows
          .filter((row) => row.querySelector('dd')!.textContent !== '')
          .filter(
            (row) =>
              boxOf(row, 'dt').right > boxOf(row, 'dd').left && boxOf(row, 'dt').bottom > boxOf(row, 'dd').top + 1,
          )
          .map((row) => row.textContent);
      });
      expect(onTop).toEqual([]);
    }
  });

  test.each([
    ['a run', 'light'],
    ['a run', 'dark'],
    ['a reproduction', 'light'],
    ['a reproduction', 'dark'],
  ])('of %s can be read by everybody in %s colours', async (what, scheme) => {
    await page.setViewport({ width: 1000, height: 900 });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await open(what === 'a run' ? await renderReport(madeRun()) : await reproduction());
    await page.evaluate(AXE);
    const { violations, passes } = await page.evaluate(() =>
      (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
    );
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
    expect(passes.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['color-contrast', 'heading-order', 'svg-img-alt']),
    );
  });
});
