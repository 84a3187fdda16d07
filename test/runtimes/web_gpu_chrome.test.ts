import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import type { Browser, LaunchOptions } from 'puppeteer-core';
import { describe, expect, test, vi } from 'vitest';
import { flagsToTry } from '../../src/launch/chrome_flags.ts';
import { launchWebGpuChrome, type Puppeteer, type WebGpuChromeOptions } from '../../src/launch/web_gpu_chrome.ts';

const ADAPTER = { vendor: 'google', architecture: 'swiftshader', description: '', software: true };

/** A Puppeteer whose browsers give these adapters, one after the other; an error stands for one that does not start. */
function puppeteerWith(...answers: readonly (typeof ADAPTER | null | Error)[]) {
  const starts: LaunchOptions[] = [];
  let closed = 0;
  const launch = async (options: LaunchOptions): Promise<Browser> => {
    const answer = answers[Math.min(starts.push(options), answers.length) - 1];
    if (answer instanceof Error) throw answer;
    const page = { goto: async () => null, evaluate: async () => answer };
    const browser = Object.assign(new EventEmitter(), {
      pages: async () => [page],
      process: () => null,
      close: async () => void closed++,
    });
    return browser as unknown as Browser;
  };
  const puppeteer: Puppeteer = { launch };
  return { puppeteer, starts, closed: () => closed };
}

const start = ({ puppeteer }: { puppeteer: Puppeteer }, options: WebGpuChromeOptions = {}) =>
  launchWebGpuChrome({ puppeteer, executable: process.execPath, driver: 'swiftshader', ...options });

describe('a browser with a working adapter', () => {
  test('comes at the second start where the first has none; both are closed and their files gone', async () => {
    const fake = puppeteerWith(null, ADAPTER);
    const browser = await start(fake, { args: ['--mute-audio'] });
    expect(browser.adapter).toEqual(ADAPTER);
    expect([fake.starts.length, fake.closed()]).toEqual([2, 1]);
    const [, { args, userDataDir, pipe }] = fake.starts;
    expect(args).toEqual(expect.arrayContaining(['--use-webgpu-adapter=swiftshader', '--mute-audio']));
    expect([pipe, existsSync(fake.starts[0].userDataDir!)]).toEqual([true, false]);
    const folder = userDataDir!.replace(/.profile$/, '');
    expect(existsSync(folder)).toBe(true);
    await Promise.all([browser.close(), browser.close()]);
    expect([fake.closed(), existsSync(folder)]).toEqual([2, false]);
  });

  test('is the software adapter whatever drivers the environment names for others', async () => {
    const names = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'];
    for (const name of names) vi.stubEnv(name, '/elsewhere.json');
    const fake = puppeteerWith(ADAPTER);
    try {
      await (await start(fake)).close();
      await (await start(fake, { env: { VK_DRIVER_FILES: '/mine.json' } })).close();
    } finally {
      vi.unstubAllEnvs();
    }
    const seen = fake.starts.map(({ env }) => names.map((name) => env![name]));
    expect(seen).toEqual([
      [undefined, undefined],
      ['/mine.json', undefined],
    ]);
  });

  test('is refused in one sentence where there is none, and nothing is left open', async () => {
    const fake = puppeteerWith(null);
    const said: string[] = [];
    await expect(start(fake, { say: (text) => said.push(text) })).rejects.toThrow(
      /^No Chrome or Chromium with a WebGPU adapter could be started \(.*node gave no WebGPU adapter \(.*\)\); install one/,
    );
    expect([fake.starts.length, fake.closed(), said.length]).toEqual([2, 2, 1]);
  });

  test('comes without one where that is only wanted', async () => {
    const fake = puppeteerWith(null);
    const browser = await start(fake, { adapter: 'wanted' });
    expect([browser.adapter, fake.closed()]).toEqual([null, 1]);
    await browser.close();
    expect(fake.closed()).toBe(2);
  });

  test('a browser that does not start is named with its reason', async () => {
    const fake = puppeteerWith(new Error('Failed to launch the browser process: libnss3.so'));
    await expect(start(fake)).rejects.toThrow(/node did not start: Failed to launch the browser process: libnss3.so/);
    await expect(start(fake, { executable: '/dev' })).rejects.toThrow(/^executable names \/dev, which is a folder/);
    await expect(start(fake, { driver: 'lavapipe' })).rejects.toThrow(/Chrome does not take the driver lavapipe/);
  });
});

test('a GPU comes before the software adapter, which no Chrome takes by itself; who asks for a GPU gets no other', () => {
  const browser = { executable: '/chrome', source: 'system', needs: [], env: {} } as const;
  const driver = (name: 'hardware' | 'lavapipe' | 'system') => ({ name, env: {}, note: '' });
  const tried = (...given: Parameters<typeof flagsToTry>) =>
    flagsToTry(...given).map((flags) => (flags.includes('--use-webgpu-adapter=swiftshader') ? 'software' : flags[0]));
  expect(tried(browser, driver('hardware'), 'auto')).toEqual(['--use-angle=vulkan', 'software']);
  expect(tried(browser, driver('hardware'), 'hardware')).toEqual(['--use-angle=vulkan']);
  expect(tried(browser, driver('hardware'), 'swiftshader')).toEqual(['software']);
  expect(tried(browser, driver('lavapipe'), 'auto')).toEqual(['software']);
  expect(tried(browser, driver('system'), 'auto')).toEqual([undefined, 'software']);
  expect(tried({ ...browser, source: 'bundled' }, driver('system'), 'auto')).toEqual(['software']);
});
