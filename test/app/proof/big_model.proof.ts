import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { generateModel, presetConfig } from '../../../src/clip/index.ts';
import { disk } from '../../../src/host/disk.ts';
import { writePhantoms } from '../../../src/phantom/index.ts';
import { BrowserPage } from '../browser_page.ts';
import { type StaticServer, serveFolder } from '../static_server.ts';

/**
 * ViT-L/14 in the page, with as many of its 24 vision blocks as `BIG_LAYERS` says, without which this is left out: on two
 * processors with other work two blocks take a quarter of an hour, and all of them some hours. `BIG_DTYPE` is the type of its
 * weights, `BIG_SHOTS` the images of a class to learn from. What the page says is printed with its seconds.
 */
const { BIG_DTYPE = 'f16', BIG_LAYERS = '', BIG_SHOTS = '1' } = process.env;

let folder = '';
let server: StaticServer;
let page: BrowserPage;
/** What the page said, and the seconds at which it did. */
const said: { readonly at: number; readonly text: string }[] = [];
const begun = performance.now();
/** Waits until the page says something. */
const heard = (what: RegExp) => vi.waitUntil(() => said.some(({ text }) => what.test(text)), { timeout: 3_600_000 });
const seconds = () => (performance.now() - begun) / 1000;

describe.skipIf(!BIG_LAYERS)('the page with a big model', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fusionclip-big-'));
    const config = presetConfig('ViT-L-14');
    const vision = { ...config.vision, layers: Number(BIG_LAYERS) };
    mkdirSync(join(folder, 'model'));
    const writer = await disk.createWriter(join(folder, 'model/model.safetensors'));
    await generateModel({ ...config, vision }, 1, { dtype: BIG_DTYPE as 'f16' | 'f32' }, writer);
    const valid = 2 * Number(BIG_SHOTS);
    await writePhantoms(disk, {
      set: 'brain',
      out: join(folder, 'data'),
      seed: 1,
      train: 0,
      valid,
      test: 4,
      size: 168,
    });
    server = await serveFolder('dist/app');
    page = await BrowserPage.open();
    page.page.setDefaultTimeout(0);
    await page.page.exposeFunction('heard', (text: string) => {
      said.push({ at: seconds(), text });
      console.log(`${seconds().toFixed(1)} s  ${text}`);
    });
    await page.goto(server.address);
    await page.page.evaluate(() => {
      let last = '';
      setInterval(() => {
        const text = document.querySelector('[role=progressbar], progress')?.parentElement?.textContent ?? '';
        const now = `${document.querySelector('main')?.dataset.phase}: ${text.slice(0, 200)}`;
        if (now === last) return;
        last = now;
        void (globalThis as unknown as { heard(text: string): Promise<void> }).heard(now);
      }, 200);
    });
  });

  afterAll(async () => {
    await page?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('stores it', async () => {
    await page.press('.own-models summary');
    const open = () => page.page.$eval('#model-folder', (input) => (input as HTMLElement).click());
    const [chooser] = await Promise.all([page.page.waitForFileChooser(), open()]);
    await chooser.accept([join(folder, 'model')]);
    await page.page.waitForSelector('[data-model=model]', { timeout: 0 });
    expect(await page.text('#model option[value=model]')).toMatch(`${BIG_LAYERS} layers of 1024, patch 14`);
  });

  test('learns with it, says how far it is before the first step, and can be stopped there', async () => {
    await page.press('input[value=folders]');
    await page.drop('[data-zone=set]', join(folder, 'data/Brain'));
    await page.page.waitForSelector('.summary', { timeout: 0 });
    await page.page.select('#model', 'model');
    await page.set('#shots', Number(BIG_SHOTS));
    await page.set('#epochs', 1);
    await page.press('button[type=submit]');
    await heard(/support images: [1-9]/);
    // What was read when it was stored is not read again.
    expect(said.filter(({ text }) => /^training: Reading the model/.test(text))).toEqual([]);
    const stopped = seconds();
    await page.press('#pause');
    await page.page.waitForSelector('main[data-phase=paused]', { timeout: 0 });
    console.log(`stopped in ${(seconds() - stopped).toFixed(1)} s`);
    await page.press('#resume');
    await heard(/support images: .* for the rest of them/);
    await page.page.waitForSelector('.tiles', { timeout: 0 });
    expect(Object.keys(await page.scores())).toHaveLength(4);
  });

  test('scores a new image with it', async () => {
    const begin = seconds();
    await page.drop('[data-zone=predict]', join(folder, 'data/Brain/test/good/img'));
    await page.page.waitForFunction(() => /of 2 images/.test(document.querySelector('#decisions')?.textContent ?? ''), {
      timeout: 0,
    });
    console.log(`two images scored in ${(seconds() - begin).toFixed(1)} s`);
  });
});
