import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodePng } from '../../../src/data/png.ts';
import { writeModel, writeSet } from '../../cli/program.ts';
import { BrowserPage, PATIENCE } from '../browser_page.ts';
import { type StaticServer, serveFolder } from '../static_server.ts';

let folder = '';
let server: StaticServer;
let page: BrowserPage;

/** Drops the set of two classes, and chooses the small model. */
async function set(): Promise<void> {
  await page.press('input[value=folders]');
  await page.drop('[data-zone=set]', join(folder, 'Brain_AD'));
  await page.text('.summary');
  await page.page.select('#model', 'mine');
  await page.set('#shots', 1);
}

async function train(epochs: number): Promise<void> {
  await page.set('#epochs', epochs);
  await page.press('button[type=submit]');
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-tabs-'));
  writeSet(join(folder, 'Brain_AD'));
  const own = await writeModel(join(folder, 'mine.safetensors'));
  server = await serveFolder('dist/app');
  page = await BrowserPage.open();
  await page.goto(server.address);
  await page.chooseModel(own);
  await page.page.waitForSelector('[data-model=mine]');
  await set();
  await page.press('#keep-images');
  await train(1);
  await page.text('.tiles');
  await page.phase('idle');
});

afterAll(async () => {
  await page?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A second tab at the same address. */
async function tab(): Promise<Page> {
  const other = await page.page.browser().newPage();
  await other.goto(server.address);
  await other.waitForSelector('main[data-phase=idle], main[data-phase=paused]', { timeout: PATIENCE });
  return other;
}

const click = (at: Page, selector: string) => at.$eval(selector, (node) => (node as HTMLElement).click());

const rows = (at: Page) => at.$$eval('.sessions li', (all) => all.length);

describe('two tabs', () => {
  test('that both train keep two sessions, with the same scores', async () => {
    const scores = await page.scores();
    const other = await tab();
    const before = await rows(other);
    // What was open last is open here too: its data set, and its settings.
    await other.waitForSelector('.tiles', { timeout: PATIENCE });
    await other.select('#model', 'mine');
    await other.$eval('#shots', (node) => {
      (node as HTMLInputElement).value = '1';
      node.dispatchEvent(new Event('input', { bubbles: true }));
    });
    await other.$eval('#epochs', (node) => {
      (node as HTMLInputElement).value = '1';
      node.dispatchEvent(new Event('input', { bubbles: true }));
    });
    await Promise.all([page.press('button[type=submit]'), click(other, 'button[type=submit]')]);
    await page.page.waitForFunction(
      (count) => document.querySelectorAll('.sessions li').length > count,
      { timeout: PATIENCE },
      before,
    );
    await page.phase('idle');
    await other.bringToFront();
    await other.waitForFunction(
      (count) => document.querySelectorAll('.sessions li').length > count + 1,
      { timeout: PATIENCE },
      before,
    );
    await other.waitForSelector('main[data-phase=idle]', { timeout: PATIENCE });
    expect(await page.scores()).toEqual(scores);
    expect(await rows(other)).toBe(before + 2);
    await other.close();
    await page.page.bringToFront();
  });

  test('that both delete the same session: it is gone in both, and nothing fails', async () => {
    await page.goto(server.address);
    await page.text('.tiles');
    const other = await tab();
    await other.waitForSelector('.tiles', { timeout: PATIENCE });
    const before = await rows(other);
    for (const each of [other, page.page]) {
      await click(each, '.sessions li:last-child [data-do=delete]');
      await each.waitForSelector('.sessions li:last-child [data-do=confirm]');
    }
    await Promise.all([
      click(other, '.sessions li:last-child [data-do=confirm]'),
      click(page.page, '.sessions li:last-child [data-do=confirm]'),
    ]);
    for (const each of [other, page.page]) {
      await each.bringToFront();
      await each.waitForFunction(
        (count) => document.querySelectorAll('.sessions li').length === count,
        { timeout: PATIENCE },
        before - 1,
      );
      const said = await each.$eval('body', (body) => body.querySelector('[role=alert]')?.textContent ?? '');
      expect(said).not.toMatch(/undefined|null|not found/i);
    }
    await other.close();
    await page.page.bringToFront();
    expect(page.failures).toEqual([]);
  });

  test('of which one trains: the other opens its session, renames it, and after its end sees the results', async () => {
    await set();
    await train(60);
    await page.text('.chart');
    const other = await tab();
    await other.waitForSelector('main[data-phase=paused]', { timeout: PATIENCE });
    await click(other, '.sessions li.open [data-do=open]');
    await other.waitForSelector('main[data-phase=paused]', { timeout: PATIENCE });
    await other.$eval('.sessions li.open input', (node) => {
      (node as HTMLInputElement).value = 'a name of the other tab';
      node.dispatchEvent(new Event('change', { bubbles: true }));
    });
    await page.page.bringToFront();
    await page.phase('idle');
    await page.text('.tiles');
    // The other one thinks that it can go on.
    await other.bringToFront();
    await click(other, '#resume');
    await other.waitForFunction(() => document.querySelector('[role=alert]') || document.querySelector('.tiles'), {
      timeout: PATIENCE,
    });
    const alert = await other.$eval('body', (body) => body.querySelector('[role=alert]')?.textContent ?? '');
    expect(alert).toBe('');
    const name = await other.$eval('.sessions li.open input', (node) => (node as HTMLInputElement).value);
    expect(name).toBe('a name of the other tab');
    await other.close();
    await page.page.bringToFront();
    expect(page.failures).toEqual([]);
  });
});

/** Writes a file of the newest session, or removes it. */
async function damage(file: string, text: string | null): Promise<string> {
  return page.page.evaluate(
    async (path, content) => {
      const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('fusionclip');
      const sessions = await root.getDirectoryHandle('sessions');
      const names: string[] = [];
      for await (const name of (sessions as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(name);
      const id = names.sort().at(-1)!;
      let at = await sessions.getDirectoryHandle(id);
      const parts = path.split('/');
      for (const part of parts.slice(0, -1)) at = await at.getDirectoryHandle(part);
      const handle = await at.getFileHandle(parts.at(-1)!, { create: true });
      const before = await (await handle.getFile()).text();
      if (content === null) await at.removeEntry(parts.at(-1)!);
      else {
        const writer = await handle.createWritable();
        await writer.write(content);
        await writer.close();
      }
      return before;
    },
    file,
    text,
  );
}

describe('a kept session', () => {
  test.each([
    ['session.json', '{}'],
    ['session.json', 'null'],
    ['session.json', '[1, 2]'],
    ['session.json', '{"id": "../../models", "name": 5, "kind": "study", "version": 9}'],
    ['session.json', '{"name": "half'],
    ['session.json', ''],
  ])('whose %s is %s is listed as damaged, and can be deleted', async (file, text) => {
    const whole = await damage(file, text);
    await page.goto(server.address);
    await page.text('.sessions li');
    expect(await page.text('.sessions')).toMatch(/cannot be read: its file is damaged/);
    expect(page.failures).toEqual([]);
    await damage(file, whole);
  });

  test.each([
    ['run/results.json', '{}'],
    ['run/results.json', null],
    ['run/results.json', '{"selected": 5}'],
    ['run/predictions.csv', ''],
    ['run/predictions.csv', null],
    ['run/predictions.csv', 'id,score\n'],
    ['run/data.json', '{"x":'],
    ['run/config.json', '{}'],
    ['run/metrics.jsonl', '{"type":"step"}\nnull\n'],
  ])('whose %s is %s is opened, or it is said, and the page works on', async (file, text) => {
    const bytes = await damage(file, text);
    await page.goto(server.address);
    await page.page.waitForFunction(() => document.querySelector('[role=alert]') || document.querySelector('.tiles'), {
      timeout: PATIENCE,
    });
    await page.phase('idle', 'paused');
    const said = await page.page.$eval('body', (body) => body.querySelector('[role=alert]')?.textContent ?? '');
    expect(said).toMatch(/^$|is not whole, or of another version/);
    await damage(file, bytes);
    expect(page.failures.splice(0)).toEqual([]);
  });
});

describe('images of other grey levels', () => {
  test('are refused, and scored all the same where that is chosen', async () => {
    await page.goto(server.address);
    await page.text('.tiles');
    const dark = { width: 64, height: 64, channels: 1 as const, data: new Uint8Array(64 * 64).map((_, i) => i % 9) };
    writeFileSync(join(folder, 'dark.png'), encodePng(dark as never));
    await page.drop('[data-zone=predict]', join(folder, 'dark.png'));
    expect(await page.text('[role=alert]')).toMatch(
      /trained on images of other grey levels.*scored with their grey levels as they are/,
    );
    await page.press('#go-on');
    await page.says('#decisions', /1 image/);
    await page.says('.views figure:first-of-type figcaption', /^Image$/);
    expect(page.failures).toEqual([]);
  });
});
