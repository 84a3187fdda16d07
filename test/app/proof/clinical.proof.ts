import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElementHandle } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeModel, writeSet } from '../../cli/program.ts';
import type { El } from '../../dicom/dicom_maker.ts';
import { sliceFile } from '../../volume/series_maker.ts';
import { BrowserPage, PATIENCE } from '../browser_page.ts';
import { difference } from '../pixels.ts';
import { type StaticServer, serveFolder } from '../static_server.ts';

/** Clinical files of public test sets, where somebody has them: they are no part of this repository. */
const FILES = process.env.CLINICAL ?? '../shared/data/formats';
const SHOTS = process.env.SHOTS ?? '';

let folder = '';
let server: StaticServer;
let page: BrowserPage;

describe.skipIf(!existsSync(FILES))('clinical files', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fusionclip-clinical-'));
    const data = writeSet(join(folder, 'Brain_AD'));
    server = await serveFolder('dist/app');
    page = await BrowserPage.open();
    await page.goto(server.address);
    await page.chooseModel(await writeModel(join(folder, 'mine.safetensors')));
    await page.page.waitForSelector('[data-model=mine]');
    await page.press('input[value=folders]');
    await page.drop('[data-zone=set]', data);
    await page.text('.summary');
    await page.page.select('#model', 'mine');
    await page.set('#shots', 1);
    await page.set('#epochs', 1);
    await page.press('button[type=submit]');
    await page.text('.tiles');
    await page.page.waitForSelector('.sessions li');
    await page.phase('idle');
  });

  afterAll(async () => {
    await page?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Gives a file to be scored; what the page answers. */
  async function give(...paths: string[]): Promise<string> {
    if (await page.page.$('.dismiss')) await page.press('.dismiss');
    const picker = await page.page.$('[data-zone=predict] label:last-of-type input');
    return answer(() => (picker as ElementHandle<HTMLInputElement>).uploadFile(...paths));
  }

  /** What the page answers to an act. */
  async function answer(act: () => Promise<void>): Promise<string> {
    const before = (await page.page.$$('.sessions li')).length;
    await act();
    const answered = (count: number) =>
      document.querySelector('main[data-phase=idle]') &&
      (document.querySelector('[role=alert]') || document.querySelectorAll('.sessions li').length > count);
    await page.page.waitForFunction(answered, { timeout: PATIENCE }, before);
    const alert = await page.page.$eval('main', (main) => main.querySelector('[role=alert] p')?.textContent ?? '');
    return alert || page.text('#decisions');
  }

  test.each([
    // Of other grey levels than the images that were learned from.
    ['dicom/CT_small.dcm', /slice 1 of series-\w+ is far darker than the support images/],
    ['dicom/MR_small.dcm', /1 image predicted/],
    ['dicom/MR_small_RLE.dcm', /1 image predicted/],
    ['dicom/MR_small_bigendian.dcm', /1 image predicted/],
    // Secondary captures: images by themselves.
    ['dicom/JPEG2000.dcm', /1 image predicted/],
    ['dicom/JPEG-lossy.dcm', /image-\w+ is far darker than the support images/],
    ['dicom/SC_rgb_rle.dcm', /./],
    ['dicom/liver_1frame.dcm', /./],
    ['dicom/MR_truncated.dcm', /truncated|ends|cut|missing|short|damaged/],
    ['dicom/rtplan_truncated.dcm', /damaged/],
    ['dicom/badVR.dcm', /./],
    ['nifti/anatomical.nii', /as those of CT do, and the file does not say what it is\.$/],
    ['nifti/example4d.nii.gz', /./],
    ['nifti/niivue_mha.mha', /mha/],
  ])('%s is scored, or a sentence says why not', async (name, answer) => {
    const said = await give(join(FILES, name));
    console.log(`${name}: ${said}`);
    expect(said).toMatch(answer);
    expect(said).not.toMatch(/@|--[a-z]|undefined|\[object/);
    expect(said).toMatch(/^\d+ of \d+ images? predicted|\.$/);
    expect(page.failures).toEqual([]);
  });

  test('an X-ray is scored by itself, and looked at by the window of its file', async () => {
    const path = join(folder, 'xray.dcm');
    const pixels = Array.from({ length: 96 * 80 }, (_, i) => 40 * (i % 96) + 100);
    const more: El[] = [
      [0x00281050, 'DS', '2000'],
      [0x00281051, 'DS', '3900'],
    ];
    const grey = { rows: 80, columns: 96, signed: false, stored: 12, pixels };
    writeFileSync(path, sliceFile(0, { position: null, orientation: null, modality: 'DX', grey, more }));
    expect(await give(path)).toMatch(/1 image predicted/);
    await page.says('#window', /window of the file/);
    expect(page.failures).toEqual([]);
  });

  test('a slice is looked at: its windows, its values, the map off and on by a key, swiped', async () => {
    await give(join(FILES, 'dicom/MR_small.dcm'));
    await page.says('#window', /all values/);
    const names = await page.page.$$eval('#window option', (all) => all.map((one) => one.textContent));
    expect(names).toEqual(expect.arrayContaining(['as the model sees it', '99 % of the values', 'all values']));
    await page.page.$eval('.views', (node) => node.scrollIntoView({ behavior: 'instant', block: 'center' }));
    const box = (await (await page.page.$('#map'))!.boundingBox())!;
    await page.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    expect(await page.text('#value')).toMatch(/^value -?\d+/);
    const seen = () => page.pixels('#map');
    const over = await seen();
    await page.page.keyboard.press('o');
    await page.page.focus('.thumbs input:checked');
    await page.page.keyboard.press('o');
    await page.frame();
    expect(difference((await seen()).data, over.data)).toBeGreaterThan(0.01);
    await page.page.keyboard.press('o');
    await page.frame();
    expect((await seen()).data).toEqual(over.data);
    await page.press('input[name=layout][value=swipe]');
    await page.frame();
    await page.set('#swipe', 1);
    const left = await seen();
    await page.set('#swipe', 0);
    expect(difference((await seen()).data, left.data)).toBeGreaterThan(0.01);
    await page.press('input[name=layout][value=side]');
    if (!SHOTS) return;
    mkdirSync(SHOTS, { recursive: true });
    for (const width of [1440, 1024, 400]) {
      await page.page.setViewport({ width, height: 900 });
      await page.frame();
      await page.page.screenshot({ path: join(SHOTS, `ct-${width}.png`), fullPage: true });
    }
    await page.page.setViewport({ width: 1280, height: 900 });
  });

  test('a volume is gone through by wheel and keys', async () => {
    await give(join(FILES, 'nifti/anatomical.nii'));
    expect(await answer(() => page.press('#go-on'))).toMatch(/\d+ images predicted/);
    const count = () => page.text('.slider output[for=slice]');
    const first = await count();
    await page.page.$eval('.views', (node) => node.scrollIntoView({ behavior: 'instant', block: 'center' }));
    const box = (await (await page.page.$('#map'))!.boundingBox())!;
    await page.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.page.mouse.wheel({ deltaY: -100 });
    await page.page.waitForFunction(
      (old) => document.querySelector('.slider output[for=slice]')!.textContent !== old,
      {},
      first,
    );
    await page.page.focus('.thumbs input:checked');
    await page.page.keyboard.press('PageDown');
    await page.says('.slider output[for=slice]', new RegExp(`^${first}$`));
    if (!SHOTS) return;
    mkdirSync(SHOTS, { recursive: true });
    await page.page.screenshot({ path: join(SHOTS, 'volume-1280.png'), fullPage: true });
  });
});
