import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { ElementHandle } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeModel, writeSet } from '../../cli/program.ts';
import { BrowserPage } from '../browser_page.ts';
import { type StaticServer, serveFolder } from '../static_server.ts';

let folder = '';
let data = '';
let server: StaticServer;
let page: BrowserPage;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-chosen-'));
  data = writeSet(join(folder, 'Brain_AD'));
  for (const name of ['valid/good/img/0.png', 'test/Ungood/img/1.png']) {
    writeFileSync(join(data, name), readFileSync(join(data, name)).subarray(0, 60));
  }
  server = await serveFolder('dist/app');
  page = await BrowserPage.open();
  await page.goto(server.address);
  await page.chooseModel(await writeModel(join(folder, 'mine.safetensors')));
  await page.page.waitForSelector('[data-model=mine]');
});

afterAll(async () => {
  await page?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const shown = (of: string) =>
  page.page.$$eval(`.support [data-class=${of}] li`, (all) => all.map((one) => (one as HTMLElement).dataset.id!));

describe('images that were left out or chosen by hand', () => {
  const left = ['test/Ungood/img/1.png', 'test/Ungood/anomaly_mask/1.png', 'valid/good/img/0.png'];

  test('are what a training keeps, through a reload and a resume', async () => {
    await page.press('input[value=folders]');
    await page.drop('[data-zone=set]', data);
    expect(await page.text('#go-on')).toBe('Go on without these 3 files');
    await page.press('#go-on');
    await page.says('.summary', /3 normal, 4 abnormal.*4 normal, 3 abnormal/);
    await page.page.select('#model', 'mine');
    await page.set('#shots', 2);
    await page.set('#epochs', 8);
    await page.page.waitForFunction(() => document.querySelectorAll('.support li canvas').length === 4);
    await page.press('.support [data-class=normal] [data-do=exchange]');
    await page.press('.support [data-class=abnormal] [data-do=leave-out]');
    await page.frame();
    const support = { normal: await shown('normal'), abnormal: await shown('abnormal') };
    await page.press('button[type=submit]');
    await page.text('.chart');
    await page.press('#pause');
    await page.phase('paused');
    await page.goto(server.address);
    await page.drop('[data-zone=set]', data);
    await page.press('#go-on');
    await page.page.waitForSelector('.warning', { hidden: true });
    await page.press('#resume');
    await page.text('.tiles');
    expect(Object.keys(await page.scores())).toHaveLength(7);
    await page.press('#take-everything');
    const files = unzipSync(new Uint8Array(readFileSync(await page.download(/zip$/))));
    const json = (name: string) => JSON.parse(new TextDecoder().decode(files[name]));
    expect(json('shots.json')).toMatchObject(support);
    for (const file of left) expect(JSON.stringify(json('config.json'))).toContain(file);
    expect(page.failures).toEqual([]);
  });

  test('are left out of what loaded adapters score, too', async () => {
    await page.press('#save-adapters');
    const adapters = await page.download(/safetensors$/);
    await ((await page.page.$('#load-adapters')) as ElementHandle<HTMLInputElement>).uploadFile(adapters);
    await page.page.waitForFunction(() => document.querySelectorAll('.sessions li').length === 2);
    await page.phase('idle');
    expect(Object.keys(await page.scores())).toHaveLength(7);
    cpSync(data, join(folder, 'Other'), { recursive: true });
    await page.drop('[data-zone=set]', join(folder, 'Other'));
    expect(await page.text('#go-on')).toBe('Go on without these 3 files');
  });
});
