import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BrowserPage, PATIENCE } from '../browser_page.ts';
import { type StaticServer, serveFolder } from '../static_server.ts';

let server: StaticServer;
let page: BrowserPage;

beforeAll(async () => {
  server = await serveFolder('dist/app');
  page = await BrowserPage.open();
});

afterAll(async () => {
  await page?.close();
  server?.close();
});

/** A kernel with so many buffers. */
function kernel(buffers: number, { size = '64', body = '' } = {}): string {
  const names = Array.from({ length: buffers }, (_, i) => `b${i + 1}`);
  return `struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
${names.map((name, i) => `@group(0) @binding(${i + 1}) var<storage, read_write> ${name}: array<f32>;`).join('\n')}
@compute @workgroup_size(${size}) fn main(@builtin(global_invocation_id) id: vec3u) {
  ${body}
  ${names.map((name) => `${name}[id.x] = f32(params.count);`).join(' ')}
}`;
}

/** Opens a kernel by a link, and gives what the lab says of it. */
async function opened(source: string, more: object = {}): Promise<string> {
  const own = { source, buffers: {}, params: {}, groups: [1, 1, 1], ...more };
  await page.page.goto('about:blank');
  const code = deflateRawSync(Buffer.from(JSON.stringify(own))).toString('base64url');
  await page.page.goto(`${server.address}lab.html#own=${code}`);
  return said();
}

async function said(): Promise<string> {
  await page.page.waitForFunction(
    () =>
      document.querySelector('[role=alert], .messages') ||
      /no reference|^Right|^Wrong/.test(document.querySelector('#verdict')?.textContent ?? ''),
    { timeout: PATIENCE },
  );
  return page.page.$$eval('[role=alert], .messages, #verdict', (all) => all.map((one) => one.textContent).join(' '));
}

const length = (values: number) => ({ length: values, fill: 'random' });

test.each([
  ['more buffers than a shader may have', kernel(40), {}, /^The kernel own does not compile here.*\(40\)[^~]*$/],
  ['a workgroup of 65,536', kernel(1, { size: '65536' }), {}, /^The kernel own does not compile here[^~]*$/],
  ['more workgroups than a side takes', kernel(1), { groups: [70_000, 1, 1] }, /at most 65535 a side/],
  ['no workgroup', kernel(1), { groups: [0, 1, 1] }, /no reference/],
  ['a loop without an end', kernel(1, { body: 'loop { if (b1[0] > 5.0) { break; } }' }), {}, /does not seem to end/],
  ['a NUL', `${kernel(1)}\0`, {}, /illegal character/],
  ['a name of emoji', kernel(1).replaceAll('b1', '🫀'), {}, /invalid character/],
  ['a megabyte of comments', `${'// 🫀 note\n'.repeat(90_000)}${kernel(1)}`, {}, /no reference/],
  [
    '5,000 parentheses',
    kernel(1, { body: `b1[0] = ${'('.repeat(5000)}1.0${')'.repeat(5000)};` }),
    {},
    /recursive depth/,
  ],
  ['nothing', '', {}, /no @compute entry point/],
  ['a buffer of 10¹² values', kernel(1), { buffers: { b1: length(1e12) } }, /whole number from 1 to 67108864/],
  [
    'buffers of two gigabytes together',
    kernel(8),
    { buffers: Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`b${i + 1}`, length(2 ** 26)])) },
    /536870912 values together; give them at most/,
  ],
  [
    'tags for names',
    kernel(1),
    { buffers: { '<img src=x onerror=alert(1)>': length(5) }, params: { '<b>': 3 } },
    /no reference/,
  ],
])('%s: it runs, or it is said', async (_, source, more, sentence) => {
  expect(await opened(source, more)).toMatch(sentence);
  // The lab works on.
  await page.page.select('#kernel', 'softmax');
  await page.says('#verdict', /^Right/);
  expect(page.failures).toEqual([]);
  expect(page.dialogs).toEqual([]);
});

test.each([
  ['kernel=%3Cscript%3Ealert(1)%3C/script%3E', /link is to a kernel "<script>/],
  ['kernel=softmax&shader=%3Cimg%20src=x%20onerror=alert(1)%3E&variant=%3Cb%3E&rows=%3Ci%3E', /^Right/],
  ['kernel=softmax&size.__proto__=5&size.constructor=9', /^Right/],
  ['kernel=softmax&size.rows=999999999', /asks for rows = 999999999/],
  [`own=${'A'.repeat(1_900_000)}`, /code in this link is damaged/],
])('a link of %.60s', async (hash, sentence) => {
  await page.page.goto('about:blank');
  await page.page.goto(`${server.address}lab.html#${hash}`);
  expect(await said()).toMatch(sentence);
  expect(page.failures).toEqual([]);
  expect(page.dialogs).toEqual([]);
});
