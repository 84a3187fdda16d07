import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CDPSession, ElementHandle, Page, WebWorker } from 'puppeteer-core';
import { openBrowser } from '../../src/launch/chrome_launcher.ts';
import type { WebGpuChrome } from '../../src/launch/web_gpu_chrome.ts';

/** Milliseconds within which anything that the page computes must be there. */
export const PATIENCE = Number(process.env.PATIENCE ?? 90_000);

/** A headless browser with the page in it, and hands to use it like a person. */
export class BrowserPage {
  readonly page: Page;
  /** Addresses of all requests of the page and of its worker. */
  readonly requests: string[] = [];
  /** What the page reported as failed and nobody caught. */
  readonly failures: string[] = [];
  /** What the browser wrote on the console. */
  readonly messages: string[] = [];
  /** Types of the dialogs that were opened, and accepted. */
  readonly dialogs: string[] = [];
  /** Folder that downloads go to. */
  readonly downloads: string;
  #workers: WebWorker[] = [];
  readonly #cdp: CDPSession;
  readonly #chrome: WebGpuChrome;
  readonly #scratch: string;

  private constructor(chrome: WebGpuChrome, page: Page, cdp: CDPSession, scratch: string) {
    this.#chrome = chrome;
    this.#cdp = cdp;
    this.#scratch = scratch;
    this.page = page;
    this.downloads = join(scratch, 'downloads');
    mkdirSync(this.downloads);
    page.on('pageerror', (error) => this.failures.push(String(error)));
    page.on('error', (error) => this.failures.push(String(error)));
    // A page that would lose something asks before it is left.
    page.on('dialog', (dialog) => {
      this.dialogs.push(dialog.type());
      void dialog.accept();
    });
    page.on('console', (message) => this.messages.push(message.text()));
    void this.#watch(cdp);
    page.on('workercreated', (worker) => {
      this.#workers.push(worker);
      // Requests of a worker are told on a channel of its own.
      void this.#watch(worker.client);
    });
    page.on('workerdestroyed', (worker) => {
      this.#workers = this.#workers.filter((one) => one !== worker);
    });
  }

  /** Starts the browser; the page stays empty until {@link goto}. */
  static async open(): Promise<BrowserPage> {
    const scratch = mkdtempSync(join(tmpdir(), 'fusionclip-app-'));
    const { browser: chrome } = await openBrowser({});
    const page = await chrome.newPage();
    await page.setViewport({ width: 1280, height: 900 });
    page.setDefaultTimeout(PATIENCE);
    // Else the page scrolls smoothly, away from under the pointer.
    await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]);
    const cdp = await page.createCDPSession();
    const self = new BrowserPage(chrome, page, cdp, scratch);
    await cdp.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: self.downloads });
    return self;
  }

  /** Opens an address afresh and waits until the page can be used, or says that it cannot. */
  async goto(address: string): Promise<void> {
    this.#workers = [];
    await this.page.goto(address);
    await this.page.waitForSelector('main[data-phase="idle"], main[data-phase="paused"], main.only', {
      timeout: PATIENCE,
    });
  }

  async #watch(channel: CDPSession): Promise<void> {
    channel.on('Network.requestWillBeSent', ({ request }) => this.requests.push(request.url));
    await channel.send('Network.enable');
  }

  /** The worker of the page. */
  get worker(): WebWorker {
    // Those that it starts itself come later.
    const [worker] = this.#workers;
    if (!worker) throw new Error('the page has no worker');
    return worker;
  }

  /** Waits until the page is in one of these phases. */
  async phase(...names: string[]): Promise<void> {
    const selector = names.map((name) => `main[data-phase="${name}"]`).join();
    await this.page.waitForSelector(selector, { timeout: PATIENCE });
  }

  /** Waits for an element and gives its text. */
  async text(selector: string): Promise<string> {
    try {
      const element = await this.page.waitForSelector(selector, { timeout: PATIENCE });
      return await element!.evaluate((node) => node.textContent ?? '');
    } catch (cause) {
      const shown = await this.page.evaluate(
        () => (document.querySelector('.results') ?? document.body).textContent ?? '',
      );
      throw new Error(`${selector} did not come; the page says: ${shown.slice(0, 300)}`, { cause });
    }
  }

  /** Waits for a download and gives its path; the next one of this name is another file. */
  async download(pattern: RegExp): Promise<string> {
    for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
      const name = readdirSync(this.downloads).find((each) => pattern.test(each));
      if (name) {
        const path = join(this.#scratch, name);
        renameSync(join(this.downloads, name), path);
        return path;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`nothing was downloaded that matches ${pattern}`);
  }

  /** The score of every image in the gallery, by file. */
  async scores(): Promise<Record<string, number>> {
    const rows = await this.page.$$eval('.thumbs input', (inputs) =>
      inputs.map((input) => [(input as HTMLInputElement).value, Number((input as HTMLElement).dataset.score)]),
    );
    return Object.fromEntries(rows);
  }

  /** Waits until the text of an element matches. */
  async says(selector: string, pattern: RegExp): Promise<void> {
    const matches = (at: string, source: string) =>
      new RegExp(source).test(document.querySelector(at)?.textContent ?? '');
    await this.page.waitForFunction(matches, { timeout: PATIENCE }, selector, pattern.source);
  }

  /** Drops files or folders of the disk on an element, as a file manager does. */
  async drop(selector: string, ...paths: string[]): Promise<void> {
    const element = (await this.page.waitForSelector(selector))!;
    await element.evaluate((node) =>
      node.addEventListener('drop', () => node.setAttribute('data-reached', ''), { once: true, capture: true }),
    );
    // What comes above it while the page draws moves it from under the pointer.
    for (let tries = 0; tries < 20; tries++) {
      await element.scrollIntoView();
      const { x, y, width } = (await element.boundingBox())!;
      const at = { x: x + width / 2, y: y + 12, data: { items: [], files: paths, dragOperationsMask: 1 } };
      for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
        await this.#cdp.send('Input.dispatchDragEvent', { type, ...at });
      }
      await this.frame();
      const reached = await element.evaluate((node) => node.hasAttribute('data-reached'));
      if (!reached) continue;
      return element.evaluate((node) => node.removeAttribute('data-reached'));
    }
    throw new Error(`${selector} was never under the pointer`);
  }

  /** Chooses a file for the model of one's own. */
  async chooseModel(file: string): Promise<void> {
    const input = (await this.page.$('#model-file')) as ElementHandle<HTMLInputElement>;
    await input.uploadFile(file);
  }

  /** Gives a field or a slider a value, as typing and dragging do. */
  async set(selector: string, value: number | string): Promise<void> {
    await this.page.$eval(
      selector,
      (node, text) => {
        (node as HTMLInputElement).value = text;
        node.dispatchEvent(new Event('input', { bubbles: true }));
      },
      String(value),
    );
    await this.frame();
  }

  /** Presses what is there, wherever it has been scrolled to. */
  async press(selector: string): Promise<void> {
    await this.page.waitForSelector(`${selector}:not(:disabled)`, { timeout: PATIENCE });
    await this.page.$eval(selector, (node) => (node as HTMLElement).click());
  }

  /** Waits until what was changed has been drawn. */
  async frame(): Promise<void> {
    await this.page.evaluate(
      () => new Promise<void>((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(), 0))),
    );
  }

  /** The pixels of a canvas, RGBA. */
  async pixels(selector: string): Promise<{ width: number; height: number; data: Uint8Array }> {
    const { width, height, data } = await this.page.$eval(selector, (node) => {
      const { width, height } = node as HTMLCanvasElement;
      const { data } = (node as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
      let text = '';
      for (const value of data) text += String.fromCharCode(value);
      return { width, height, data: btoa(text) };
    });
    return { width, height, data: new Uint8Array(Buffer.from(data, 'base64')) };
  }

  /** Takes the GPU device away from the worker, as a driver does that restarts. */
  async loseDevice(): Promise<void> {
    const { client } = this.worker;
    const { result } = await client.send('Runtime.evaluate', { expression: 'GPUDevice.prototype' });
    const { objects } = await client.send('Runtime.queryObjects', { prototypeObjectId: result.objectId! });
    await client.send('Runtime.callFunctionOn', {
      objectId: objects.objectId!,
      functionDeclaration: 'function () { for (const device of this) device.destroy(); }',
    });
  }

  async close(): Promise<void> {
    await this.#chrome.close();
    rmSync(this.#scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
