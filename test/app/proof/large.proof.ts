import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodePng } from '../../../src/data/png.ts';
import { BrowserPage } from '../browser_page.ts';
import { type StaticServer, serveFolder } from '../static_server.ts';

/** Pixels to a side: noise that is not packed has more bytes than are decoded beside the work. */
const SIDE = 400;
const CLASSES = ['valid/good', 'valid/Ungood', 'test/good', 'test/Ungood'];

let folder = '';
let server: StaticServer;
let page: BrowserPage;

/** Writes a set of so many large images a class; returns its folder. */
function writeLarge(name: string, count: number, damaged: string[] = []): string {
  for (const [c, at] of CLASSES.entries()) {
    mkdirSync(join(folder, name, at), { recursive: true });
    for (let i = 0; i < count; i++) {
      let state = 1 + i + 1000 * c;
      const data = Uint8Array.from({ length: 3 * SIDE * SIDE }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state >>> 24;
      });
      const bytes = encodePng({ width: SIDE, height: SIDE, channels: 3, data });
      const cut = damaged.includes(`${at}/${i}.png`) ? bytes.length - 50 : bytes.length;
      writeFileSync(join(folder, name, at, `${i}.png`), bytes.subarray(0, cut));
    }
  }
  return join(folder, name);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-large-'));
  server = await serveFolder('dist/app');
  page = await BrowserPage.open();
  await page.goto(server.address);
  await page.press('input[value=folders]');
  // The worker counts its own workers, and what they send.
  await page.worker.evaluate(() => {
    const Plain = Worker;
    const counts = { workers: 0, replies: 0 };
    class Counted extends Plain {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args);
        counts.workers++;
        this.addEventListener('message', () => counts.replies++);
      }
    }
    Object.assign(globalThis, { Worker: Counted, counts });
  });
});

afterAll(async () => {
  await page?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const counts = () =>
  page.worker.evaluate(() => (globalThis as unknown as { counts: { workers: number; replies: number } }).counts);

describe('large images', () => {
  test('are decoded by workers of the worker, and damaged ones are named as ever', async () => {
    const bad = 'valid/Ungood/1.png';
    await page.drop('[data-zone=set]', writeLarge('First', 3, [bad]));
    expect(await page.text('#go-on')).toBe(`Go on without ${bad}`);
    expect(await page.text('[role=alert]')).toMatch(/First\/valid\/Ungood\/1\.png: this PNG file is damaged/);
    await page.press('#go-on');
    await page.says('.summary', /3 normal, 2 abnormal/);
    const { workers, replies } = await counts();
    expect(workers).toBeGreaterThan(0);
    expect(replies).toBe(12 + 11);
    expect(page.failures).toEqual([]);
  });

  test('are no longer read when that is stopped, and what was there stays', async () => {
    const before = (await counts()).replies;
    await page.drop('[data-zone=set]', writeLarge('Second', 30));
    await page.says('.progress p', /: [1-9]\d* of 120/);
    await page.press('#cancel');
    await page.phase('idle');
    expect((await counts()).replies - before).toBeLessThan(120);
    expect(await page.text('.summary')).toContain('First');
    expect(await page.page.$('[role=alert]')).toBeNull();
    expect(page.failures).toEqual([]);
  });
});
