import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFragment } from '../../app/lab/link.ts';
import { BrowserPage, PATIENCE } from './browser_page.ts';
import { type StaticServer, serveFolder } from './static_server.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CODE = '>>> .cm-content';

let server: StaticServer;
let page: BrowserPage;

/** The text in the editor, which draws the lines in sight only. */
async function code(): Promise<string> {
  return page.page.$eval('.editor', (host) =>
    [...host.shadowRoot!.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\n'),
  );
}

/** Pastes a text over all that is in the editor. */
async function write(text: string): Promise<void> {
  await page.page.focus(CODE);
  await page.page.keyboard.down('Control');
  await page.page.keyboard.press('a');
  await page.page.keyboard.up('Control');
  await page.page.$eval(
    CODE,
    (node, pasted) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', pasted);
      node.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    },
    text,
  );
}

/** The error of the one output, as a share of the largest value. */
async function relative(): Promise<number> {
  return page.page.$eval('[data-output]', (row) => Number((row as HTMLElement).dataset.relative));
}

/** What axe finds wrong with the page as it is. */
async function violations(): Promise<string[]> {
  await page.page.evaluate(readFileSync(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8'));
  return page.page.evaluate(async () => {
    type Axe = { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    const found = await (globalThis as unknown as { axe: Axe }).axe.run();
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
  });
}

beforeAll(async () => {
  if (!process.env.FUSIONCLIP_BUILT) {
    await promisify(execFile)(process.execPath, ['scripts/build.mjs', 'app', 'lab'], { cwd: ROOT });
  }
  server = await serveFolder(join(ROOT, 'dist/app'), '/some/where/');
  page = await BrowserPage.open();
  await page.page.goto(`${server.address}lab.html`);
});

afterAll(async () => {
  await page?.close();
  server?.close();
});

describe('the kernel lab', () => {
  const source = readFileSync(join(ROOT, 'shaders/unary.wgsl'), 'utf8');

  test('runs a kernel at chosen sizes against its reference', async () => {
    await page.says('#verdict', /^Right/);
    await page.page.select('#kernel', 'unary exp');
    await page.says('.file', /unary\.wgsl/);
    await page.set('#size-rows', 3);
    await page.set('#size-width', 7);
    await page.says('#verdict', /^Right/);
    expect(await page.text('section[aria-labelledby=error]')).toContain('0 of 21');
    expect(await relative()).toBeLessThan(1e-6);
    expect(await page.text('section[aria-labelledby=stored]')).toMatch(/stored none|llvmpipe/);
  });

  test('an edit that breaks it makes the error grow, and the link holds it', async () => {
    expect(source).toContain('y[i] = exp(v)');
    const broken = source.replace('y[i] = exp(v)', 'y[i] = 1.5 * exp(v)');
    await write(broken);
    await page.says('#verdict', /^Wrong: 21 of 21/);
    expect(await relative()).toBeCloseTo(0.5, 4);
    expect(await page.text('.badge')).toBe('edited');
    await page.press('#share');
    await page.says('section[aria-labelledby=code]', /link holds the code|holds the code/);
    const link = page.page.url();
    expect(link).toMatch(/lab\.html#kernel=unary\+exp.*code=/);
    expect(page.requests.filter((each) => each.includes('code='))).toEqual([]);

    await page.press('#restore');
    await page.says('#verdict', /^Right/);
    expect(await page.page.$('.badge')).toBeNull();

    await page.page.goto('about:blank');
    await page.page.goto(link.slice(0, -9));
    await page.says('[role=alert]', /code in this link is damaged/);
    await page.page.goto('about:blank');
    await page.page.goto(link);
    await page.says('#verdict', /^Wrong: 21 of 21/);
    expect((await readFragment(new URL(link).hash))?.job.edits.unary.source).toBe(broken);
    await page.page.focus(CODE);
    await page.page.keyboard.down('Control');
    await page.page.keyboard.press('End');
    await page.page.keyboard.up('Control');
    await page.frame();
    expect(await code()).toContain('y[i] = 1.5 * exp(v);');
    await write(source);
    await page.says('#verdict', /^Right/);
  });

  test('errors of the compiler stand at their line', async () => {
    const lines = source.replace('y[i] = exp(v)', 'y[i] = exp(nothing)').split('\n');
    await write(lines.join('\n'));
    const line = lines.findIndex((text) => text.includes('nothing')) + 1;
    await page.says('.messages', new RegExp(`line ${line}.*nothing`));
    await page.page.waitForSelector('>>> .cm-lint-marker-error', { timeout: PATIENCE });
    expect(await violations()).toEqual([]);
    await page.press('.messages button');
    expect(await page.page.$eval('.editor', (host) => host.shadowRoot!.activeElement?.className)).toMatch(/cm-content/);
    await page.press('#restore');
  });

  test('is timed by keyboard beside the ceilings of the adapter', async () => {
    await page.says('#verdict', /^Right/);
    await page.page.focus(CODE);
    await page.page.keyboard.down('Control');
    await page.page.keyboard.press('Enter');
    await page.page.keyboard.up('Control');
    const times = await page.text('#times');
    expect(times).toMatch(/only[\d.e+-]+.*%.*this adapter’s ceiling[\d.]+/);
  });

  test('a device that is lost while a kernel runs is said, and there is a new one', async () => {
    await page.press('#run');
    await page.page.waitForSelector('main[data-busy=timing]', { timeout: PATIENCE });
    await page.loseDevice();
    await page.says('[role=alert]', /took the GPU device with it/);
    await page.set('#size-rows', 4);
    await page.says('#verdict', /^Right/);
    expect(await page.text('section[aria-labelledby=error]')).toContain('0 of 28');
  });

  test('own WGSL says that it has no reference; a loop without an end does no harm', async () => {
    await page.page.select('#kernel', 'own');
    await page.says('#verdict', /no reference for a kernel of your own/);
    const own = await code();
    await write(own.replace(/ {2}if .*/, '  loop { if (y[0] > 5.0) { break; } }'));
    await page.says('.messages', /line 10.*does not seem to end/);
    await write(own.replace('params.factor', 'params.offset').replace('factor: f32', 'offset: f32'));
    await page.says('#verdict', /no reference/);
    expect(await page.page.$('#param-offset')).not.toBeNull();
  });

  test('fits a width of 400 pixels, in the dark too', async () => {
    await page.page.setViewport({ width: 400, height: 800 });
    await page.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
    await page.page.select('#kernel', 'softmax');
    await page.says('#verdict', /^Right/);
    expect(await page.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
    expect(await violations()).toEqual([]);
  });

  test('asks nobody but its own server, and the page loads nothing of it', async () => {
    expect(page.requests.filter((each) => !each.startsWith(server.address) && !/^(blob|about):/.test(each))).toEqual(
      [],
    );
    expect(page.messages.filter((text) => /Content Security Policy/.test(text))).toEqual([]);
    expect(page.failures).toEqual([]);
    const chunks = join(ROOT, 'dist/app/chunks/app');
    const holds = (name: string) => readFileSync(join(chunks, name), 'utf8').includes('cm-content');
    expect(readdirSync(chunks).filter((name) => name.endsWith('.js') && holds(name))).toEqual([]);
    expect(readFileSync(join(ROOT, 'dist/app/service_worker.js'), 'utf8')).not.toContain('chunks/lab');
  });
});
