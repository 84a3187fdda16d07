import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ElementHandle } from 'puppeteer-core';
import { createServer } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nextFloat32 } from '../../src/decide/conformal.ts';
import { thresholdText } from '../../src/detect/set_metrics.ts';
import { fusionclip, writeModel, writeSet } from '../cli/program.ts';
import { BrowserPage, PATIENCE } from './browser_page.ts';
import { calibratedCopy } from './calibrated_copy.ts';
import { difference, distance, overlayOf } from './pixels.ts';
import { type StaticServer, serveFolder } from './static_server.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Milliseconds that a task of the page's own thread may take while the worker trains. */
const LONGEST_TASK = 100;
/** What no busy machine adds to a task of the page, in milliseconds; training on the page itself would take many times as long. */
const BLOCKED = 1000;

/**
 * How far scores of the page and of the command line may be apart, of scores near 1: the browser's adapter sums in
 * another order and has another exp than that of Deno, through four blocks in float32.
 */
const TOLERANCE = 1e-4;

let folder = '';
let data = '';
let server: StaticServer;
let page: BrowserPage;
/** A small model: that of alone.test.ts, which comes with the page, takes a software adapter many times as long. */
let own = '';
/** Scores of the test images after the training, by file. */
let trained: Record<string, number> = {};

/** The score of every test image in the gallery, by file. */
async function scores(): Promise<Record<string, number>> {
  const rows = await page.page.$$eval('.thumbs input', (inputs) =>
    inputs.map((input) => [(input as HTMLInputElement).value, Number((input as HTMLElement).dataset.score)]),
  );
  return Object.fromEntries(rows);
}

/** Milliseconds of the page's longest task since this was asked last; 0 when none took 50. */
async function longestTask(): Promise<number> {
  await page.frame();
  const tasks = await page.page.evaluate(() => (globalThis as unknown as { tasks: number[] }).tasks.splice(0));
  return Math.round(Math.max(0, ...tasks));
}

/** Downloads appear under their name when they are whole. */
async function downloaded(): Promise<string> {
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    const name = readdirSync(page.downloads).find((each) => each.endsWith('.safetensors'));
    if (name) return join(page.downloads, name);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('nothing was downloaded');
}

beforeAll(async () => {
  // `npm test` has just built it.
  if (!process.env.FUSIONCLIP_BUILT) {
    await promisify(execFile)(process.execPath, ['scripts/build.mjs', 'app', 'node'], { cwd: ROOT });
  }
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-page-'));
  data = writeSet(join(folder, 'Brain_AD'));
  own = await writeModel(join(folder, 'mine.safetensors'));
  server = await serveFolder(join(ROOT, 'dist/app'), '/some/where/');
  page = await BrowserPage.open();
  // Tasks longer than 50 ms, as the browser itself measures them.
  await page.page.evaluateOnNewDocument(() => {
    const tasks: number[] = [];
    Object.assign(globalThis, { tasks });
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: 'longtask',
    });
  });
  await page.goto(server.address);
});

afterAll(async () => {
  await page?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the built page, on a static server below a path', () => {
  test('tells the adapter', async () => {
    expect(await page.text('.machine dl')).toContain('MiB');
  });

  test('says what is wrong with a folder, and takes the next one', async () => {
    const broken = join(folder, 'Broken');
    cpSync(data, broken, { recursive: true });
    writeFileSync(
      join(broken, 'valid/good/img/0.png'),
      readFileSync(join(data, 'valid/good/img/0.png')).subarray(0, 60),
    );
    await page.press('input[value=folders]');
    await page.drop('[data-zone=set]', broken);
    expect(await page.text('[role=alert]')).toMatch(/valid\/good\/img\/0\.png: this PNG file is damaged .*\./);
    await page.drop('[data-zone=set]', join(data, 'valid/good/img'));
    await page.page.waitForFunction(() =>
      /is not a data set/.test(document.querySelector('[role=alert]')?.textContent ?? ''),
    );
    await page.drop('[data-zone=set]', data);
    expect(await page.text('.summary')).toContain('4 normal, 4 abnormal');
    expect(await page.page.$('[role=alert]')).toBeNull();
  });

  test('goes on without the files that cannot be read', async () => {
    await page.drop('[data-zone=set]', join(folder, 'Broken'));
    expect(await page.text('#go-on')).toBe('Go on without valid/good/img/0.png');
    await page.press('#go-on');
    await page.says('.summary', /Broken.*3 normal, 4 abnormal/);
    expect(await page.page.$('[role=alert]')).toBeNull();
    // The images to learn from are seen; one is exchanged, one left out.
    await page.set('#shots', 2);
    const shown = (of: string) =>
      page.page.$$eval(`.support [data-class=${of}] li`, (all) => all.map((one) => (one as HTMLElement).dataset.id!));
    await page.page.waitForFunction(() => document.querySelectorAll('.support li canvas').length === 4);
    const [first, second] = await shown('normal');
    await page.press('.support [data-class=normal] [data-do=exchange]');
    await page.press('.support [data-class=abnormal] [data-do=leave-out]');
    await page.frame();
    const [other, same] = await shown('normal');
    expect([same, [first, second].includes(other)]).toEqual([second, false]);
    expect(await shown('abnormal')).toHaveLength(1);
    // Another draw is another choice.
    await page.set('#shots', 1);
    await page.frame();
    expect(await shown('normal')).toEqual([first]);
  });

  test('takes a folder for each class, dropped or picked', async () => {
    await page.drop('[data-zone=normal]', join(data, 'test/good'));
    const picker = await page.page.$('[data-zone=abnormal] input');
    await (picker as ElementHandle<HTMLInputElement>).uploadFile(join(data, 'test/Ungood'));
    await page.press('#use-classes');
    await page.page.waitForFunction(() =>
      /2 normal, 2 abnormal/.test(document.querySelector('.summary')?.textContent ?? ''),
    );
    expect(await page.text('.summary')).toContain('with lesion masks');
    // A pair is used once: what comes then begins another.
    expect(await page.text('#use-classes')).toBe('Both folders are in use');
    await page.drop('[data-zone=normal]', join(data, 'test/good'));
    expect(await page.text('[data-zone=normal]')).toContain('good: ');
    expect(await page.text('[data-zone=abnormal]')).not.toContain('Ungood');
    expect(await page.page.$eval('#use-classes', (node) => (node as HTMLButtonElement).disabled)).toBe(true);
    // What nothing takes is said.
    await page.drop('footer', join(data, 'test/good'));
    expect(await page.text('[role=alert]')).toMatch(/dropped beside the fields was not taken/);
    await page.drop('[data-zone=set]', data);
    await page.page.waitForFunction(() => /4 normal/.test(document.querySelector('.summary')?.textContent ?? ''));
  });

  test('refuses more shots than there are images', async () => {
    await page.chooseModel(own);
    await page.page.waitForSelector('[data-model=mine]');
    await page.page.select('#model', 'mine');
    await page.set('#shots', 5);
    await page.press('button[type=submit]');
    expect(await page.text('[role=alert]')).toMatch(/4 normal images in valid, fewer than the 5 shots/);
    await page.phase('idle');
  });

  test('trains, pauses, resumes and scores, and stays responsive meanwhile', async () => {
    await page.set('#shots', 1);
    await page.set('#epochs', 2);
    // The measure is there: it finds a task that is too long.
    await page.page.evaluate(() => {
      setTimeout(() => {
        for (const end = performance.now() + 150; performance.now() < end; );
      });
    });
    await expect.poll(longestTask, { timeout: 5000 }).toBeGreaterThan(LONGEST_TASK);
    await page.press('button[type=submit]');
    await page.text('.chart');
    await page.press('#pause');
    await page.phase('paused');
    const before = await page.text('.progress p');
    expect(before).toMatch(/^Paused after step \d of 4/);
    await page.press('#resume');
    expect(await page.text('.tiles')).toMatch(/Image AUROC[01]\.\d{3}.*AUPRO/);
    const longest = await longestTask();
    console.log(`longest task of the page while the worker trained: ${longest ? `${longest} ms` : 'below 50 ms'}`);
    expect(longest).toBeLessThan(BLOCKED);
    expect(Object.keys(await scores())).toHaveLength(8);
  });

  test('saves adapters that give the same scores on the command line', async () => {
    const here = await scores();
    await page.press('#save-adapters');
    const adapters = await downloaded();
    const { code, stdout, stderr } = await fusionclip([
      ...[
        'predict',
        join(data, 'test'),
        '--adapters',
        adapters,
        '--model',
        own,
        '--out',
        join(folder, 'out'),
        '--json',
      ],
    ]);
    expect(code, stderr).toBe(0);
    const { images: rows } = JSON.parse(stdout) as { images: { id: string; score: number }[] };
    expect(rows).toHaveLength(8);
    const gaps = rows.map(({ id, score }) => Math.abs(score - here[id.slice(data.length + 1)]));
    console.log(`largest difference between scores of page and command line: ${Math.max(...gaps).toExponential(1)}`);
    expect(Math.max(...gaps)).toBeLessThan(TOLERANCE);
  });

  test('marks the threshold on the ROC curve, at both of its ends', async () => {
    const marked = () =>
      page.page.$eval('.roc .chart', (chart) => {
        const mark = chart.querySelector('.point')!;
        const curve = chart.querySelector<SVGPathElement>('.curve')!;
        const ends = [0, curve.getTotalLength()].map((length) => curve.getPointAtLength(length));
        const [x, y] = ['cx', 'cy'].map((name) => Number(mark.getAttribute(name)));
        return ends.findIndex((end) => Math.hypot(end.x - x, end.y - y) < 1);
      });
    const last = await page.page.$eval('#operating', (node) => Number((node as HTMLInputElement).max));
    for (const [point, rates] of [
      [last, /Sensitivity0\.000Specificity1\.000/],
      [0, /Sensitivity1\.000Specificity0\.000/],
    ] as const) {
      await page.set('#operating', point);
      expect(await page.text('.rates')).toMatch(rates);
      expect(await marked()).toBe(point === last ? 0 : 1);
    }
  });

  test('draws the map as opaque as the slider says, and the line where the threshold is', async () => {
    await page.page.waitForFunction(() => (document.querySelector('#map') as HTMLCanvasElement).width > 300);
    await page.press('#outlined');
    const { width } = await page.pixels('#map');
    const look = async (opacity: number, level: number) => {
      await page.set('#opacity', opacity);
      await page.set('#level', level);
      return (await page.pixels('#map')).data;
    };
    const [low, high] = await page.page.$eval('#level', (node) => {
      const { min, max } = node as HTMLInputElement;
      return [Number(min), Number(max)];
    });
    const middle = (low + high) / 2;
    const plain = await look(0, high);
    const heat = await look(1, high);
    expect(difference(heat, plain)).toBeGreaterThan(0.2);
    expect(difference(await look(0.5, high), heat)).toBeGreaterThan(0.2);
    expect(difference(await look(0.5, high), plain)).toBeGreaterThan(0.2);
    // It is the map of the command line that is seen, and the right way round.
    const shown = await page.page.$eval('.thumbs :checked', (node) => (node as HTMLInputElement).value);
    const file = join(folder, 'out/maps', shown.replace(/^test\//, '').replace(/png$/, 'npy'));
    const [right, turned] = [false, true].map((turn) =>
      distance(heat, width, overlayOf(join(data, shown), file, [low, high], turn)),
    );
    console.log(
      `mean difference from the command line's map: ${right.toFixed(1)} of 255; turned: ${turned.toFixed(1)}`,
    );
    expect(right).toBeLessThan(8);
    expect(turned).toBeGreaterThan(2 * right);
    // Without colour nothing is left but the line, which moves with the threshold.
    const line = await look(0, middle);
    const other = await look(0, (middle + high) / 2);
    for (const [a, b] of [
      [line, plain],
      [line, other],
    ]) {
      expect(difference(a, b)).toBeGreaterThan(0.0005);
      expect(difference(a, b)).toBeLessThan(0.2);
    }
  });

  test('loads the adapters again, with the same scores and what a calibration makes of them', async () => {
    trained = await scores();
    const sorted = Object.values(trained).sort((a, b) => b - a);
    // The highest normal score lies between the two highest of the images, so one of them alone is abnormal.
    const highest = Math.fround((sorted[0] + sorted[1]) / 2);
    const adapters = await calibratedCopy(await downloaded(), highest);
    await page.goto(server.address);
    await page.press('input[value=folders]');
    await page.drop('[data-zone=set]', data);
    await page.text('.summary');
    const input = await page.page.waitForSelector('#load-adapters:not(:disabled)');
    await (input as ElementHandle<HTMLInputElement>).uploadFile(adapters);
    // The session of before is open again; this is another one.
    await page.page.waitForFunction(() => document.querySelectorAll('.sessions li').length === 2);
    await page.phase('idle');
    // What is decided on goes through the model by itself, so products add in another order than in a batch.
    const again = await scores();
    expect(Object.keys(again)).toEqual(Object.keys(trained));
    for (const [file, score] of Object.entries(trained)) expect(Math.abs(again[file] - score)).toBeLessThan(1e-5);
    expect(await page.text('#calibrated')).toMatch(
      /alpha 5 %.*of the normal ones were called abnormal.*8 images are too few/s,
    );
    const rows = await page.page.$$eval('#calibrated tbody tr', (all) => all.map((row) => row.textContent ?? ''));
    expect(rows).toHaveLength(8);
    expect(rows.filter((row) => /0\.050–(abnormal|borderline)$/.test(row))).toHaveLength(1);
    expect(await page.text('output[for=operating]')).toBe(thresholdText(nextFloat32(highest)));
  });

  test('goes on by itself when its device is lost, to the same scores', async () => {
    await page.page.select('#model', 'mine');
    await page.set('#shots', 1);
    await page.set('#epochs', 2);
    await page.press('button[type=submit]');
    await page.text('.chart');
    await page.loseDevice();
    await page.page.waitForFunction(() =>
      /The GPU device was lost .*; going on on a new one \(1 of 3\)/.test(document.body.textContent ?? ''),
    );
    await page.text('.tiles');
    expect(await scores()).toEqual(trained);
    expect(await page.page.$('[role=alert]')).toBeNull();
  });

  test('lets no request leave its origin', async () => {
    expect(page.requests.length).toBeGreaterThan(5);
    const blob = `blob:${new URL(server.address).origin}/`;
    expect(page.requests.filter((each) => !each.startsWith(server.address) && !each.startsWith(blob))).toEqual([]);
    expect(page.messages.filter((text) => /Content Security Policy/.test(text))).toEqual([]);
    // The policy holds in the page and in its worker, whatever the server says: it names what it refused.
    const attempt = () =>
      new Promise<string>((resolve) => {
        addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), { once: true });
        fetch('http://127.0.0.1:9/elsewhere').catch(() => setTimeout(resolve, 1000, 'no policy'));
      });
    expect(await page.page.evaluate(attempt)).toBe('connect-src');
    expect(await page.worker.evaluate(attempt)).toBe('connect-src');
    expect(page.failures).toEqual([]);
  });

  test('works from the development server too, under the same policy', async () => {
    const dev = await createServer({ mode: 'app', configFile: join(ROOT, 'vite.config.ts'), logLevel: 'error' });
    try {
      await dev.listen(0);
      const address = dev.resolvedUrls!.local[0];
      const policy = (await fetch(address)).headers.get('content-security-policy');
      expect(policy).toMatch(/^default-src 'self';/);
      page.messages.length = 0;
      await page.goto(address);
      await page.text('.families canvas');
      expect(await page.text('.machine dl')).toContain('MiB');
      expect(page.messages.filter((text) => /Content Security Policy/.test(text))).toEqual([]);
    } finally {
      await dev.close();
    }
  });

  test('says what to do where there is no WebGPU', async () => {
    // Browsers offer WebGPU to secure pages only, and this address is none.
    await page.goto(server.address.replace('127.0.0.1', '0.0.0.0'));
    expect(await page.text('[role=alert]')).toMatch(/address is not secure.*https:.*localhost/);
  });
});
