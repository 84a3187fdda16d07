import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeModel } from '../../cli/program.ts';
import { ruleSet } from '../../train/rule_set.ts';
import { BrowserPage } from '../browser_page.ts';
import { type StaticServer, serveFolder } from '../static_server.ts';

/** Images of each class in each split: 300 and more together. */
const COUNT = 76;

/** Milliseconds of the processor that a task of the page's own thread may take. */
const LONGEST = 50;

let folder = '';
let data = '';
let server: StaticServer;
let page: BrowserPage;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-many-'));
  data = join(folder, 'Brain_AD');
  for (const [path, bytes] of ruleSet('pixel', COUNT).files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  server = await serveFolder('dist/app');
  page = await BrowserPage.open();
  await page.goto(server.address);
  await page.chooseModel(await writeModel(join(folder, 'mine.safetensors')));
  await page.page.waitForSelector('[data-model=mine]');
  await page.press('input[value=folders]');
});

afterAll(async () => {
  await page?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number;
  readonly dur?: number;
  readonly args: { readonly name?: string };
}

/** The longest task of the page's thread while something happens: by the clock of its own processor time, and by the wall's. */
async function longest(work: () => Promise<unknown>): Promise<{ own: number; wall: number; tasks: number }> {
  await page.page.tracing.start({ categories: ['toplevel', 'disabled-by-default-devtools.timeline', '__metadata'] });
  await work();
  const bytes = await page.page.tracing.stop();
  const { traceEvents } = JSON.parse(new TextDecoder().decode(bytes)) as { traceEvents: TraceEvent[] };
  const mains = traceEvents
    .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
    .map(({ pid, tid }) => `${pid} ${tid}`);
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid }) => ph === 'X' && /RunTask$/.test(name) && mains.includes(`${pid} ${tid}`),
  );
  const most = (of: 'tdur' | 'dur') => Math.max(...tasks.map((task) => (task[of] ?? 0) / 1000));
  return { own: most('tdur'), wall: most('dur'), tasks: tasks.length };
}

describe('three hundred images', () => {
  test('the measure is there: a task that is too long is found', async () => {
    const { own } = await longest(() =>
      page.page.evaluate(() => {
        return new Promise((resolve) =>
          setTimeout(() => {
            // By its steps, not by the clock: other work may have the processor meanwhile.
            let sum = 0;
            for (let i = 0; i < 4e8; i++) sum += i % 7;
            resolve(sum);
          }),
        );
      }),
    );
    expect(own).toBeGreaterThan(LONGEST);
  });

  test('are read, learned from and scored without a task over 50 ms', async () => {
    const read = await longest(async () => {
      await page.drop('[data-zone=set]', data);
      await page.says('.summary', new RegExp(`${COUNT} normal, ${COUNT} abnormal`));
    });
    await page.page.select('#model', 'mine');
    await page.set('#shots', 4);
    await page.set('#epochs', 4);
    const trained = await longest(async () => {
      await page.press('button[type=submit]');
      await page.text('.chart');
      await page.says('.progress p', /^Scoring the test images/);
    });
    const shown = await longest(async () => {
      await page.text('.tiles');
      await page.page.waitForFunction(() => document.querySelectorAll('.thumbs canvas').length >= 24);
    });
    for (const [what, { own, wall, tasks }] of Object.entries({ read, trained, shown })) {
      console.log(`${what}: longest of ${tasks} tasks ${own.toFixed(1)} ms of its own, ${wall.toFixed(1)} ms in all`);
    }
    expect(trained.tasks).toBeGreaterThan(50);
    expect(Math.max(read.own, trained.own, shown.own)).toBeLessThan(LONGEST);
  });

  test('are all looked at, and a step of the opacity takes no more than a frame or two', async () => {
    for (let more = 0; more < 20 && (await page.page.$('.gallery > button')); more++)
      await page.press('.gallery > button');
    await page.page.waitForFunction(
      (count) => document.querySelectorAll('.thumbs canvas').length === count,
      { timeout: 120_000 },
      2 * COUNT,
    );
    const { own, wall } = await longest(async () => {
      for (let step = 0; step <= 10; step++) await page.set('#opacity', step / 10);
    });
    console.log(
      `opacity beside ${2 * COUNT} thumbnails: ${own.toFixed(1)} ms of its own, ${wall.toFixed(1)} ms in all`,
    );
    expect(own).toBeLessThan(LONGEST);
    expect(page.failures).toEqual([]);
  });
});
