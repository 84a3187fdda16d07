import process from 'node:process';
import { expect } from 'vitest';
import type { BrowserPage } from '../browser_page.ts';

/** Ends the browser's GPU process by its id, and waits until it is gone. */
export async function killGpu({ page }: BrowserPage): Promise<void> {
  const cdp = await page.browser().target().createCDPSession();
  const gpus = async () => {
    const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
    return processInfo.filter(({ type }) => type === 'GPU').map(({ id }) => id);
  };
  const [id] = await gpus();
  process.kill(id, 'SIGKILL');
  await expect.poll(gpus, { timeout: 60_000, interval: 200 }).not.toContain(id);
  await cdp.detach();
}
