import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { withServers } from '../../../scripts/app_files.mjs';
import { writeModel } from '../../cli/program.ts';
import { FAULTS, HubServer } from '../../hub/hub_server.ts';
import { BrowserPage } from '../browser_page.ts';
import { type StaticServer, serveFolder } from '../static_server.ts';

let folder = '';
let model = new Uint8Array();
let hub: HubServer;
/** Where the hub sends who asks for large files. */
let files: HubServer;
let server: StaticServer;
let page: BrowserPage;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-page-hub-'));
  model = new Uint8Array(readFileSync(await writeModel(join(folder, 'mine.safetensors'))));
});

beforeEach(async () => {
  hub = await new HubServer().listen();
  files = await new HubServer().listen();
  hub.files.set('model.safetensors', model);
  files.files.set('model.safetensors', model);
  page = await BrowserPage.open();
});

afterEach(async () => {
  server?.close();
  await page.close();
  await hub.close();
  await files.close();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Opens a page that was built with these servers. */
async function openPage(servers: string): Promise<void> {
  const copy = mkdtempSync(join(folder, 'app-'));
  cpSync('dist/app', copy, { recursive: true });
  writeFileSync(join(copy, 'index.html'), withServers(readFileSync('dist/app/index.html', 'utf8'), servers));
  server = await serveFolder(copy);
  await page.goto(server.address);
  await page.press('.own-models summary');
}

async function ask(name = 'org/clip'): Promise<void> {
  await page.set('#hub-model', name);
  await page.press('#hub-fetch');
}

const choices = () => page.page.$$eval('#model option', (all) => all.map((one) => (one as HTMLOptionElement).value));
const outside = () => page.requests.filter((each) => !/^(blob:|data:)/.test(each) && !each.startsWith(server.address));
const alert = () => page.text('[role=alert]');
const away = FAULTS.redirect(() => `${files.address}/plain/model.safetensors`);

describe('a model of a hub', () => {
  test('is fetched by its name where the policy names the servers, and stays', async () => {
    await openPage(`${hub.address} ${files.address}`);
    expect(outside()).toEqual([]);
    // A page asks twice where it is sent elsewhere.
    hub.faults.push(away, away, away, away);
    files.faults.push(FAULTS.breakAfter(100_000));
    await ask();
    await page.page.waitForSelector('[data-model=org-clip]');
    expect(await page.page.$eval('#model', (node) => (node as HTMLSelectElement).value)).toBe('org-clip');
    expect(files.take().map(({ range }) => range)).toEqual([undefined, 'bytes=100000-']);
    const asked = new Set(outside().map((each) => new URL(each).origin));
    expect(asked).toEqual(new Set([hub.address, files.address]));
    await page.goto(server.address);
    expect(await choices()).toContain('org-clip');
    await ask();
    expect(await alert()).toMatch(/a model called org-clip already; delete it/);
    expect(page.failures).toEqual([]);
  });

  test('is none while it is not whole: cancelled, left by the page, and gone on with', async () => {
    await openPage(hub.address);
    hub.faults.push(FAULTS.hang);
    await ask();
    await page.says('main', /Fetching the model|Reading…/);
    while (hub.take().length === 0) await page.frame();
    await page.press('#cancel');
    await page.phase('idle');
    await page.text('[data-model=org-clip]');
    expect(await page.text('[data-model=org-clip]')).toContain('not whole');
    expect(await choices()).not.toContain('org-clip');
    hub.faults.push(FAULTS.hang);
    await ask();
    while (hub.take().length === 0) await page.frame();
    await page.goto(server.address);
    expect(await choices()).not.toContain('org-clip');
    await ask();
    await page.page.waitForFunction(() => (document.querySelector('#model') as HTMLSelectElement).value === 'org-clip');
    expect(await page.text('[data-model=org-clip]')).not.toContain('not whole');
  });

  test('is refused where it is damaged, no CLIP, not there, or not to be had', async () => {
    await openPage(hub.address);
    hub.faults.push(FAULTS.wrongBytes, FAULTS.wrongBytes);
    await ask();
    expect(await alert()).toMatch(/model\.safetensors .*(hash|safetensors)/);
    expect(await choices()).not.toContain('org-clip');
    await page.press('.dismiss');
    await ask('not a name');
    expect(await alert()).toMatch(/“not a name” names no model of 127\.0\.0\.1:\d+; write it as ORG\/NAME/);
    await page.press('.dismiss');
    await ask('org/none');
    expect(await alert()).toMatch(/no model org\/none at 127.*fusionclip model pull NAME --out FOLDER/);
    await page.press('.dismiss');
    hub.files.set('model.safetensors', readFileSync('models/tiny-clip/config.json'));
    await ask();
    expect(await alert()).toMatch(/model\.safetensors/);
    await page.press('.dismiss');
    await hub.close();
    await ask();
    expect(await alert()).toMatch(/127\.0\.0\.1:\d+ cannot be reached.*and try again\. On a computer that reaches it/);
    expect(await choices()).not.toContain('org-clip');
    hub = await new HubServer().listen();
  });

  test('is refused at once, by name, where the policy does not name a server that the hub sends to', async () => {
    await openPage(hub.address);
    hub.faults.push(away, away);
    await ask();
    expect(await alert()).toMatch(/policy \(connect-src\) refuses 127\.0\.0\.1:\d+, or a server that it sends to/);
    expect(files.seen).toEqual([]);
  });

  test('is no way out of a page that was built without one, which says what helps', async () => {
    await openPage('');
    expect(readFileSync('dist/app/index.html', 'utf8')).not.toContain('connect-src');
    expect(await page.text('.own-models')).toContain('fusionclip model pull ORG/NAME --out FOLDER');
    expect(await page.page.$('#hub-model')).toBeNull();
    expect(outside()).toEqual([]);
  });

  test('comes into the one file from disk too', async () => {
    const single = join(folder, 'fusionclip.html');
    writeFileSync(single, withServers(readFileSync('dist/fusionclip.html', 'utf8'), hub.address));
    await page.goto(pathToFileURL(single).href);
    await page.press('.own-models summary');
    await ask();
    await page.page.waitForSelector('[data-model=org-clip]');
    expect(page.failures).toEqual([]);
  });
});
