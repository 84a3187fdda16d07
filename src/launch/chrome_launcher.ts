import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Browser as Chrome, Page, LaunchOptions as PuppeteerOptions } from 'puppeteer-core';
import { FusionclipError } from '../base/errors.ts';
import type { Start } from '../host/bridge.ts';
import { EXIT_CODES } from '../host/exit_codes.ts';
import { guardFolder } from '../host/guard.ts';
import { goOnAdvice } from '../host/killed.ts';
import { onSignals, outputLost, tolerateClosedPipes } from '../host/signals.ts';
import { BridgeServer } from './bridge_server.ts';
import { type Browser, browsers } from './browsers.ts';
import { type Driver, findDriver } from './drivers.ts';
import type { LaunchOptions } from './launch_options.ts';
import { outOfTimeNote, TERM_PATIENCE } from './patience.ts';

/** Exit code of a page that failed: those of the error codes would say too much. */
const FAILED = 1;

/** WebGPU on every adapter with all its features, and a page that counts as seen although no one sees it. */
const FLAGS = [
  '--enable-unsafe-webgpu',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
];

/** Variables that the page's program may see; the rest of the environment, tokens above all, is none of its business. */
const VISIBLE =
  /^(FUSIONCLIP_.*|NO_COLOR|FORCE_COLOR|CI|TERM|COLUMNS|HOME|USERPROFILE|XDG_CACHE_HOME|HF_HOME|HF_HUB_CACHE|HF_ENDPOINT)$/;

function visible(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined && VISIBLE.test(name)) out[name] = value;
  return out;
}

async function loadPuppeteer(): Promise<{ launch(options: PuppeteerOptions): Promise<Chrome> }> {
  try {
    return (await import('puppeteer-core')).default;
  } catch (cause) {
    const message = 'The runtime "chrome" needs puppeteer-core; install it with "npm install puppeteer-core".';
    throw new FusionclipError('no_adapter', message, { cause });
  }
}

/** Flags for a driver; without a wish and without hardware the browser chooses, as only it knows what it takes. */
function driverFlags(browser: Browser, driver: Driver, wish: string | undefined): string[] {
  if (driver.name === 'hardware') return ['--use-angle=vulkan', '--enable-features=Vulkan', '--ignore-gpu-blocklist'];
  if (wish === 'swiftshader') return ['--use-webgpu-adapter=swiftshader', '--ignore-gpu-blocklist'];
  return [...browser.flags];
}

function joined(...environments: Readonly<Record<string, string | undefined>>[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (const environment of environments) {
    for (const [name, value] of Object.entries(environment)) if (value !== undefined) out[name] = value;
  }
  return out;
}

/**
 * Starts the first browser that starts; says on standard error when one of them did not. `folder` gets its files; who
 * called removes it after `closeBrowser`.
 */
export async function openBrowser(
  folder: string,
  options: LaunchOptions,
  say: (text: string) => void,
): Promise<Chrome> {
  const puppeteer = await loadPuppeteer();
  const wish = options.driver || process.env.FUSIONCLIP_DRIVER || 'auto';
  if (wish === 'lavapipe') {
    throw new FusionclipError('usage', 'Chrome does not take the driver lavapipe; leave --driver out.');
  }
  const driver = findDriver('chrome', wish);
  // What a browser that is killed leaves behind goes with the folder. macOS: its sockets' names would be too long.
  const temporary: Record<string, string> = process.platform === 'linux' ? { TMPDIR: folder } : {};
  let last = 'none is installed';
  for (const browser of browsers()) {
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    try {
      return await puppeteer.launch({
        executablePath: browser.executable,
        // A pipe and not a port: the browser ends by itself when this process is killed.
        pipe: true,
        // A page whose requests are watched keeps some 200 MB of what it has received, in case an inspector asks.
        networkEnabled: false,
        userDataDir: join(folder, 'profile'),
        env: joined(process.env, driver.name === 'swiftshader' ? {} : driver.env, browser.env, temporary),
        args: [...new Set([...FLAGS, ...sandbox, ...browser.needs, ...driverFlags(browser, driver, wish)])],
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
        protocolTimeout: 0,
      });
    } catch (cause) {
      last = `${browser.executable} did not start: ${(cause as Error).message.split('\n').slice(0, 6).join(' ')}`;
      say(`fusionclip: ${last}\n`);
    }
  }
  throw new FusionclipError(
    'no_adapter',
    `No Chrome or Chromium could be started (${last}); install one, or name one in FUSIONCLIP_CHROME.`,
  );
}

/** Calls back when the page can go on no longer. */
function onFailure(chrome: Chrome, page: Page, fail: (what: string, code?: number) => void): void {
  chrome.once('disconnected', () => fail('the browser has ended'));
  page.once('error', (error) => fail(`the page has crashed (${error.message})`));
  page.once('close', () => fail('the page was closed'));
  page.once('pageerror', (error) =>
    fail(`the page has failed: ${error instanceof Error ? error.stack : error}`, FAILED),
  );
}

/** Runs a bundle's page in headless Chrome; returns its exit code when it has ended and the browser is gone. */
export async function launchChrome(bundle: string, args: readonly string[], options: LaunchOptions): Promise<number> {
  tolerateClosedPipes();
  const say = options.onStderr ?? ((text: string) => void process.stderr.write(text));
  const print = options.onStdout ?? ((text: string) => void process.stdout.write(text));
  let ended: (code: number) => void = () => {};
  const exit = new Promise<number>((resolve) => {
    ended = resolve;
  });
  let over = false;
  const fail = (what: string, code: number = EXIT_CODES.killed): void => {
    if (!over) say(`fusionclip: ${what}; ${goOnAdvice(args)}, or choose another runtime with --runtime.\n`);
    ended(code);
  };
  const start: Start = {
    args,
    env: visible({ ...process.env, ...options.env }),
    isTerminal: !options.onStderr && process.stderr.isTTY === true,
  };
  const server = new BridgeServer(bundle, start, {
    output: (fd, text) => (fd === 1 ? print(text) : say(text)),
    exit: (code) => ended(code),
    lost: () => fail('the page has gone'),
  });
  let patience: NodeJS.Timeout | undefined;
  const release = onSignals((count, signal) => {
    if (server.hasStarted && count < 3) server.interrupt();
    else ended(EXIT_CODES.interrupted);
    if (signal !== 'SIGTERM') return;
    patience ??= setTimeout(() => {
      say(outOfTimeNote(args));
      ended(EXIT_CODES.interrupted);
    }, TERM_PATIENCE - CLOSING);
  });
  const stop = (): void => ended(137);
  if (options.signal?.aborted) stop();
  options.signal?.addEventListener('abort', stop);
  const folder = mkdtempSync(join(tmpdir(), 'fusionclip-chrome-'));
  const guard = guardFolder(folder);
  let chrome: Chrome | null = null;
  try {
    const address = await server.listen();
    const opening = openBrowser(folder, options, say);
    chrome = await Promise.race([opening, exit.then(() => null)]);
    if (!chrome) {
      // Whoever has stopped it does not wait for a browser that comes up.
      void opening
        .then((late) => closeBrowser(late, 0))
        .catch(() => {})
        .finally(() => removeFolder(folder));
      return await exit;
    }
    const { pid } = chrome.process() ?? {};
    if (pid) guard.watch(pid);
    const page = (await chrome.pages())[0] ?? (await chrome.newPage());
    onFailure(chrome, page, fail);
    page.goto(address, { timeout: 0 }).catch(() => {});
    const code = await Promise.race([exit, started(server)]);
    const lost = outputLost();
    if (lost) say(`fusionclip: ${lost}\n`);
    return code === 0 && lost ? EXIT_CODES.io : code;
  } finally {
    over = true;
    clearTimeout(patience);
    release();
    options.signal?.removeEventListener('abort', stop);
    await closeBrowser(chrome, patience ? CLOSING : POLITE);
    await server.close();
    removeFolder(folder);
    await guard.dismiss();
  }
}

/** Removes what a browser has written, also while its last process still ends. */
function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** Rejects when the page has not asked for its arguments in time; never resolves. */
function started(server: BridgeServer): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => {
      if (!server.hasStarted)
        reject(new FusionclipError('no_adapter', 'The page did not start within 60 s; run again.'));
    }, 60_000);
    timer.unref();
  });
}

/** Milliseconds that a browser gets to end by itself, and after SIGTERM. */
const [POLITE, CLOSING] = [3000, 500];

/** Ends the browser and all its processes. @param politely milliseconds in which it may do so itself */
export async function closeBrowser(chrome: Chrome | null, politely = POLITE): Promise<void> {
  if (!chrome) return;
  const child = chrome.process();
  const gone = new Promise<void>((resolve) => {
    if (!child || child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, politely);
  });
  await Promise.race([Promise.all([chrome.close().catch(() => {}), gone]), late]);
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
