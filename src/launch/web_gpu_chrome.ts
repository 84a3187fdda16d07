/** `fusionclip/chrome`: a browser with a WebGPU adapter, for whatever page or test needs one. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Browser as Chrome, LaunchOptions as PuppeteerOptions } from 'puppeteer-core';
import { FusionclipError } from '../base/errors.ts';
import { guardFolder } from '../host/guard.ts';
import { type Browser, browsers, namedBrowser } from './browsers.ts';
import { adapterOf, type ChromeAdapter } from './chrome_adapter.ts';
import { chromeFlags, flagsToTry, isSoftware } from './chrome_flags.ts';
import { type Driver, findDriver } from './drivers.ts';

export type { ChromeAdapter } from './chrome_adapter.ts';

/** What starts a browser: `puppeteer-core`, or `puppeteer`. */
export interface Puppeteer {
  /** As Puppeteer has it. */
  launch(options: PuppeteerOptions): Promise<Chrome>;
}

/** How a browser is started; all of it may be left out. */
export interface WebGpuChromeOptions {
  /**
   * `auto` (a GPU where there is one, else the software adapter), `hardware` or `swiftshader`; by default the variable
   * `FUSIONCLIP_DRIVER`, else `auto`.
   */
  readonly driver?: string;
  /** The browser itself, in place of the one that is found: see `FUSIONCLIP_CHROME` in docs/ci.md. */
  readonly executable?: string;
  /** More command-line flags for the browser. */
  readonly args?: readonly string[];
  /** Environment variables to add. */
  readonly env?: Readonly<Record<string, string>>;
  /** `wanted`: where no adapter is to be had, a browser without one comes; `required` (the default): a sentence. */
  readonly adapter?: 'required' | 'wanted';
  /** What else Puppeteer takes, e.g. `defaultViewport`; what a working adapter needs stays as it is. */
  readonly launch?: PuppeteerOptions;
  /** Puppeteer itself, where `import('puppeteer-core')` does not find it. */
  readonly puppeteer?: Puppeteer;
  /** Gets a line about each browser that did not start or had no adapter; by default nobody does. */
  readonly say?: (text: string) => void;
}

/** A Puppeteer browser whose pages have WebGPU. */
export interface WebGpuChrome extends Chrome {
  /** The adapter that its pages get; null where none was `required` and none was found. */
  readonly adapter: ChromeAdapter | null;
}

/** A started browser, and how it is ended. */
export interface OpenChrome {
  readonly browser: WebGpuChrome;
  /** Ends it with all its processes and files. @param politely milliseconds in which it may do so by itself */
  end(politely?: number): Promise<void>;
}

/**
 * Starts a headless Chrome or Chromium with a WebGPU adapter that works, on a GPU or in software, and tries what there is until
 * one does: the browsers of the machine, then the one of `@sparticuz/chromium`; each with the flags of its driver; each twice, as
 * the first answers of a young browser can be null. `browser.close()` ends all its processes and removes its files, and when this
 * process is killed they end as well.
 * @throws FusionclipError `no_adapter` when Puppeteer, a browser or an adapter is missing; `usage` for an unknown driver
 */
export async function launchWebGpuChrome(options: WebGpuChromeOptions = {}): Promise<WebGpuChrome> {
  const { browser } = await openChrome(options);
  return browser;
}

/** As {@link launchWebGpuChrome}, for who is pressed for time at the end. */
export async function openChrome(options: WebGpuChromeOptions = {}): Promise<OpenChrome> {
  const puppeteer = options.puppeteer ?? (await loadPuppeteer());
  const wish = options.driver || process.env.FUSIONCLIP_DRIVER || 'auto';
  if (wish === 'lavapipe') {
    throw new FusionclipError('usage', 'Chrome does not take the driver lavapipe; leave --driver out.');
  }
  const driver = findDriver('chrome', wish);
  const say = options.say ?? (() => {});
  let last = 'none is installed';
  let blind: OpenChrome | null = null;
  try {
    for (const browser of options.executable ? [namedBrowser(options.executable, 'executable')] : browsers()) {
      for (const flags of flagsToTry(browser, driver, wish)) {
        try {
          const found = await withAdapter({ puppeteer, browser, driver, flags, options });
          if (found.browser.adapter) return found;
          await blind?.end(0);
          blind = found;
          last = `${browser.executable} gave no WebGPU adapter (${flags.join(' ') || 'without flags'})`;
        } catch (cause) {
          last = `${browser.executable} did not start: ${firstLines(cause)}`;
        }
        say(`fusionclip: ${last}\n`);
      }
    }
    if (blind && options.adapter === 'wanted') {
      const given = blind;
      blind = null;
      return given;
    }
  } finally {
    await blind?.end(0);
  }
  throw new FusionclipError(
    'no_adapter',
    `No Chrome or Chromium with a WebGPU adapter could be started (${last}); install one, or name one in FUSIONCLIP_CHROME.`,
  );
}

/** One way to start one browser. */
interface Way {
  readonly puppeteer: Puppeteer;
  readonly browser: Browser;
  readonly driver: Driver;
  readonly flags: readonly string[];
  readonly options: WebGpuChromeOptions;
}

/** Starts a browser and asks for its adapter; where there is none, once more from the beginning. */
async function withAdapter(way: Way): Promise<OpenChrome> {
  const first = await start(way);
  if (first.browser.adapter) return first;
  await first.end(0);
  return start(way);
}

async function start(way: Way): Promise<OpenChrome> {
  const folder = join(tmpdir(), `fusionclip-chrome-${randomUUID()}`);
  // The guard comes first: whatever happens from here on leaves nothing behind.
  const guard = guardFolder(folder);
  let started: Started | null = null;
  let ending: Promise<void> | null = null;
  const end = (politely = POLITE): Promise<void> => {
    ending ??= (async () => {
      if (started) await endProcesses(started, politely);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      await guard.dismiss();
    })();
    return ending;
  };
  try {
    mkdirSync(folder, { mode: 0o700 });
    const chrome = await launch(way, folder);
    started = { chrome, close: chrome.close.bind(chrome) };
    const { pid } = chrome.process() ?? {};
    if (pid) guard.watch(pid);
    const adapter = await adapterOf(chrome);
    chrome.once('disconnected', () => void end(0));
    return { browser: Object.assign(chrome, { adapter, close: () => end() }), end };
  } catch (error) {
    await end(0);
    throw error;
  }
}

function launch({ puppeteer, browser, driver, flags, options }: Way, folder: string): Promise<Chrome> {
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  // What a browser that is killed leaves behind goes with the folder. macOS: its sockets' names would be too long.
  const temporary: Record<string, string> = process.platform === 'linux' ? { TMPDIR: folder } : {};
  const { args = [], env = {}, launch: more = {} } = options;
  // Chrome loads its own SwiftShader by the Vulkan loader, which takes no driver but those that these variables name.
  const isOwn = isSoftware(flags);
  const outer = isOwn ? withoutDrivers(process.env) : process.env;
  const vulkan = isOwn ? {} : driver.env;
  return puppeteer.launch({
    timeout: STARTING,
    ...more,
    executablePath: browser.executable,
    // A pipe and not a port: the browser ends by itself when this process is killed.
    pipe: true,
    userDataDir: join(folder, 'profile'),
    env: joined(outer, vulkan, browser.env, temporary, more.env ?? {}, env),
    args: [...new Set([...chromeFlags(sandbox, browser, flags), ...(more.args ?? []), ...args])],
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
}

/** Milliseconds in which a browser has to start, on a busy machine too. */
const STARTING = 60_000;

/** Milliseconds that a browser gets to end by itself. */
const POLITE = 3000;

/** A browser with its own way to close. */
interface Started {
  readonly chrome: Chrome;
  close(): Promise<void>;
}

/** Ends the browser and all its processes. */
async function endProcesses({ chrome, close }: Started, politely: number): Promise<void> {
  const child = chrome.process();
  const gone = new Promise<void>((resolve) => {
    if (!child || child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, politely);
  });
  await Promise.race([Promise.all([close().catch(() => {}), gone]), late]);
  if (child?.pid) {
    // The browser leads a process group of its own, with its GPU and page processes in it.
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      child.kill('SIGKILL');
    }
  }
  clearTimeout(timer);
}

async function loadPuppeteer(): Promise<Puppeteer> {
  try {
    return (await import('puppeteer-core')).default;
  } catch (cause) {
    const message = 'The runtime "chrome" needs puppeteer-core; install it with "npm install puppeteer-core".';
    throw new FusionclipError('no_adapter', message, { cause });
  }
}

function joined(...environments: Readonly<Record<string, string | undefined>>[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (const environment of environments) {
    for (const [name, value] of Object.entries(environment)) if (value !== undefined) out[name] = value;
  }
  return out;
}

/** The environment without what names Vulkan drivers. */
function withoutDrivers(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = /^VK_(ICD_FILENAMES|DRIVER_FILES|ADD_DRIVER_FILES|LOADER_DRIVERS_(SELECT|DISABLE))$/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.test(name)));
}

function firstLines(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n').slice(0, 6).join(' ');
}
