import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import type { ElementHandle } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fusionclip, writeModel, writeSet } from '../cli/program.ts';
import { BrowserPage } from './browser_page.ts';
import { type StaticServer, serveFolder } from './static_server.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** How far scores of the page and of the command line may be apart; see page.test.ts. */
const TOLERANCE = 1e-4;

let folder = '';
let data = '';
let server: StaticServer;
let page: BrowserPage;
/** A small model. */
let own = '';
/** Scores of the training without a break. */
let whole: Record<string, number> = {};

/** Chooses the user's model and a training of sixteen steps. */
async function settings(): Promise<void> {
  await page.page.select('#model', 'mine');
  await page.set('#shots', 1);
  await page.set('#epochs', 8);
}

/** The training that was not broken off, and the one that keeps its images: later ones stand above. */
const FIRST = '.sessions li:last-child';
const KEPT = '.sessions li:nth-last-child(2)';

/** Opens a session. */
async function open(row: string): Promise<void> {
  await page.press(`${row} [data-do=open]`);
  await page.page.waitForSelector(`${row}.open`);
}

const sessions = () => page.page.$$eval('.sessions li', (rows) => rows.length);

beforeAll(async () => {
  if (!process.env.FUSIONCLIP_BUILT) {
    await promisify(execFile)(process.execPath, ['scripts/build.mjs', 'app', 'node'], { cwd: ROOT });
  }
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-kept-'));
  data = writeSet(join(folder, 'Brain_AD'));
  own = await writeModel(join(folder, 'mine.safetensors'));
  server = await serveFolder(join(ROOT, 'dist/app'));
  page = await BrowserPage.open();
  await page.goto(server.address);
  await page.press('input[value=folders]');
  await page.drop('[data-zone=set]', data);
  await page.text('.summary');
});

const models = () => page.page.$$eval('#model option', (all) => all.map((each) => (each as HTMLOptionElement).value));

afterAll(async () => {
  await page?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the work that the page keeps', () => {
  test('is done with a model of the user, who is told what is none', async () => {
    const before = await models();
    const broken = join(folder, 'broken.safetensors');
    writeFileSync(broken, 'no tensors at all');
    await page.chooseModel(broken);
    expect(await page.text('[role=alert]')).toMatch(/^broken.*\.×$/);
    expect(await models()).toEqual(before);
    await page.chooseModel(own);
    await page.page.waitForSelector('[data-model=mine]');
    expect(await models()).toEqual([...before, 'mine']);
    expect(await page.text('#model')).toMatch(/mine \(1 layer of 64, patch \d+\)/);
  });

  test('is one training after another, of which those that are not finished wait', async () => {
    await settings();
    await page.press('button[type=submit]');
    await page.text('.tiles');
    whole = await page.scores();
    // All on one page: a new one compiles every kernel anew.
    await page.press('#keep-images');
    await page.press('button[type=submit]');
    // In one go: with its kernels compiled this training is over in two seconds.
    await page.page.waitForFunction(() => {
      const trains = /^Epoch/.test(document.querySelector('.progress p')?.textContent ?? '');
      if (trains) (document.querySelector('#pause') as HTMLElement).click();
      return trains;
    });
    await page.phase('paused');
    await page.press('#keep-images');
    await page.press('button[type=submit]');
    await page.says('.settings', /stays in “Kept work”/);
    await page.press('button[type=submit]');
    await page.says('.progress p', /^Epoch/);
    expect(page.dialogs).toEqual([]);
  });

  test('asks for images again that it does not keep', async () => {
    // A browser asks nobody who has not touched the page.
    await page.page.click('h1');
    await page.goto(server.address);
    await page.phase('paused');
    expect(page.dialogs).toEqual(['beforeunload']);
    // The page was left a moment after the training began: with a step behind it, or none.
    const where = /^Paused (after step \d+ of 16|before the first step); the state is kept in this browser/;
    expect(await page.text('.progress p')).toMatch(where);
    expect(await page.text('.warning')).toMatch(/give the folder Brain_AD again/);
    await page.drop('[data-zone=set]', data);
    await page.page.waitForSelector('.warning', { hidden: true });
    await page.phase('paused');
  });

  test('goes on to the same scores after a reload and a device that no other replaces', async () => {
    await open(KEPT);
    await page.phase('paused');
    expect(await page.page.$('.warning')).toBeNull();
    await page.worker.evaluate(() => {
      Object.defineProperty(navigator, 'gpu', { value: { requestAdapter: async () => null } });
    });
    await page.press('#resume');
    await page.says('.progress p', /^Epoch/);
    await page.loseDevice();
    await page.phase('paused');
    expect(await page.text('[role=alert]')).toMatch(/was lost .*no other is to be had .*checkpoint is kept: Resume/);
    await page.goto(server.address);
    await page.phase('paused');
    expect(await page.page.$('.warning')).toBeNull();
    await page.press('#resume');
    await page.text('.tiles');
    expect(await page.scores()).toEqual(whole);
  });

  test('is there after a reload, results, maps and all', async () => {
    await open(FIRST);
    const tiles = await page.text('.tiles');
    await page.goto(server.address);
    expect(await page.text('.tiles')).toBe(tiles);
    expect(await page.scores()).toEqual(whole);
    expect(page.dialogs).toHaveLength(1);
    // Its images were not asked to be kept: the maps are there, and the caption says what is not.
    await page.says('.views figcaption', /not kept/);
    await page.drop('[data-zone=set]', data);
    await page.text('.summary');
    expect(await page.scores()).toEqual(whole);
  });

  test('stays on screen when a drop or a setting is refused', async () => {
    await page.drop('[data-zone=set]', join(data, 'valid/good/img'));
    expect(await page.text('[role=alert]')).toMatch(/is not a data set/);
    expect(await page.scores()).toEqual(whole);
    await page.set('#shots', 5);
    await page.press('button[type=submit]');
    await page.says('[role=alert]', /fewer than the 5 shots/);
    await page.phase('idle');
    expect(await page.scores()).toEqual(whole);
    expect(await sessions()).toBe(3);
    await page.set('#shots', 1);
  });

  test('stays on screen when work is stopped', async () => {
    await page.press('input[value=phantoms]');
    await page.press('input[value=brain]');
    await page.press('#use-phantoms');
    await page.press('#cancel');
    await page.phase('idle');
    expect(await page.text('.summary')).toContain('Brain_AD');
    expect(await page.scores()).toEqual(whole);
    expect(await page.page.$('[role=alert]')).toBeNull();
    await page.press('input[value=folders]');
  });

  test('scores images without labels as the command line does', async () => {
    await page.drop('[data-zone=predict]', join(data, 'test'));
    expect(await page.text('#decisions')).toMatch(/of 8 images predicted abnormal/);
    const here = await page.scores();
    await page.press('#save-adapters');
    const adapters = await page.download(/safetensors$/);
    const out = join(folder, 'out');
    const { code, stdout, stderr } = await fusionclip([
      ...['predict', join(data, 'test'), '--adapters', adapters, '--model', own, '--out', out, '--json'],
    ]);
    expect(code, stderr).toBe(0);
    const { images: rows } = JSON.parse(stdout) as { images: { id: string; score: number }[] };
    const gaps = rows.map(({ id, score }) => Math.abs(score - here[id.slice(data.length + 1)]));
    expect(gaps).toHaveLength(8);
    expect(Math.max(...gaps)).toBeLessThan(TOLERANCE);
    // Files by themselves, too.
    const picker = await page.page.$('[data-zone=predict] label:last-of-type input');
    await (picker as ElementHandle<HTMLInputElement>).uploadFile(join(data, 'test/good/img/0.png'));
    await page.says('#decisions', /of 1 image predicted/);
  });

  test('goes home as the files of the command line', async () => {
    await open(KEPT);
    await page.text('.tiles');
    expect(await page.scores()).toEqual(whole);
    await page.press('#take-predictions');
    const csv = readFileSync(await page.download(/predictions\.csv$/), 'utf8');
    expect(csv.trim().split('\n')).toHaveLength(9);
    expect(csv).toMatch(/^id,label,score,/);
    await page.press('#take-results');
    const results = JSON.parse(readFileSync(await page.download(/results\.json$/), 'utf8'));
    expect(results).toMatchObject({ data: 'Brain_AD', method: expect.any(String) });
    await page.press('#take-report');
    expect(readFileSync(await page.download(/report\.html$/), 'utf8')).toMatch(/^<!doctype html>.*Brain_AD/is);
    await page.press('#take-npy');
    expect(
      readFileSync(await page.download(/npy$/))
        .subarray(1, 6)
        .toString(),
    ).toBe('NUMPY');
    await page.press('#take-png');
    expect(
      readFileSync(await page.download(/png$/))
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    await page.press('#take-everything');
    const files = unzipSync(new Uint8Array(readFileSync(await page.download(/zip$/))));
    expect(new TextDecoder().decode(files['predictions.csv'])).toBe(csv);
    expect(Object.keys(files).filter((name) => /^maps\/.*\.npy$/.test(name))).toHaveLength(8);
    expect(Object.keys(files)).toContain('checkpoint/adapters.safetensors');
    expect(Object.keys(files)).not.toContain('checkpoint/latest.safetensors');
  });

  test('goes on without the model, which is deleted', async () => {
    await page.press('[data-model=mine] [data-do=delete]');
    await page.press('[data-model=mine] [data-do=confirm]');
    await page.page.waitForSelector('[data-model=mine]', { hidden: true });
    expect(await models()).not.toContain('mine');
    await page.drop('[data-zone=predict]', join(data, 'test/good'));
    expect(await page.text('[role=alert]')).toMatch(/trained on mine, which this page has not/);
    expect(await page.scores()).toEqual(whole);
  });

  test('can be renamed, compared and deleted', async () => {
    const count = await sessions();
    await page.page.$eval(`${FIRST} input[type=text]`, (node) => {
      (node as HTMLInputElement).value = 'My first';
      node.dispatchEvent(new Event('change', { bubbles: true }));
    });
    // One of them has scored the same images without their labels.
    const [scored] = await page.page.$$eval('.sessions li', (rows) =>
      rows
        .filter((row) => /^test, /.test(row.querySelector('input')!.value))
        .map((row) => (row as HTMLElement).dataset.session),
    );
    for (const row of [FIRST, `[data-session="${scored}"]`]) await page.press(`${row} .check input`);
    // The new name comes from the storage.
    await page.says('.comparison', /My first.*Image AUROC/);
    await page.says('#differing', /^8 images of the same name in both; 0 called differently/);
    await page.press(`${FIRST} [data-do=delete]`);
    await page.press(`${FIRST} [data-do=confirm]`);
    await page.page.waitForFunction((n) => document.querySelectorAll('.sessions li').length === n, {}, count - 1);
    // It is another one that is on screen.
    expect(await page.scores()).toEqual(whole);
    await page.goto(server.address);
    await page.page.waitForFunction((n) => document.querySelectorAll('.sessions li').length === n, {}, count - 1);
    expect(page.failures).toEqual([]);
  });
});
