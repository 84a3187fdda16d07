import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElementHandle, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeModel, writeSet } from '../../cli/program.ts';
import { BrowserPage, PATIENCE } from '../browser_page.ts';
import { type StaticServer, serveFolder } from '../static_server.ts';

let folder = '';
let data = '';
let own = '';
let server: StaticServer;
let page: BrowserPage;
let scores: Record<string, number> = {};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-hostile-'));
  data = writeSet(join(folder, 'Brain_AD'));
  own = await writeModel(join(folder, 'mine.safetensors'));
  server = await serveFolder('dist/app');
  page = await BrowserPage.open();
  await page.goto(server.address);
  await page.chooseModel(own);
  await page.page.waitForSelector('[data-model=mine]');
  await page.press('input[value=folders]');
  await page.drop('[data-zone=set]', data);
  await page.text('.summary');
  await page.page.select('#model', 'mine');
  await page.set('#shots', 1);
  await page.set('#epochs', 1);
  await page.press('button[type=submit]');
  await page.text('.tiles');
  await page.phase('idle');
  // What is kept is listed a moment later.
  await page.text('.sessions li');
  scores = await page.scores();
});

afterAll(async () => {
  await page?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const sessions = () => page.page.$$eval('.sessions li', (rows) => rows.length);

/** Lets images be scored, and waits until they are. */
async function predict(path: string): Promise<string> {
  const before = await sessions();
  await page.drop('[data-zone=predict]', path);
  await page.page.waitForFunction(
    (count) => document.querySelectorAll('.sessions li').length > count,
    { timeout: PATIENCE },
    before,
  );
  await page.phase('idle');
  return page.text('#decisions');
}

/** What the page says went wrong; what was on screen stays there. */
async function refused(sentence: RegExp): Promise<void> {
  await page.says('[role=alert]', sentence);
  await page.phase('idle', 'paused');
  await page.press('.dismiss');
}

describe('new images', () => {
  test('none of which can be read are refused, and leave nothing behind', async () => {
    const count = await sessions();
    mkdirSync(join(folder, 'Rubbish'));
    for (const name of ['a.png', 'b.jpg', 'c.dcm']) writeFileSync(join(folder, 'Rubbish', name), `no ${name} at all`);
    await page.drop('[data-zone=predict]', join(folder, 'Rubbish'));
    await refused(/Rubbish\/[abc]\.|Rubbish/);
    expect(await page.scores()).toEqual(scores);
    expect(await sessions()).toBe(count);
    writeFileSync(join(folder, 'empty.png'), '');
    await page.drop('[data-zone=predict]', join(folder, 'empty.png'));
    await refused(/empty\.png/);
    writeFileSync(join(folder, 'letter.docx'), 'PK\x03\x04 and so on');
    await page.drop('[data-zone=predict]', join(folder, 'letter.docx'));
    await refused(/letter\.docx|image/);
    expect(await page.scores()).toEqual(scores);
  });

  test.each(['tiny-clip', '@data', '@kept', 'generated:T:1', 'a b#c%20?d', 'Röntgen 胸部'])(
    'of a folder called %s are scored as those of any other',
    async (name) => {
      cpSync(join(data, 'test/good'), join(folder, 'named', name), { recursive: true });
      expect(await predict(join(folder, 'named', name))).toMatch(/of 4 images/);
      const found = Object.entries(await page.scores());
      for (const [id, score] of found) {
        expect(Math.abs(score - scores[`test/good/img/${id.split('/').at(-1)}`]), id).toBeLessThan(1e-5);
      }
      // The picture comes from the file itself.
      await page.says('.views figure:first-of-type figcaption', /^Image$/);
    },
  );

  test('that fail leave those on screen with their pictures', async () => {
    expect(await predict(join(data, 'test/Ungood'))).toMatch(/of 4 images/);
    await page.drop('[data-zone=predict]', join(folder, 'empty.png'));
    await refused(/empty\.png/);
    await page.press('.thumbs label:last-of-type input');
    await page.page.waitForFunction(() => !/not at hand/.test(document.querySelector('.controls')!.textContent ?? ''));
    await page.says('.views figure:first-of-type figcaption', /^Image$/);
  });
});

describe('adapters', () => {
  test('that are none are refused', async () => {
    const input = (await page.page.$('#load-adapters')) as ElementHandle<HTMLInputElement>;
    await input.uploadFile(own);
    await refused(/mine\.safetensors/);
    writeFileSync(join(folder, 'zero.safetensors'), '');
    await input.uploadFile(join(folder, 'zero.safetensors'));
    await refused(/zero\.safetensors/);
  });

  test('are scored like any other work: it can be stopped, and nothing begins beside it', async () => {
    await page.press('.sessions li:last-child [data-do=open]');
    await page.text('.tiles');
    await page.press('#save-adapters');
    const file = await page.download(/safetensors$/);
    await page.drop('[data-zone=set]', data);
    await page.phase('idle');
    const phases = page.page.evaluate(
      () =>
        new Promise<string[]>((resolve) => {
          const main = document.querySelector('main')!;
          const seen: string[] = [];
          new MutationObserver(() => {
            const phase = main.dataset.phase!;
            // The set that was dropped may still be read.
            if (seen.length === 0 && phase !== 'scoring') return;
            if (seen.at(-1) !== phase) seen.push(phase);
            if (phase === 'idle') resolve(seen);
          }).observe(main, { attributes: true });
        }),
    );
    await ((await page.page.$('#load-adapters')) as ElementHandle<HTMLInputElement>).uploadFile(file);
    expect(await phases).toEqual(['scoring', 'idle']);
    await page.text('.tiles');
    expect(Object.keys(await page.scores())).toHaveLength(8);
  });
});

describe('settings', () => {
  test.each([
    ['#object', 'x'.repeat(3000)],
    ['#object', '"; DROP TABLE images; --'],
    ['#object', '<img src=x onerror=alert(1)>'],
    ['#object', '肝臓 🫀'],
  ])('%s may be %s: it trains, or it is said', async (field, value) => {
    await page.set(field, value);
    await page.press('button[type=submit]');
    await page.page.waitForSelector('main:not([data-phase=idle])', { timeout: 5000 }).catch(() => {});
    await page.phase('idle');
    const alert = await page.page.$('[role=alert]');
    if (alert) await refused(/./);
    expect(page.failures).toEqual([]);
    expect(page.dialogs).toEqual([]);
  });
});

describe('kept work', () => {
  test('that was paused and is deleted is over', async () => {
    await page.set('#object', 'Brain');
    await page.set('#epochs', 8);
    await page.press('button[type=submit]');
    await page.text('.chart');
    await page.press('#pause');
    await page.phase('paused');
    await page.press('.sessions li.open [data-do=delete]');
    await page.press('.sessions li.open [data-do=confirm]');
    await page.phase('idle');
    expect(await page.page.$('#resume')).toBeNull();
  });

  test('is left alone by another tab while something is at work on it', async () => {
    await page.press('#keep-images');
    await page.set('#epochs', 200);
    await page.press('button[type=submit]');
    await page.text('.chart');
    const other: Page = await page.page.browser().newPage();
    await other.goto(server.address);
    await other.waitForSelector('main[data-phase=paused]', { timeout: PATIENCE });
    const said = async (press: string) => {
      await other.$eval(press, (node) => (node as HTMLElement).click());
      const alert = await other.waitForSelector('[role=alert] p', { timeout: PATIENCE });
      return alert!.evaluate((node) => node.textContent);
    };
    expect(await said('#resume')).toMatch(/at work in another tab/);
    await other.$eval('.dismiss', (node) => (node as HTMLElement).click());
    await other.$eval('.sessions li.open [data-do=delete]', (node) => (node as HTMLElement).click());
    await other.waitForSelector('.sessions li.open [data-do=confirm]');
    expect(await said('.sessions li.open [data-do=confirm]')).toMatch(/at work in another tab/);
    await other.close();
    await page.press('#pause');
    await page.phase('paused');
  });

  test('says when the storage is full in the middle of a training, which goes on when there is room', async () => {
    const cdp = await page.page.createCDPSession();
    const { origin } = new URL(server.address);
    await page.press('#resume');
    await page.says('.progress p', /^Epoch/);
    await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
    expect(await page.text('[role=alert]')).toMatch(/storage is full/);
    await cdp.send('Storage.overrideQuotaForOrigin', { origin });
    await page.phase('paused');
    await page.press('#resume');
    await page.says('.progress p', /^Epoch/);
    await page.press('#pause');
    await page.phase('paused');
    await page.press('.sessions li.open [data-do=delete]');
    await page.press('.sessions li.open [data-do=confirm]');
    await page.phase('idle');
    expect(page.failures).toEqual([]);
    expect(readFileSync(own).length).toBeGreaterThan(0);
  });
});
