import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeModel, writeSet } from '../../cli/program.ts';
import { BrowserPage } from '../browser_page.ts';
import { type StaticServer, serveFolder } from '../static_server.ts';

let folder = '';
let data = '';
let server: StaticServer;
let page: BrowserPage;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-everyday-'));
  data = writeSet(join(folder, 'Brain_AD'));
  server = await serveFolder('dist/app');
  page = await BrowserPage.open();
  await page.goto(server.address);
});

afterAll(async () => {
  await page?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Writes the tensors of a safetensors file as two files and an index. */
function split(file: string, out: string): void {
  mkdirSync(out);
  const bytes = readFileSync(file);
  const length = Number(bytes.readBigUInt64LE(0));
  type Entry = { data_offsets: [number, number] };
  const { __metadata__: metadata, ...tensors } = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  const names = Object.keys(tensors);
  const half = names.length >> 1;
  const map: Record<string, string> = {};
  for (const [i, part] of [names.slice(0, half), names.slice(half)].entries()) {
    const shard = `model-0000${i + 1}-of-00002.safetensors`;
    const header: Record<string, unknown> = { __metadata__: metadata };
    const pieces: Buffer[] = [];
    let at = 0;
    for (const name of part) {
      const [start, end] = (tensors[name] as Entry).data_offsets;
      header[name] = { ...tensors[name], data_offsets: [at, at + end - start] };
      pieces.push(bytes.subarray(8 + length + start, 8 + length + end));
      at += end - start;
      map[name] = shard;
    }
    const text = Buffer.from(JSON.stringify(header));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(text.length));
    writeFileSync(join(out, shard), Buffer.concat([size, text, ...pieces]));
  }
  writeFileSync(join(out, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map: map }));
}

async function chooseFolder(path: string): Promise<void> {
  const open = () => page.page.$eval('#model-folder', (input) => (input as HTMLElement).click());
  const [chooser] = await Promise.all([page.page.waitForFileChooser(), open()]);
  await chooser.accept([path]);
}

describe('the page of every day', () => {
  test('can be installed', async () => {
    const cdp = await page.page.createCDPSession();
    const { url, errors, data: text } = await cdp.send('Page.getAppManifest');
    expect([new URL(url).pathname, errors]).toEqual(['/manifest.webmanifest', []]);
    const manifest = JSON.parse(text!);
    expect(manifest).toMatchObject({ display: 'standalone', start_url: './' });
    for (const { src } of manifest.icons) expect((await fetch(new URL(src, url))).ok).toBe(true);
  });

  test('takes the folder of a model in several files, and names the file that it lacks', async () => {
    const whole = await writeModel(join(folder, 'whole.safetensors'));
    split(whole, join(folder, 'parts'));
    split(whole, join(folder, 'half'));
    rmSync(join(folder, 'half/model-00002-of-00002.safetensors'));
    await page.press('.own-models summary');
    await chooseFolder(join(folder, 'half'));
    expect(await page.text('[role=alert]')).toMatch(/model-00002-of-00002\.safetensors/);
    await page.press('.dismiss');
    await chooseFolder(join(folder, 'parts'));
    await page.page.waitForSelector('[data-model=parts]');
    expect(await page.page.$('[data-model=half]')).toBeNull();
    await page.chooseModel(whole);
    await page.page.waitForSelector('[data-model=whole]');
  });

  test('warns in sight of images that both splits have', async () => {
    const leaky = writeSet(join(folder, 'Leaky'));
    copyFileSync(join(leaky, 'valid/good/img/0.png'), join(leaky, 'test/good/img/0.png'));
    await page.press('input[value=folders]');
    await page.drop('[data-zone=set]', leaky);
    expect(await page.text('.summary > .warning')).toMatch(
      /^1 picture is in valid and in test, e\.g\. valid\/good\/img\/0\.png = test\/good\/img\/0\.png; results on test are too good/,
    );
  });

  test('is learned with by a model in parts as by the whole, its title says how far', async () => {
    await page.drop('[data-zone=set]', data);
    await page.says('.summary', /Brain/);
    const scores: Record<string, number>[] = [];
    for (const model of ['whole', 'parts']) {
      await page.page.select('#model', model);
      await page.set('#shots', 1);
      await page.set('#epochs', 2);
      await page.press('button[type=submit]');
      await page.page.waitForFunction(() => /^\d+ % trained – fusionclip$/.test(document.title));
      await page.text('.tiles');
      await page.phase('idle');
      expect(await page.page.title()).toBe('fusionclip');
      scores.push(await page.scores());
    }
    expect(scores[1]).toEqual(scores[0]);
  });

  test('scores a picture that is pasted', async () => {
    const [name] = readdirSync(join(data, 'test/Ungood/img'));
    const bytes = readFileSync(join(data, 'test/Ungood/img', name)).toString('base64');
    await page.page.evaluate((text) => {
      const file = new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], 'image.png', { type: 'image/png' });
      const clipboardData = new DataTransfer();
      clipboardData.items.add(file);
      document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, bytes);
    await page.says('#decisions', /of 1 images? predicted abnormal/);
    expect(Object.keys(await page.scores())[0]).toMatch(/^pasted \d\d\.\d\d\.\d\d\.png$/);
  });

  test.each([1280, 400])(
    'keeps the map in sight while the last of the images is chosen, %i pixels wide',
    async (width) => {
      await page.page.setViewport({ width, height: 800 });
      await page.press('.sessions li:last-child [data-do=open]');
      await page.page.waitForSelector('.sessions li:last-child.open');
      await page.text('.tiles');
      await page.page.$eval('#map', (map) => map.scrollIntoView({ block: 'start' }));
      await page.page.$$eval('.thumbs input', (all) =>
        (all.at(-1) as HTMLElement).scrollIntoView({ block: 'nearest' }),
      );
      await page.page.$$eval('.thumbs input', (all) => (all.at(-1) as HTMLElement).click());
      await page.frame();
      const [top, bottom] = await page.page.$eval('#map', (map) => {
        const box = map.getBoundingClientRect();
        return [box.top, box.bottom];
      });
      expect([top < 800 - 100, bottom > 100]).toEqual([true, true]);
      expect(page.failures).toEqual([]);
    },
  );
});
