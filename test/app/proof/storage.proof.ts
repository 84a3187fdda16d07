import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { disk } from '../../../src/host/disk.ts';
import { writePhantomVolumes } from '../../../src/phantom/write_volumes.ts';
import { writeModel, writeSet } from '../../cli/program.ts';
import { BrowserPage } from '../browser_page.ts';
import { serveFolder } from '../static_server.ts';
import { killGpu } from './gpu_process.ts';

let folder = '';
let data = '';
let model = '';
let page: BrowserPage;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-storage-'));
  data = writeSet(join(folder, 'Brain_AD'));
  model = await writeModel(join(folder, 'mine.safetensors'));
  page = await BrowserPage.open();
});

afterAll(async () => {
  await page?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Gives the page a set and a small model. */
async function prepare(set: string, epochs: number): Promise<void> {
  await page.press('input[value=folders]');
  await page.drop('[data-zone=set]', set);
  await page.text('.summary');
  await page.chooseModel(model);
  await page.page.waitForSelector('[data-model=mine]');
  await page.page.select('#model', 'mine');
  await page.set('#shots', 1);
  await page.set('#epochs', epochs);
}

/** A copy of the page whose worker is refused what a browser refuses it, as private windows of some do. */
function pageWithout(name: string, refusal: string): string {
  const copy = join(folder, name);
  cpSync('dist/app', copy, { recursive: true });
  const scripts = readdirSync(copy, { recursive: true, withFileTypes: true })
    .filter((one) => /^main.*\.js$/.test(one.name) || /worker.*\.js$/.test(one.name))
    .map((one) => join(one.parentPath, one.name))
    .filter((path) => !path.endsWith('service_worker.js'));
  expect(scripts.length).toBeGreaterThan(0);
  for (const path of scripts) writeFileSync(path, `${refusal}\n${readFileSync(path, 'utf8')}`);
  return copy;
}

const REFUSED = `Object.defineProperty(StorageManager.prototype, 'getDirectory', {
  value: async () => { throw new DOMException('denied', 'SecurityError'); } });`;
const READ_ONLY = `Object.defineProperty(FileSystemFileHandle.prototype, 'createWritable', {
  value: async () => { throw new DOMException('denied', 'NoModificationAllowedError'); } });
if ('createSyncAccessHandle' in FileSystemFileHandle.prototype)
  FileSystemFileHandle.prototype.createSyncAccessHandle = async () => { throw new DOMException('denied', 'NoModificationAllowedError'); };`;

describe('a browser that gives a page no storage', () => {
  test.each([
    ['refuses its folder', REFUSED],
    ['refuses to write', READ_ONLY],
  ])('%s: the page says so, does its work, and asks before it is left', async (name, refusal) => {
    const server = await serveFolder(pageWithout(name, refusal));
    try {
      await page.goto(server.address);
      await page.says('.setup', /keeps nothing for a page opened like this: save what you need/);
      await prepare(data, 12);
      await page.press('button[type=submit]');
      await page.says('.progress p', /Epoch/);
      await page.press('#pause');
      await page.phase('paused', 'idle');
      if (await page.page.$('#resume')) {
        await page.says('.progress p', /kept as long as this page is open/);
        await page.press('#resume');
      }
      await page.text('.tiles');
      expect(Object.keys(await page.scores())).toHaveLength(8);
      // The list has it, it can be named and opened, and its files are there.
      await page.press('.sessions li:first-child [data-do=open]');
      await page.phase('idle');
      await page.text('.tiles');
      await page.press('#take-predictions');
      expect(readFileSync(await page.download(/predictions\.csv$/), 'utf8').split('\n').length).toBeGreaterThan(8);
      expect(page.failures).toEqual([]);
      // Chrome asks those only who have touched the page.
      await page.page.mouse.click(5, 5);
      const asked = page.dialogs.length;
      await page.page.goto('about:blank');
      expect(page.dialogs.slice(asked)).toEqual(['beforeunload']);
      await page.goto(server.address);
      expect(await page.page.$('.sessions')).toBeNull();
    } finally {
      server.close();
    }
  });
});

describe('a GPU process that is ended', () => {
  test('under the single file: its results are drawn again, saved, and new images scored', async () => {
    await page.goto(pathToFileURL(resolve('dist/fusionclip.html')).href);
    await prepare(data, 1);
    await page.press('button[type=submit]');
    await page.text('.tiles');
    await drawnAgain();
    await page.drop('[data-zone=predict]', join(data, 'test/good'));
    await page.page.waitForFunction(
      () => /of 4 images predicted|[Rr]estart/.test(document.querySelector('.results')?.textContent ?? ''),
      { timeout: 300_000 },
    );
    expect(page.failures).toEqual([]);
  });

  test('under slices of a NIfTI volume: they are drawn again, and gone through', async () => {
    const options = { set: 'liver', seed: 2, valid: 2, test: 2, size: 48, depth: 12 } as const;
    const set = await writePhantomVolumes(disk, { ...options, out: join(folder, 'nifti'), format: 'nifti' });
    const server = await serveFolder('dist/app');
    try {
      await page.goto(server.address);
      await prepare(set, 1);
      await page.press('button[type=submit]');
      await page.text('.tiles');
      await page.says('.slider output[for=slice]', /of 12$/);
      await drawnAgain();
      const before = await page.text('.slider output[for=slice]');
      await page.page.focus('.thumbs input:checked');
      await page.page.keyboard.press(before.startsWith('12') ? 'PageUp' : 'PageDown');
      await page.page.waitForFunction(
        (old) => document.querySelector('.slider output[for=slice]')?.textContent !== old,
        {},
        before,
      );
      expect(page.failures).toEqual([]);
    } finally {
      server.close();
    }
  });
});

/** Ends the GPU process; what was on the map is there again, and the adapters can be saved. */
async function drawnAgain(): Promise<void> {
  const colours = async () => {
    const { data: pixels } = await page.pixels('#map');
    return new Set(new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length / 4)).size;
  };
  await page.page.waitForFunction(() => document.querySelectorAll('.thumbs canvas').length > 1);
  await expect.poll(colours, { timeout: 60_000 }).toBeGreaterThan(10);
  const before = await colours();
  await killGpu(page);
  await expect.poll(colours, { timeout: 60_000 }).toBe(before);
  await page.press('#save-adapters');
  expect(readFileSync(await page.download(/safetensors$/)).length).toBeGreaterThan(1000);
}
