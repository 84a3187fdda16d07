/**
 * `npm run launches -- [--cold N] [--pairs N] [--killed N] [--seed S]`: starts that many browsers with `fusionclip/chrome` one after
 * the other, two at a time, and with their parent killed by SIGKILL at a seeded moment; a page of each computes a sum on the GPU. It counts
 * failures, processes and folders that are left, and prints them. Linux; not part of `npm test`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MARK, marked, until } from '../test/torture/processes.ts';

const ENTRY = pathToFileURL(join(fileURLToPath(import.meta.url), '../../dist/chrome.js')).href;

/** A parent that starts a browser, has a page of it compute, says so, and ends it. */
const PARENT = `
import { launchWebGpuChrome } from ${JSON.stringify(ENTRY)};
const browser = await launchWebGpuChrome({ say: (text) => process.stderr.write(text) });
const page = await browser.newPage();
await page.goto(process.argv[1]);
const sum = await page.evaluate(async () => {
  const device = await (await navigator.gpu.requestAdapter()).requestDevice();
  const make = (usage) => device.createBuffer({ size: 16, usage });
  const data = make(GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC);
  const back = make(GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  device.queue.writeBuffer(data, 0, new Float32Array([1, 2, 3, 4]));
  const code = '@group(0) @binding(0) var<storage, read_write> d: array<f32>; @compute @workgroup_size(1) fn main() { d[0] += d[1] + d[2] + d[3]; }';
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code }) } });
  const entries = [{ binding: 0, resource: { buffer: data } }];
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline); pass.setBindGroup(0, group); pass.dispatchWorkgroups(1); pass.end();
  encoder.copyBufferToBuffer(data, 0, back, 0, 16);
  device.queue.submit([encoder.finish()]);
  await back.mapAsync(GPUMapMode.READ);
  return new Float32Array(back.getMappedRange())[0];
});
if (sum !== 10) throw new Error('the page computed ' + sum);
const { vendor, architecture } = browser.adapter;
console.log(vendor + ' ' + architecture + ', ' + (await browser.version()));
if (process.argv[2] === 'hang') await new Promise((resolve) => setTimeout(resolve, 60_000));
await browser.close();
`;

const args = process.argv.slice(2);
const option = (name: string, otherwise: number): number =>
  args.includes(`--${name}`) ? Number(args[args.indexOf(`--${name}`) + 1]) : otherwise;
const counts = { cold: option('cold', 200), pairs: option('pairs', 20), killed: option('killed', 20) };

/** Mulberry32, so that a seed gives the same moments. */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const scratch = mkdtempSync(join(tmpdir(), 'launches-'));
const server = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>page</title>');
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

const adapters = new Map<string, number>();
const failures: string[] = [];
let left = 0;
let number = 0;

/** Starts a parent and waits for its end and for that of all it has started. @param killAt milliseconds, or null */
async function launch(killAt: number | null): Promise<void> {
  const mark = `${process.pid}-${number++}`;
  const flags = ['--input-type=module', '-e', PARENT, address, killAt === null ? '' : 'hang'];
  const child = spawn('node', flags, {
    env: { ...process.env, TMPDIR: scratch, [MARK]: mark },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  if (killAt !== null) setTimeout(() => child.kill('SIGKILL'), killAt);
  const code = await ended;
  if (killAt === null) {
    if (code !== 0 || said === '') failures.push(`code ${code}: ${errors.trim().slice(-400)}`);
    adapters.set(said.trim(), (adapters.get(said.trim()) ?? 0) + 1);
    if (errors && code === 0) console.log(`  said: ${errors.trim()}`);
  }
  // A parent that has ended by itself has waited for its browser; behind a killed one the guard needs a moment.
  await until(() => marked(mark).length === 0, killAt === null ? 1000 : 15_000);
  const still = marked(mark);
  for (const { line } of still)
    failures.push(`left after ${killAt === null ? 'its end' : `a kill at ${killAt} ms`}: ${line.slice(0, 150)}`);
  left += still.length;
}

async function series(name: string, count: number, run: (index: number) => Promise<unknown>): Promise<void> {
  const before = failures.length;
  const start = performance.now();
  for (let i = 0; i < count; i++) await run(i);
  if (count === 0) return;
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(`${name}: ${count}, ${failures.length - before} failures, ${seconds} s`);
}

const random = randoms(option('seed', 1));
await series('cold launches', counts.cold, () => launch(null));
await series('pairs at a time', counts.pairs, () => Promise.all([launch(null), launch(null)]));
// From before the guard stands until the page has computed.
await series('killed in the middle', counts.killed, () => launch(Math.round(30 + 1800 * random())));
await until(() => readdirSync(scratch).length === 0, 15_000);
const folders = readdirSync(scratch);
for (const name of folders) failures.push(`the folder ${name} is left`);
for (const [adapter, times] of adapters) console.log(`adapter: ${adapter} (${times} times)`);
for (const failure of failures) console.log(`FAIL ${failure}`);
console.log(`${failures.length} failures, ${left} processes left, ${folders.length} folders left`);
server.close();
rmSync(scratch, { recursive: true, force: true });
process.exitCode = failures.length > 0 ? 1 : 0;
