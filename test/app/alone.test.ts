import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeModel, writeSet } from '../cli/program.ts';
import { BrowserPage } from './browser_page.ts';
import { serveFolder } from './static_server.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

let folder = '';
let data = '';
let own = '';
let page: BrowserPage;

/** Chooses images and a small model, trains in a few steps, and waits for the scores. */
async function wholeJob(): Promise<Record<string, number>> {
  await page.press('input[value=folders]');
  await page.drop('[data-zone=set]', data);
  await page.text('.summary');
  await page.chooseModel(own);
  await page.page.waitForSelector('[data-model=mine]');
  await page.page.select('#model', 'mine');
  await page.set('#shots', 1);
  await page.set('#epochs', 1);
  await page.press('button[type=submit]');
  await page.text('.tiles');
  return page.scores();
}

beforeAll(async () => {
  if (!process.env.FUSIONCLIP_BUILT) {
    await promisify(execFile)(process.execPath, ['scripts/build.mjs', 'app', 'lab', 'single'], { cwd: ROOT });
  }
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-alone-'));
  data = writeSet(join(folder, 'Brain_AD'));
  own = await writeModel(join(folder, 'mine.safetensors'));
  page = await BrowserPage.open();
});

afterAll(async () => {
  await page?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the page without its server', () => {
  test('is one file that does the whole job from disk', async () => {
    const file = join(ROOT, 'dist/fusionclip.html');
    expect(statSync(file).size).toBeLessThan(8_000_000);
    await page.goto(pathToFileURL(file).href);
    expect(await page.text('.machine dl')).toContain('MiB');
    const scores = await wholeJob();
    expect(Object.keys(scores)).toHaveLength(8);
    await page.press('#take-report');
    expect(readFileSync(await page.download(/report\.html$/), 'utf8')).toContain('Brain_AD');
    await page.press('#save-adapters');
    await page.download(/safetensors$/);
    await page.drop('[data-zone=predict]', join(data, 'test/good'));
    await page.says('#decisions', /of 4 images predicted/);
    // The model inside is read from the file itself.
    await page.page.select('#model', 'tiny-clip');
    await page.press('button[type=submit]');
    // Not of the whole body, where this file has its megabytes of program.
    await page.says('main', /weights: 39 matrices/);
    const elsewhere = page.requests.filter((each) => !/^(file|blob|data):/.test(each));
    expect(elsewhere).toEqual([]);
    expect(page.messages.filter((text) => /Content Security Policy/.test(text))).toEqual([]);
    expect(page.failures).toEqual([]);
  });

  test('works on when its server is gone', async () => {
    const server = await serveFolder(join(ROOT, 'dist/app'), '/some/where/');
    await page.goto(server.address);
    await page.page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    await page.page.goto(`${server.address}lab.html`);
    await page.page.waitForSelector('#run:not(:disabled)');
    await page.goto(server.address);
    server.close();
    await page.page.goto(`${server.address}lab.html`);
    await page.page.waitForSelector('#run:not(:disabled)');
    await page.goto(server.address);
    expect(Object.keys(await wholeJob())).toHaveLength(8);
    // Random weights need no file.
    await page.page.select('#model', 'generated:T:1');
    await page.press('button[type=submit]');
    await page.says('main', /weights: 31 matrices/);
    expect(page.failures).toEqual([]);
  });

  test.each([
    ["worker-src 'none'", 'main.only', /worker that computes did not start.*policy of the server/],
    ["worker-src 'self'", 'main[data-phase=idle]', /Show it a few images/],
    ["script-src 'none'", '#app', /Starting\. If this sentence stays.*Content-Security-Policy/s],
  ])('says what a policy of the server forbids: %s', async (policy, selector, sentence) => {
    const server = await serveFolder(join(ROOT, 'dist/app'), '/', { 'content-security-policy': policy });
    try {
      await page.page.goto(server.address);
      await page.says(selector, sentence);
    } finally {
      server.close();
    }
  });
});
