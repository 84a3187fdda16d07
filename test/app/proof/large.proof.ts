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

  test('of nine megapixels are read, sixty of them, in the time that their workers take', async () => {
    const [count, side] = [15, 3000];
    const text = await page.page.evaluate(async (pixels) => {
      const canvas = new OffscreenCanvas(pixels, pixels);
      const context = canvas.getContext('2d')!;
      for (let i = 0; i < 4000; i++) {
        context.fillStyle = `hsl(${(i * 137) % 360} 60% ${30 + (i % 50)}%)`;
        context.fillRect((i * 7919) % pixels, (i * 104_729) % pixels, 20 + (i % 200), 20 + (i % 170));
      }
      const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
      const bytes = new Uint8Array(await blob.arrayBuffer());
      let out = '';
      for (let at = 0; at < bytes.length; at += 0x8000) out += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
      return btoa(out);
    }, side);
    const picture = Buffer.from(text, 'base64');
    for (const [place, at] of CLASSES.entries()) {
      mkdirSync(join(folder, 'Third', at), { recursive: true });
      // One file under two labels is refused: bytes behind the end tell them apart.
      for (let i = 0; i < count; i++)
        writeFileSync(join(folder, 'Third', at, `${i}.jpg`), Buffer.concat([picture, Buffer.of(place, i)]));
    }
    const start = performance.now();
    await page.drop('[data-zone=set]', join(folder, 'Third'));
    await page.says('.summary', /Third.*15 normal, 15 abnormal/);
    console.log(`sixty JPEGs of ${side}×${side} pixels: ${((performance.now() - start) / 1000).toFixed(1)} s`);
    await page.drop('[data-zone=set]', join(folder, 'Third'));
    await page.says('.progress p', /: [1-9]\d* of 60/);
    const pressed = performance.now();
    await page.press('#cancel');
    await page.phase('idle');
    console.log(`stopped ${Math.round(performance.now() - pressed)} ms after Cancel`);
    expect(await page.text('.summary')).toContain('Third');
    expect(page.failures).toEqual([]);
  });
});
