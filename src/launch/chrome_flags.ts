import type { Browser } from './browsers.ts';
import type { Driver } from './drivers.ts';

/** WebGPU on every adapter with all its features, and a page that counts as seen although no one sees it. */
const ALWAYS = [
  '--enable-unsafe-webgpu',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
];

const HARDWARE = ['--use-angle=vulkan', '--enable-features=Vulkan', '--ignore-gpu-blocklist'];

/** Chrome's own SwiftShader. From version 144 on no Chrome falls back to it by itself. */
const SOFTWARE = ['--use-webgpu-adapter=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'];

/**
 * The flags for the driver to try one after the other, the best first. Where nothing is known of a GPU (macOS, Windows, a driver that
 * the user's variables name) the browser chooses at first, as only it knows what it takes.
 * @param wish the driver that was asked for
 */
export function flagsToTry(browser: Browser, driver: Driver, wish: string): readonly (readonly string[])[] {
  if (wish === 'swiftshader') return [SOFTWARE];
  if (driver.name === 'hardware') return wish === 'hardware' ? [HARDWARE] : [HARDWARE, SOFTWARE];
  if (driver.name === 'system')
    return wish === 'hardware' ? [[]] : browser.source === 'bundled' ? [SOFTWARE] : [[], SOFTWARE];
  return [SOFTWARE];
}

/** Whether these flags ask for Chrome's own software adapter. */
export function isSoftware(flags: readonly string[]): boolean {
  return flags.includes(SOFTWARE[0]);
}

/** All flags of a browser. @param driver those of the driver that is tried */
export function chromeFlags(sandbox: readonly string[], browser: Browser, driver: readonly string[]): string[] {
  return [...ALWAYS, ...sandbox, ...browser.needs, ...driver];
}
