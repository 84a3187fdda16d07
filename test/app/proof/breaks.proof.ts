import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElementHandle } from 'puppeteer-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { writeModel, writeSet } from '../../cli/program.ts';
import { BrowserPage, PATIENCE } from '../browser_page.ts';
import { type StaticServer, serveFolder } from '../static_server.ts';
import { killGpu } from './gpu_process.ts';

let folder = '';
let data = '';
let own = '';
let server: StaticServer;
let page: BrowserPage;
/** Scores of the training that nothing breaks. */
let whole: Record<string, number> = {};

/** Opens a browser of its own with the images in the page, which keeps them. */
async function ready(): Promise<void> {
  page = await BrowserPage.open();
  await page.goto(server.address);
  await page.chooseModel(own);
  await page.page.waitForSelector('[data-model=mine]');
  await page.press('#keep-images');
}

/** Gives the page its images, and a training of eight steps. */
async function give(): Promise<void> {
  await page.press('input[value=folders]');
  await page.drop('[data-zone=set]', data);
  await page.text('.summary');
  await page.page.select('#model', 'mine');
  await page.set('#shots', 1);
  await page.set('#epochs', 4);
}

/** Waits for the very moment in which the page says this, and does something in it. @returns what to wait for */
async function when(said: RegExp, act: () => Promise<unknown>): Promise<() => Promise<void>> {
  let seen: () => void = () => {};
  const moment = new Promise<void>((resolve) => {
    seen = resolve;
  });
  const name = `seen${Math.random().toString(36).slice(2)}`;
  await page.page.exposeFunction(name, seen);
  const watch = (source: string, call: string) => {
    const wanted = new RegExp(source);
    const watcher = new MutationObserver(() => {
      if (!wanted.test(document.querySelector('.progress p')?.textContent ?? '')) return;
      watcher.disconnect();
      void (globalThis as unknown as Record<string, () => Promise<void>>)[call]();
    });
    watcher.observe(document.body, { subtree: true, childList: true, characterData: true });
  };
  await page.page.evaluate(watch, said.source, name);
  return async () => {
    const timer = setTimeout(() => seen(), PATIENCE);
    await moment;
    clearTimeout(timer);
    // It was seen, and is not over: what comes next would not be a break.
    expect(await page.page.evaluate(() => document.querySelector('main')!.dataset.phase)).not.toBe('idle');
    await act();
  };
}

/** What the page says while a training goes by, in its order. */
const MOMENTS: readonly (readonly [string, RegExp])[] = [
  ['while the model loads', /^Loading the model/],
  ['while the support images are looked at', /^Looking at the support images|^Compiling/],
  ['in the middle of the training', /^Epoch [23]/],
  ['while test images are scored', /^Scoring the test images|^Computing metrics/],
];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-breaks-'));
  data = writeSet(join(folder, 'Brain_AD'));
  own = await writeModel(join(folder, 'mine.safetensors'));
  server = await serveFolder('dist/app');
  await ready();
  await give();
  await page.press('button[type=submit]');
  await page.text('.tiles');
  whole = await page.scores();
});

afterAll(async () => {
  await page?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const reload = () => page.goto(server.address);

/** Chooses a folder; the page may be gone before that is known to have been heard. */
async function choose(selector: string, path: string): Promise<void> {
  const input = (await page.page.$(selector)) as ElementHandle<HTMLInputElement>;
  await input.uploadFile(path).catch(() => {});
}

const sessions = () => page.page.$$eval('.sessions li', (rows) => rows.length);

/** Lets the training go on to its end, whose scores are those without a break. */
async function endsTheSame(count = 1): Promise<void> {
  // What was open last is opened again; there may be nothing.
  await page.page.waitForSelector('#resume, .tiles', { timeout: PATIENCE }).catch(() => {});
  await page.phase('paused', 'idle');
  // Images that were not kept yet are asked for.
  const asked = () =>
    page.page.$$eval('p.warning', (all) => all.some((one) => /keep its images/.test(one.textContent ?? '')));
  if (await asked()) {
    await page.drop('[data-zone=set]', data);
    await expect.poll(asked, { timeout: PATIENCE }).toBe(false);
    // The question goes when they come; then they are looked at.
    await page.phase('paused', 'idle');
  }
  if (await page.page.$('#resume')) await page.press('#resume');
  else if ((await sessions()) < count && (await page.page.$('main[data-phase=idle]'))) {
    // It ended before the training was written down: there is nothing to go on with.
    await give();
    await page.press('button[type=submit]');
  }
  await page.text('.tiles');
  await page.page.waitForFunction(
    (wanted) => document.querySelectorAll('.sessions li').length === wanted && document.querySelector('.tiles'),
    { timeout: PATIENCE },
    count,
  );
  await page.phase('idle');
  expect(await page.scores()).toEqual(whole);
  expect(page.failures).toEqual([]);
}

describe('a page that is loaded again', () => {
  test('while images are read takes them once more', async () => {
    await page.press('input[value=folders]');
    await choose('[data-zone=set] input', data);
    await page.phase('preparing');
    await reload();
    await endsTheSame();
  });

  test.each(MOMENTS)('%s goes on to the same scores', async (_, said) => {
    const before = await sessions();
    await give();
    const moment = await when(said, reload);
    await page.press('button[type=submit]');
    await moment();
    await endsTheSame(before + 1);
  });

  test('while new images are scored shows what was there before', async () => {
    const before = await sessions();
    expect(await page.scores()).toEqual(whole);
    const moment = await when(/./, reload);
    await choose('[data-zone=predict] input', join(data, 'test'));
    await moment();
    await page.text('.tiles');
    expect(await page.scores()).toEqual(whole);
    expect(await sessions()).toBe(before);
    // Nothing of what was broken off is left.
    const kept = () =>
      page.page.evaluate(async () => {
        const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('fusionclip');
        const names: string[] = [];
        const folders = (await root.getDirectoryHandle('sessions')) as unknown as { keys(): AsyncIterable<string> };
        for await (const name of folders.keys()) names.push(name);
        return names;
      });
    await expect.poll(kept, { timeout: PATIENCE }).toHaveLength(before);
  });
});

describe('a GPU process that is ended', () => {
  // A browser that loses it too often starts no other.
  beforeEach(async () => {
    await page.close();
    await ready();
    await give();
  });

  test('while nothing runs is made good before the training', async () => {
    await killGpu(page);
    await page.press('button[type=submit]');
    await endsTheSame();
  });

  test.each(MOMENTS)('%s: the training goes on to the same scores', async (_, said) => {
    const moment = await when(said, () => killGpu(page));
    await page.press('button[type=submit]');
    await moment();
    await endsTheSame();
  });

  test('while new images are scored: they are scored, or it is said', async () => {
    await page.press('button[type=submit]');
    await page.text('.tiles');
    const moment = await when(/./, () => killGpu(page));
    await page.drop('[data-zone=predict]', join(data, 'test'));
    await moment();
    await page.page.waitForFunction(
      () => document.querySelector('#decisions, [role=alert]') && document.querySelector('main[data-phase=idle]'),
      { timeout: PATIENCE },
    );
    if (await page.page.$('[role=alert]')) {
      expect(await page.text('[role=alert]')).toMatch(/GPU device was lost/);
      expect(await page.scores()).toEqual(whole);
      await page.drop('[data-zone=predict]', join(data, 'test'));
    }
    expect(await page.text('#decisions')).toMatch(/of 8 images/);
    expect(page.failures).toEqual([]);
  });
});
