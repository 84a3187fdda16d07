import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyInput } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeModel, writeSet } from '../../cli/program.ts';
import { BrowserPage } from '../browser_page.ts';
import { type StaticServer, serveFolder } from '../static_server.ts';

let folder = '';
let data = '';
let server: StaticServer;
let page: BrowserPage;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-keyboard-'));
  data = writeSet(join(folder, 'Brain_AD'));
  server = await serveFolder('dist/app');
  page = await BrowserPage.open();
  await page.goto(server.address);
  await page.page.waitForSelector('.families canvas');
  // Files of models are chosen as folders are, below.
  await page.chooseModel(await writeModel(join(folder, 'mine.safetensors')));
  await page.page.waitForSelector('[data-model=mine]');
  await page.page.select('#model', 'generated:T:1');
});

afterAll(async () => {
  await page?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Whether what matches has the focus. */
const focused = (selector: string) =>
  page.page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector);

/** What has the focus, for a message. */
const named = () =>
  page.page.evaluate(() => {
    const at = document.activeElement!;
    const label = at.getAttribute('aria-label') ?? at.closest('label')?.textContent ?? at.textContent ?? '';
    return `${at.tagName.toLowerCase()}${at.id && `#${at.id}`} ${label.slice(0, 40)}`.trim();
  });

async function keys(...names: readonly KeyInput[]): Promise<void> {
  for (const name of names) await page.page.keyboard.press(name);
  await page.frame();
}

/** Presses Tab until the focus is there; it must always be seen where it is. */
async function tabTo(selector: string): Promise<void> {
  const passed: string[] = [];
  for (let presses = 0; presses < 120; presses++) {
    if (await focused(selector)) return;
    await keys('Tab');
    passed.push(await named());
    const seen = await page.page.evaluate(() => {
      const at = document.activeElement!;
      if (at === document.body) return true;
      // Of a hidden control its label is what is seen.
      const shown = at.closest('label') ?? at;
      const style = [at, shown].map((each) => getComputedStyle(each));
      const marked = style.some(({ outlineStyle, outlineWidth }) => outlineStyle !== 'none' && outlineWidth !== '0px');
      const { width, height } = shown.getBoundingClientRect();
      const inner = [...shown.children].some((each) => getComputedStyle(each).outlineStyle !== 'none');
      return (marked || inner) && width > 0 && height > 0;
    });
    expect(seen, `the focus on ${passed.at(-1)} is not seen`).toBe(true);
  }
  throw new Error(`Tab never came to ${selector}; it went by ${passed.join(' | ')}`);
}

/** Where the focus is once the page is idle again. */
async function focusAfter(phase: string): Promise<string> {
  await page.phase(phase);
  await page.frame();
  return named();
}

describe('the keyboard alone', () => {
  test('opens and closes what the page computes on', async () => {
    await tabTo('.machine summary');
    await keys('Enter');
    expect(await page.page.$eval('.machine', (node) => (node as HTMLDetailsElement).open)).toBe(true);
    await keys('Escape');
    expect(await page.page.$eval('.machine', (node) => (node as HTMLDetailsElement).open)).toBe(false);
    expect(await focused('.machine summary')).toBe(true);
  });

  test('walks through the families without starting anything, and makes the images of one', async () => {
    await tabTo('input[name=family]');
    for (const _ of [1, 2, 3]) await keys('ArrowRight');
    expect(await focused('input[name=family]:checked')).toBe(true);
    expect(await page.page.$eval('main', (node) => node.dataset.phase)).toBe('idle');
    expect(await page.page.$('.summary')).toBeNull();
    await tabTo('#use-phantoms');
    await keys('Enter');
    await page.text('.summary');
    expect(await focusAfter('idle')).toMatch(/^button#use-phantoms/);
  });

  test('gives a folder of its own images', async () => {
    await keys('Home');
    await page.page.focus('input[name=source]');
    await keys('ArrowRight');
    await tabTo('[data-zone=set] input');
    const [chooser] = await Promise.all([page.page.waitForFileChooser({ timeout: 10_000 }), keys('Enter')]);
    await chooser.accept([data]);
    await page.says('.summary', /Brain_AD/);
    expect(await focusAfter('idle')).toMatch(/^input Choose folder/);
  });

  test('sets a training, starts it, pauses it and lets it go on', async () => {
    await tabTo('#model');
    await keys('ArrowDown');
    expect(await page.page.$eval('#model', (node) => (node as HTMLSelectElement).value)).toBe('mine');
    await tabTo('button.help');
    await keys('Enter');
    expect(await page.page.$$eval('.help-text:popover-open', (all) => all.length)).toBe(1);
    await keys('Escape');
    expect(await page.page.$$eval('.help-text:popover-open', (all) => all.length)).toBe(0);
    await tabTo('#shots');
    await page.page.keyboard.type('1');
    await tabTo('#epochs');
    await page.page.keyboard.type('4');
    await tabTo('button[type=submit]');
    await keys('Enter');
    await page.phase('training');
    await page.text('.chart');
    expect(await focused('#pause')).toBe(true);
    await keys('Enter');
    await page.phase('paused');
    await page.frame();
    expect(await focused('#resume')).toBe(true);
    await keys('Enter');
    await page.text('.tiles');
    expect(await focusAfter('idle')).not.toMatch(/^body/);
  });

  test('moves the threshold, and hears what it is', async () => {
    await tabTo('#operating');
    const before = await page.text('output[for=operating]');
    await keys('ArrowLeft', 'ArrowLeft');
    const after = await page.text('output[for=operating]');
    expect(after).not.toBe(before);
    const said = await page.page.$eval('#operating', (node) => node.getAttribute('aria-valuetext'));
    expect(said).toContain(after);
    const sliders = await page.page.$$eval('input[type=range]', (all) =>
      all.map((one) => `${one.id} ${one.getAttribute('aria-valuetext')}`),
    );
    expect(sliders.length).toBeGreaterThan(2);
    expect(sliders.filter((one) => / (null)?$/.test(one))).toEqual([]);
  });

  test('looks at maps: another image, the map off and on, and closer', async () => {
    await tabTo('.thumbs input:checked');
    const first = await page.text('.picture-name strong');
    await keys('ArrowRight');
    expect(await page.text('.picture-name strong')).not.toBe(first);
    await keys('o');
    expect(await page.page.$eval('#over', (node) => (node as HTMLInputElement).checked)).toBe(false);
    await keys('o', '+');
    expect(await page.text('#zoom')).toBe('150 %');
    await keys('0');
    expect(await page.text('#zoom')).toBe('100 %');
  });

  test('takes the results home, and scores new images', async () => {
    await tabTo('#take-predictions');
    await keys('Enter');
    expect(readFileSync(await page.download(/predictions\.csv$/), 'utf8')).toMatch(/^id,label,score,/);
    await page.phase('idle');
    expect(await focusAfter('idle')).toMatch(/^button#take-predictions/);
    await tabTo('#save-adapters');
    await keys('Enter');
    await page.download(/safetensors$/);
    await tabTo('[data-zone=predict] input');
    const [chooser] = await Promise.all([page.page.waitForFileChooser({ timeout: 10_000 }), keys('Enter')]);
    await chooser.accept([join(data, 'test')]);
    expect(await page.text('#decisions')).toMatch(/of 8 images/);
    expect(await focusAfter('idle')).toMatch(/^input Choose folder/);
  });

  test('names, opens and deletes what is kept', async () => {
    await tabTo('.sessions li:first-child input[type=text]');
    await page.page.keyboard.down('Control');
    await keys('a');
    await page.page.keyboard.up('Control');
    await page.page.keyboard.type('By keyboard');
    await keys('Enter');
    await tabTo('.sessions li:first-child [data-do=delete]');
    await keys('Enter');
    // The question takes the place of the button, and the focus.
    expect(await focused('.sessions li:first-child .row *')).toBe(true);
    await tabTo('[data-do=confirm]');
    await keys('Enter');
    await page.page.waitForFunction(() => document.querySelectorAll('.sessions li').length === 1);
    await page.frame();
    expect(await named()).not.toMatch(/^body/);
    expect(page.failures).toEqual([]);
  });
});
