import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CDPSession } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeModel, writeSet } from '../../cli/program.ts';
import { BrowserPage, PATIENCE } from '../browser_page.ts';
import { type StaticServer, serveFolder } from '../static_server.ts';

/** Sessions one after the other, ten of them after those that fill what is kept for all, and in which the browser still compiles. */
const SESSIONS = 16;
const FIRST = 6;

let folder = '';
let data = '';
let server: StaticServer;
let page: BrowserPage;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-memory-'));
  data = writeSet(join(folder, 'Brain_AD'));
  server = await serveFolder('dist/app');
  page = await BrowserPage.open();
  await page.goto(server.address);
  // The worker counts the bytes of its buffers on the GPU.
  await page.worker.evaluate(() => {
    const counts = { bytes: 0, buffers: 0 };
    const { createBuffer } = GPUDevice.prototype;
    const { destroy } = GPUBuffer.prototype;
    const alive = new WeakSet<GPUBuffer>();
    GPUDevice.prototype.createBuffer = function (descriptor) {
      const buffer = createBuffer.call(this, descriptor);
      alive.add(buffer);
      counts.bytes += buffer.size;
      counts.buffers++;
      return buffer;
    };
    GPUBuffer.prototype.destroy = function () {
      if (alive.delete(this)) {
        counts.bytes -= this.size;
        counts.buffers--;
      }
      return destroy.call(this);
    };
    Object.assign(globalThis, { gpuCounts: counts });
  });
  await page.chooseModel(await writeModel(join(folder, 'mine.safetensors')));
  await page.page.waitForSelector('[data-model=mine]');
  await page.press('input[value=folders]');
  await page.drop('[data-zone=set]', data);
  await page.text('.summary');
});

afterAll(async () => {
  await page?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function heap(channel: CDPSession): Promise<number> {
  for (let times = 0; times < 3; times++) await channel.send('HeapProfiler.collectGarbage');
  const usage = (await channel.send('Runtime.getHeapUsage')) as { usedSize: number; backingStorageSize?: number };
  return usage.usedSize + (usage.backingStorageSize ?? 0);
}

test('memory stays flat over ten sessions: of the page, of its worker and on the GPU', async () => {
  const cdp = await page.page.createCDPSession();
  const rows: { page: number; worker: number; gpu: number; buffers: number }[] = [];
  for (let session = 0; session < SESSIONS; session++) {
    await page.page.select('#model', 'mine');
    await page.set('#shots', 1);
    await page.set('#epochs', 2);
    // Two draws in turn: what the model says of the images of a draw is kept for the next session with it, up to a bound.
    await page.set('#seed', 1 + (session % 2));
    await page.press('button[type=submit]');
    await page.page.waitForFunction(
      (n) => document.querySelectorAll('.sessions li').length === n,
      { timeout: PATIENCE },
      session + 1,
    );
    await page.phase('idle');
    await page.page.waitForFunction(() => document.querySelectorAll('.thumbs canvas').length === 8, {
      timeout: PATIENCE,
    });
    const { bytes, buffers } = await page.worker.evaluate(
      () => (globalThis as unknown as { gpuCounts: { bytes: number; buffers: number } }).gpuCounts,
    );
    rows.push({ page: await heap(cdp), worker: await heap(page.worker.client), gpu: bytes, buffers });
  }
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(2);
  for (const [i, row] of rows.entries()) {
    console.log(
      `session ${i + 1}: page ${mib(row.page)}, worker ${mib(row.worker)}, GPU ${mib(row.gpu)} MiB in ${row.buffers} buffers`,
    );
  }
  const [before, after] = [rows[FIRST - 1], rows[SESSIONS - 1]];
  // A row of the list and a file handle come with each session, and no more.
  expect(after.page - before.page).toBeLessThan(0.5 * 2 ** 20);
  expect(after.worker - before.worker).toBeLessThan(1 * 2 ** 20);
  expect(after.gpu).toBeLessThanOrEqual(before.gpu);
  expect(before.gpu).toBeGreaterThan(0);
  expect(page.failures).toEqual([]);
});
