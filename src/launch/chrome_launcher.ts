import process from 'node:process';
import type { Browser as Chrome, Page } from 'puppeteer-core';
import { FusionclipError } from '../base/errors.ts';
import type { Start } from '../host/bridge.ts';
import { EXIT_CODES } from '../host/exit_codes.ts';
import { installationSecret, SECRET } from '../host/installation_secret.ts';
import { goOnAdvice } from '../host/killed.ts';
import { onSignals, outputLost, tolerateClosedPipes } from '../host/signals.ts';
import { terminalColumns } from '../host/terminal.ts';
import { BridgeServer } from './bridge_server.ts';
import type { LaunchOptions } from './launch_options.ts';
import { outOfTimeNote, TERM_PATIENCE } from './patience.ts';
import { type OpenChrome, openChrome } from './web_gpu_chrome.ts';

/** Exit code of a page that failed: those of the error codes would say too much. */
const FAILED = 1;

/** Variables that the page's program may see; the rest of the environment, tokens above all, is none of its business. */
const VISIBLE =
  /^(FUSIONCLIP_.*|NO_COLOR|FORCE_COLOR|CI|TERM|COLUMNS|HOME|USERPROFILE|XDG_CACHE_HOME|HF_HOME|HF_HUB_CACHE|HF_ENDPOINT)$/;

function visible(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined && VISIBLE.test(name)) out[name] = value;
  return out;
}

/** What the page of this program needs of a browser; much of it works without an adapter. */
export function openBrowser(options: LaunchOptions, say?: (text: string) => void): Promise<OpenChrome> {
  // A page whose requests are watched keeps some 200 MB of what it has received, in case an inspector asks.
  const launch = { networkEnabled: false, protocolTimeout: 0 };
  return openChrome({ driver: options.driver, adapter: 'wanted', launch, say });
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
  const env = { ...process.env, ...options.env };
  const start: Start = {
    args,
    env: { ...visible(env), [SECRET]: await installationSecret((name) => env[name]) },
    isTerminal: !options.onStderr && process.stderr.isTTY === true,
    columns: terminalColumns((name) => env[name]),
  };
  const events = {
    output: (fd: 1 | 2, text: string) => (fd === 1 ? print(text) : say(text)),
    exit: (code: number) => ended(code),
    lost: () => fail('the page has gone'),
  };
  const server = new BridgeServer(bundle, start, events, env);
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
  let open: OpenChrome | null = null;
  try {
    const address = await server.listen();
    const opening = openBrowser(options, say);
    open = await Promise.race([opening, exit.then(() => null)]);
    if (!open) {
      // Whoever has stopped it does not wait for a browser that comes up.
      void opening.then((late) => late.end(0)).catch(() => {});
      return await exit;
    }
    const chrome = open.browser;
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
    options.signal?.removeEventListener('abort', stop);
    try {
      await open?.end(patience && CLOSING);
      await server.close();
    } finally {
      // One more Ctrl-C while the browser is closed would leave it, and its folder, behind.
      release();
    }
  }
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

/** Milliseconds that a browser gets to end by itself after SIGTERM. */
const CLOSING = 500;
