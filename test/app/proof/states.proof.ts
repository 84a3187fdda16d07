import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeImage } from '../../../src/data/decode.ts';
import { disk } from '../../../src/host/disk.ts';
import { writePhantomVolumes } from '../../../src/phantom/write_volumes.ts';
import { writeModel, writeSet } from '../../cli/program.ts';
import { BrowserPage } from '../browser_page.ts';
import { type StaticServer, serveFolder } from '../static_server.ts';
import { killGpu } from './gpu_process.ts';

/** Folder for a screenshot of each state at each width, where somebody wants to look at them. */
const SHOTS = process.env.SHOTS ?? '';
const WIDTHS = [1440, 1024, 400];

let folder = '';
let data = '';
let server: StaticServer;
let page: BrowserPage;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-states-'));
  data = writeSet(join(folder, 'Brain_AD'));
  server = await serveFolder('dist/app');
  page = await BrowserPage.open();
  // The page's policy is for its own scripts.
  await page.page.setBypassCSP(true);
  await page.goto(server.address);
});

afterAll(async () => {
  await page?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Axe {
  run(): Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }>;
}

/** What axe finds in what is on screen, light and dark; and pictures of it. */
async function look(state: string): Promise<string[]> {
  const found: string[] = [];
  const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  await page.page.addScriptTag({ content: readFileSync(axe, 'utf8') });
  for (const scheme of ['light', 'dark']) {
    const features = [
      { name: 'prefers-color-scheme', value: scheme },
      { name: 'prefers-reduced-motion', value: 'reduce' },
    ];
    await page.page.emulateMediaFeatures(features);
    await page.frame();
    const { violations } = await page.page.evaluate(() => (globalThis as unknown as { axe: Axe }).axe.run());
    for (const { id, nodes } of violations)
      found.push(`${scheme} ${id} ${nodes.map((n) => n.target.join(' ')).join(', ')}`);
    for (const width of SHOTS ? WIDTHS : []) {
      mkdirSync(SHOTS, { recursive: true });
      await page.page.setViewport({ width, height: 900 });
      await page.frame();
      await page.page.screenshot({ path: join(SHOTS, `${state}-${width}-${scheme}.png`), fullPage: true });
      // Nothing reaches past the edge.
      const wide = await page.page.evaluate(() => document.documentElement.scrollWidth);
      if (wide > width) found.push(`${scheme} ${width}: the page is ${wide} wide`);
    }
  }
  await page.page.setViewport({ width: 1280, height: 900 });
  await page.frame();
  return found;
}

describe('every state of the page has nothing that axe finds', () => {
  test('at the start', async () => {
    await page.page.waitForSelector('.wall canvas');
    expect(await look('start')).toEqual([]);
    await page.press('input[value=folders]');
    expect(await look('folders')).toEqual([]);
  });

  test('when something is refused', async () => {
    const file = join(data, 'valid/good/img/0.png');
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, 60));
    await page.drop('[data-zone=set]', data);
    await page.text('#go-on');
    expect(await look('refused')).toEqual([]);
    writeFileSync(file, whole);
  });

  test('when images are there', async () => {
    await page.drop('[data-zone=set]', data);
    await page.text('.summary');
    await page.page.waitForFunction(() => document.querySelectorAll('.support li canvas').length > 1);
    expect(await look('ready')).toEqual([]);
  });

  test('while it trains, and paused', async () => {
    await page.chooseModel(await writeModel(join(folder, 'mine.safetensors')));
    await page.page.waitForSelector('[data-model=mine]');
    await page.page.select('#model', 'mine');
    await page.set('#shots', 1);
    await page.set('#epochs', 4);
    await page.press('button[type=submit]');
    await page.says('.progress p', /./);
    expect(await look('training')).toEqual([]);
    await page.text('.chart');
    if (await page.page.$('#pause:not(:disabled)')) {
      await page.press('#pause');
      await page.phase('paused', 'idle');
      expect(await look('paused')).toEqual([]);
      if (await page.page.$('#resume')) await page.press('#resume');
    }
  });

  test('with results, and with those of new images', async () => {
    await page.text('.tiles');
    await page.page.waitForFunction(() => document.querySelectorAll('.thumbs canvas').length === 8);
    expect(await look('results')).toEqual([]);
    await page.drop('[data-zone=predict]', join(data, 'test/good'));
    await page.says('#decisions', /of 4 images predicted/);
    await page.page.waitForFunction(() => document.querySelectorAll('.thumbs canvas').length === 4);
    expect(await look('predicted')).toEqual([]);
    expect(page.failures).toEqual([]);
  });

  test('with sessions compared, and when one or a model is to be deleted', async () => {
    await page.press('button[type=submit]');
    await page.page.waitForFunction(() => document.querySelectorAll('.sessions input[type=checkbox]').length > 1);
    for (const row of ['first', 'last']) await page.press(`.sessions li:${row}-child [type=checkbox]`);
    await page.text('.comparison');
    await page.press('.sessions li:last-child [data-do=delete]');
    await page.press('.own-models summary');
    await page.press('[data-model=mine] [data-do=delete]');
    expect(await look('compared')).toEqual([]);
    for (const at of ['.sessions li:last-child', '[data-model=mine]']) await page.press(`${at} [data-do=keep]`);
    await page.press('.own-models summary');
  });

  test.each(['dicom', 'nifti'] as const)('with a volume of %s', async (format) => {
    const options = { set: 'liver', seed: 2, valid: 2, test: 2, size: 48, depth: 12 } as const;
    await page.drop(
      '[data-zone=set]',
      await writePhantomVolumes(disk, { ...options, out: join(folder, format), format }),
    );
    await page.says('.summary', /volumes: 4 of 4/);
    await page.press('button[type=submit]');
    await page.says('.slider output[for=slice]', /of 12$/);
    expect(await look(format)).toEqual([]);
  });

  test('when an explanation is open, and what the page computes on', async () => {
    await page.press('.machine summary');
    await page.press('[popovertarget=help-viewer]');
    expect(await look('help')).toEqual([]);
    await page.press('.machine summary');
  });

  test('without WebGPU, and in the lab', async () => {
    await page.page.goto(server.address.replace('127.0.0.1', '0.0.0.0'));
    await page.text('main.only');
    expect(await look('unusable')).toEqual([]);
    await page.page.goto(`${server.address}lab.html`);
    await page.says('#verdict', /^Right/);
    expect(await look('lab')).toEqual([]);
    await page.goto(server.address);
    await page.press('.sessions li:last-child [data-do=open]');
    await page.text('.tiles');
    await page.page.waitForFunction(() => document.querySelectorAll('.thumbs canvas').length === 8);
  });
});

/** How many different colours a canvas shows, as the screen has them. */
async function colours(selector: string): Promise<number> {
  const { data: pixels } = await page.pixels(selector);
  return new Set(new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length / 4)).size;
}

/** As {@link colours} of the map, of what the browser puts on the screen. */
async function onScreen(): Promise<number> {
  const shot = await (await page.page.$('#map'))!.screenshot();
  const { data: bytes, channels } = decodeImage(Uint8Array.from(shot), 'shot.png');
  const seen = new Set<number>();
  for (let i = 0; i < bytes.length; i += channels) seen.add((bytes[i] << 16) | (bytes[i + 1] << 8) | bytes[i + 2]);
  return seen.size;
}

describe('when the GPU process dies with results on screen', () => {
  test('pictures are drawn again, and what was learned can be saved, however often', async () => {
    const before = [await colours('#map'), await colours('.thumbs canvas')];
    expect(Math.min(...before)).toBeGreaterThan(10);
    const seen = await onScreen();
    expect(seen).toBeGreaterThan(100);
    for (let deaths = 1; deaths <= 2; deaths++) {
      await killGpu(page);
      await expect.poll(() => colours('#map'), { timeout: 60_000 }).toBe(before[0]);
      await expect.poll(() => colours('.thumbs canvas'), { timeout: 60_000 }).toBe(before[1]);
      await expect.poll(onScreen, { timeout: 60_000 }).toBeGreaterThan(seen / 2);
      await page.press('#save-adapters');
      expect(readFileSync(await page.download(/safetensors$/)).length).toBeGreaterThan(1000);
    }
  });

  test('images are scored again, or the sentence says what to do', async () => {
    await page.drop('[data-zone=predict]', join(data, 'test'));
    const answer = '#decisions, [role=alert]';
    await page.page.waitForFunction(
      (at) =>
        [...document.querySelectorAll(at)].some((node) => /of 8 images|Restart|restart/.test(node.textContent ?? '')),
      { timeout: 300_000 },
      answer,
    );
    if (await page.page.$('[role=alert]')) expect(await look('no-gpu')).toEqual([]);
    expect(page.failures).toEqual([]);
  });
});

describe('when the storage is full', () => {
  test('the sentence says so and what helps, and what is on screen stays', async () => {
    if (await page.page.$('.dismiss')) await page.press('.dismiss');
    const cdp = await page.page.createCDPSession();
    const origin = new URL(server.address).origin;
    const shown = await page.text('#decisions');
    await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
    await page.drop('[data-zone=predict]', join(data, 'test/good'));
    expect(await page.text('[role=alert]')).toMatch(/storage is full.*(remove|free|delete)/i);
    expect(await page.text('#decisions')).toBe(shown);
    expect(await look('full')).toEqual([]);
    await cdp.send('Storage.overrideQuotaForOrigin', { origin });
    await page.press('.dismiss');
    await page.drop('[data-zone=predict]', join(data, 'test/good'));
    await page.says('#decisions', /of 4 images/);
    expect(page.failures).toEqual([]);
  });
});
