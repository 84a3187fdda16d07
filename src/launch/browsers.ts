import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { FusionclipError } from '../base/errors.ts';
import { bundledChromium, hasBundled } from './bundled.ts';
import { inPath, isExecutable, whyNotExecutable } from './runtimes.ts';

/** A browser that may serve. */
export interface Browser {
  readonly executable: string;
  /** Where it comes from. */
  readonly source: 'named' | 'system' | 'puppeteer' | 'bundled';
  /** Command-line flags that this browser needs to start. */
  readonly needs: readonly string[];
  /** Environment variables to add. */
  readonly env: Readonly<Record<string, string>>;
}

const NAMES = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser', 'chrome'];

const FIXED_PLACES: Record<string, string[]> = {
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  win32: ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].map((name) =>
    join(process.env[name] ?? 'C:\\', 'Google', 'Chrome', 'Application', 'chrome.exe'),
  ),
};

/** The names that Chrome's executable has inside a folder of puppeteer's cache. */
const IN_CACHE = [
  ['chrome-linux64', 'chrome'],
  ['chrome-headless-shell-linux64', 'chrome-headless-shell'],
  ['chrome-mac-arm64', 'Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing'],
  ['chrome-mac-x64', 'Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing'],
  ['chrome-win64', 'chrome.exe'],
];

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Browsers that puppeteer has downloaded, the newest first. */
function inPuppeteerCache(): string[] {
  const cache = process.env.PUPPETEER_CACHE_DIR ?? join(homedir(), '.cache', 'puppeteer');
  const found: string[] = [];
  for (const kind of ['chrome', 'chrome-headless-shell']) {
    const builds = listed(join(cache, kind)).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
    for (const build of builds) for (const inside of IN_CACHE) found.push(join(cache, kind, build, ...inside));
  }
  return found.filter(isExecutable);
}

function bundled(): Browser {
  const { executable, libraries, fonts } = bundledChromium();
  const old = process.env.LD_LIBRARY_PATH;
  return {
    executable,
    source: 'bundled',
    // Its sandbox needs a helper that the package does not carry; the only page it opens is this program's own.
    needs: ['--no-sandbox'],
    env: { LD_LIBRARY_PATH: old ? `${libraries}:${old}` : libraries, FONTCONFIG_PATH: fonts },
  };
}

/**
 * A browser that the user names.
 * @param by the variable or option that names it
 * @throws FusionclipError `no_adapter` when it is no program
 */
export function namedBrowser(executable: string, by: string): Browser {
  const why = whyNotExecutable(executable);
  if (why) {
    const message = `${by} names ${executable}, which ${why}; name the program itself, or unset it.`;
    throw new FusionclipError('no_adapter', message);
  }
  return { executable, source: 'named', needs: [], env: {} };
}

/**
 * Browsers to try, the best first: `FUSIONCLIP_CHROME` alone if set (a path, or `system` or `bundled` for one kind),
 * the system's, those of puppeteer's cache, the bundled one, which is unpacked only when its turn comes.
 */
export function* browsers(): Generator<Browser> {
  const wish = process.env.FUSIONCLIP_CHROME;
  if (wish && wish !== 'system' && wish !== 'bundled') {
    yield namedBrowser(wish, 'FUSIONCLIP_CHROME');
    return;
  }
  if (wish !== 'bundled') {
    const found = [...NAMES.map(inPath), ...(FIXED_PLACES[process.platform] ?? []).filter(isExecutable)];
    for (const executable of new Set(found)) {
      if (executable) yield { executable, source: 'system', needs: [], env: {} };
    }
    for (const executable of inPuppeteerCache()) yield { executable, source: 'puppeteer', needs: [], env: {} };
  }
  if (wish !== 'system' && hasBundled()) yield bundled();
}
