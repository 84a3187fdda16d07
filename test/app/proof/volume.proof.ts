import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { overlaid } from '../../../src/base/overlaid.ts';
import { disk } from '../../../src/host/disk.ts';
import { writePhantomVolumes } from '../../../src/phantom/write_volumes.ts';
import { collectVolumes } from '../../../src/volume/collect.ts';
import { writeModel } from '../../cli/program.ts';
import { nifti } from '../../nifti/nifti_maker.ts';
import { BrowserPage } from '../browser_page.ts';
import { difference } from '../pixels.ts';
import { type StaticServer, serveFolder } from '../static_server.ts';

let folder = '';
let data = '';
let server: StaticServer;
let page: BrowserPage;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-volume-'));
  const options = { set: 'liver', seed: 2, valid: 2, test: 2, size: 48, depth: 12 } as const;
  data = await writePhantomVolumes(disk, { ...options, out: folder, format: 'dicom' });
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

const count = () => page.text('.slider output[for=slice]');
const at = async () => Number((await count()).split(' ')[0]);

/** The middle of the map on the page. */
async function middle(): Promise<{ x: number; y: number }> {
  await page.page.$eval('.views', (node) => node.scrollIntoView({ behavior: 'instant', block: 'center' }));
  const box = (await (await page.page.$('#map'))!.boundingBox())!;
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** What the picture of a slice is called that is on screen. */
const caption = () => page.text('.views figure:last-of-type figcaption');

describe('volumes in the page', () => {
  test('are a data set of slices', async () => {
    await page.press('input[value=folders]');
    await page.drop('[data-zone=set]', data);
    expect(await page.text('.summary')).toMatch(/with lesion masks.*volumes: 4 of 4 patients.*DICOM/s);
    await page.page.select('#model', 'mine');
    await page.set('#shots', 1);
    await page.set('#epochs', 1);
    await page.press('button[type=submit]');
    await page.text('.tiles');
    expect(await count()).toMatch(/of 12$/);
    // Of each of the two test patients.
    await page.press('#take-everything');
    const zip = unzipSync(new Uint8Array(readFileSync(await page.download(/zip$/))));
    const maps = Object.keys(zip).filter((name) => /^volumes\/.*\.nii\.gz$/.test(name));
    expect(maps.filter((name) => !/_mask/.test(name))).toHaveLength(2);
    expect(maps).toHaveLength(4);
  });

  test('are gone through by wheel and keys, empty slices and all', async () => {
    const first = await at();
    const { x, y } = await middle();
    await page.page.mouse.move(x, y);
    await page.page.mouse.wheel({ deltaY: 100 });
    await page.says('.slider output[for=slice]', new RegExp(`^${first + 1} of`));
    await page.page.focus('#window-width');
    await page.page.focus('.thumbs input:checked');
    await page.page.keyboard.press('PageUp');
    await page.says('.slider output[for=slice]', new RegExp(`^${first} of`));
    await page.set('#slice', 1);
    await page.says('.views', /No map of this slice/);
    expect(await caption()).toMatch(/No map/);
    await page.set('#slice', first);
    await page.says('.views', /Anomaly map/);
  });

  test('show the values of their files under the pointer, in their units', async () => {
    const { x, y } = await middle();
    await page.page.mouse.move(x, y);
    await page.page.waitForSelector('#value');
    const shown = await page.text('.readout');
    // The page calls patients by a secret of its own.
    const secret = await page.page.evaluate(async () => {
      const kept = await (await navigator.storage.getDirectory()).getDirectoryHandle('fusionclip');
      return (await (await kept.getFileHandle('secret')).getFile()).text();
    });
    const { volumes } = await collectVolumes(overlaid(disk, { secret: async () => secret }), join(data, 'test'));
    const k = (await at()) - 1;
    const name = await page.page.$eval('.thumbs :checked', (node) => (node as HTMLInputElement).value);
    // Of its file the number comes first.
    const patient = `patient ${/patient-\d+-(\w+)/.exec(name)![1]}`;
    const { volume } = volumes.find(({ volume: one }) => one.patient === patient)!;
    const slice = await volume.slice(k);
    if (slice.kind !== 'grey') throw new Error('grey was expected');
    const [column, row] = /column (\d+), row (\d+)/.exec(shown)!.slice(1).map(Number);
    expect([column, row], shown).toEqual([24, 24]);
    const expected = slice.values[row * 48 + column];
    expect(shown).toContain(`value ${expected} HU`);
  });

  test('are shown in windows, by preset, number and drag', async () => {
    const options = await page.page.$$eval('#window option', (all) => all.map((one) => one.textContent));
    expect(options).toEqual(expect.arrayContaining(['as the model sees it', 'liver', 'lung', 'bone', 'all values']));
    const before = await page.pixels('#plain');
    await page.page.select('#window', String(options.indexOf('lung')));
    await page.frame();
    expect(difference((await page.pixels('#plain')).data, before.data)).toBeGreaterThan(0.05);
    await page.page.select('#window', '0');
    await page.frame();
    expect((await page.pixels('#plain')).data).toEqual(before.data);
    const width = () => page.page.$eval('#window-width', (node) => (node as HTMLInputElement).valueAsNumber);
    const old = await width();
    const { x, y } = await middle();
    await page.page.mouse.move(x, y);
    await page.page.mouse.down();
    await page.page.mouse.move(x + 60, y);
    await page.page.mouse.up();
    await page.frame();
    expect(await width()).toBeGreaterThan(old);
  });

  test('are scored without labels, as files by themselves and as folders', async () => {
    const files = readdirSync(data, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile() && /test/.test(one.parentPath) && /\.dcm$/.test(one.name))
      .map((one) => join(one.parentPath, one.name));
    const series = files.filter((one) => dirname(one) === dirname(files[0]));
    await page.drop('[data-zone=predict]', ...series);
    await page.says('#decisions', /of \d+ images predicted abnormal/);
    expect(await count()).toMatch(/of 12$/);
    await page.press('#take-everything');
    const zip = unzipSync(new Uint8Array(readFileSync(await page.download(/zip$/))));
    const maps = Object.keys(zip).filter((name) => /^volumes\/.*\.nii\.gz$/.test(name));
    expect(maps.length).toBeGreaterThan(0);
    expect(page.failures).toEqual([]);
  });

  test('of a file that holds several, one is chosen and is what is shown, through a reload', async () => {
    const file = join(folder, 'two.nii');
    const [size, slices] = [32, 3];
    const count = slices * size ** 2;
    const values = Array.from({ length: 2 * count }, (_, i) => (i < count ? i % size : 600 + (i % size)));
    writeFileSync(file, nifti({ shape: [size, size, slices, 2], values }));
    await page.press('#keep-images');
    await page.drop('[data-zone=predict]', file);
    await page.says('[role=alert]', /holds 2 volumes\./);
    await page.set('#volume', 2);
    expect(await page.page.$eval('#go-on', (button) => (button as HTMLButtonElement).disabled)).toBe(true);
    await page.set('#volume', 1);
    await page.press('#go-on');
    await page.says('.slider output[for=slice]', /of 3$/);
    for (const again of [false, true]) {
      if (again) await page.goto(server.address);
      await page.page.waitForSelector('#map');
      const { x, y } = await middle();
      await page.page.mouse.move(x, y);
      await page.page.waitForSelector('#value');
      expect(await page.text('.readout')).toMatch(/value 6\d\d/);
    }
    expect(page.failures).toEqual([]);
  });

  test('go on with a slice missing once that is chosen, through a reload', async () => {
    const all = readdirSync(data, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile() && /test/.test(one.parentPath) && /\.dcm$/.test(one.name))
      .map((one) => join(one.parentPath, one.name));
    const series = all.filter((one) => dirname(one) === dirname(all[0])).toSorted();
    series.splice(5, 1);
    await page.press('#keep-images');
    await page.drop('[data-zone=predict]', ...series);
    await page.says('[role=alert]', /1 slice of 12 is missing.*those that are there keep their places/s);
    await page.press('#go-on');
    const said = '[aria-labelledby=scores-title]';
    await page.says(said, /1 slice of 12 is missing \(accepted/);
    await page.says('.slider output[for=slice]', /of 12$/);
    const gone: number[] = [];
    for (let one = 1; one <= 12; one++) {
      await page.set('#slice', one);
      await page.says('.slider output[for=slice]', new RegExp(`^${one} of`));
      if (/slice is missing/.test(await page.text('.views'))) gone.push(one);
    }
    expect(gone).toHaveLength(1);
    await page.goto(server.address);
    await page.says('.slider output[for=slice]', /of 12$/);
    expect(await page.text(said)).toMatch(/1 slice of 12 is missing \(accepted/);
    await page.page.waitForSelector('#map');
    // A set of which one series has a gap.
    rmSync(all[0]);
    rmSync(series[6]);
    await page.press('input[value=folders]');
    await page.drop('[data-zone=set]', data);
    await page.press('#go-on');
    await page.says('.summary', /slices? of \d+ (is|are) missing \(accepted/);
    await page.page.select('#model', 'mine');
    await page.set('#shots', 1);
    await page.set('#epochs', 1);
    await page.press('button[type=submit]');
    await page.text('.tiles');
    expect(page.failures).toEqual([]);
  });

  test('of a set whose files hold several, one is chosen, and is what is learned from, paused and scored', async () => {
    const options = { set: 'liver', seed: 3, valid: 2, test: 2, size: 48, depth: 8, format: 'nifti' } as const;
    const train = async (set: string, epochs: number) => {
      await page.press('input[value=folders]');
      await page.drop('[data-zone=set]', set);
      await page.text('[role=alert], .summary');
      return async () => {
        await page.says('.summary', /volumes: 4 of 4 patients/);
        await page.page.select('#model', 'mine');
        await page.set('#shots', 1);
        await page.set('#epochs', epochs);
        await page.press('button[type=submit]');
      };
    };
    const plain = await writePhantomVolumes(disk, { ...options, out: join(folder, 'plain') });
    const double = await writePhantomVolumes(disk, { ...options, out: join(folder, 'double') });
    for (const one of readdirSync(double, { recursive: true, withFileTypes: true })) {
      if (!/\d\.nii\.gz$/.test(one.name)) continue;
      const path = join(one.parentPath, one.name);
      const bytes = gunzipSync(readFileSync(path));
      const header = bytes.subarray(0, 352);
      header.writeInt16LE(4, 40);
      header.writeInt16LE(2, 48);
      const data = bytes.subarray(352);
      // The other volume is the same from back to front.
      writeFileSync(path, gzipSync(Buffer.concat([header, Buffer.from(data).reverse().swap16(), data])));
    }
    const begin = await train(plain, 4);
    await begin();
    await page.text('.tiles');
    const scores = await page.scores();
    const beginDouble = await train(double, 4);
    await page.says('[role=alert]', /holds 2 volumes \(and 3 more: .* holds 2 volumes, .* holds 2 volumes\)\./);
    await page.set('#volume', 1);
    await page.press('#go-on');
    await page.page.waitForSelector('[role=alert]', { hidden: true });
    await page.phase('idle');
    expect(await page.page.$$eval('[role=alert]', (all) => all.map((one) => one.textContent))).toEqual([]);
    expect(await page.text('.summary')).toMatch(/volume 1 of the 2/);
    await beginDouble();
    await page.text('.chart');
    await page.press('#pause');
    await page.phase('paused');
    await page.goto(server.address);
    await page.phase('paused');
    await page.drop('[data-zone=set]', double);
    await page.page.waitForSelector('#volume');
    await page.set('#volume', 1);
    await page.press('#go-on');
    await page.page.waitForSelector('.warning', { hidden: true });
    await page.press('#resume');
    await page.text('.tiles');
    expect(Object.values(await page.scores())).toEqual(Object.values(scores));
    expect(page.failures).toEqual([]);
  });
});
