import process from 'node:process';
import { ruleStream } from '../../src/base/rule.ts';
import { BrowserPage } from '../app/browser_page.ts';
import { serveFolder } from '../app/static_server.ts';
import type { DamageParts } from './damage.ts';
import { gpuProcessOf, MARK } from './processes.ts';

/** The built page, in the working folder. */
const APP = 'dist/app';

/** The page trains while its GPU process is killed or its device destroyed: it goes on by itself, to the same scores. */
export async function pageLosses({
  data,
  moments,
  seed,
  count,
}: Pick<DamageParts, 'data' | 'moments' | 'seed' | 'count'>): Promise<void> {
  const server = await serveFolder(APP, '/');
  const random = ruleStream('torture.page', seed);
  const mark = `page.${process.pid}`;
  process.env[MARK] = mark;
  try {
    const whole = await trained(server.address, data);
    for (let i = 0; i < moments; i++) {
      const kind = i % 2 === 0 ? 'GPU process killed' : 'device destroyed';
      const after = Math.floor((random(i) / 2 ** 32) * whole.milliseconds);
      const where = `${after} of ${whole.milliseconds} ms`;
      try {
        const broken = await trained(server.address, data, async (page) => {
          await new Promise((resolve) => setTimeout(resolve, after));
          if (i % 2 === 1) await page.loseDevice();
          else {
            const { pid } = gpuProcessOf(mark) ?? {};
            if (pid) process.kill(pid, 'SIGKILL');
          }
        });
        const same = broken.scores === whole.scores;
        count(`page: ${kind}`, 'page', where, same ? null : `other scores; it said: ${broken.said}`);
      } catch (error) {
        count(`page: ${kind}`, 'page', where, String(error));
      }
    }
  } finally {
    delete process.env[MARK];
    server.close();
  }
}

async function trained(address: string, data: string, strike?: (page: BrowserPage) => Promise<void>) {
  const page = await BrowserPage.open();
  try {
    await page.goto(address);
    await page.press('input[value=folders]');
    await page.drop('[data-zone=set]', data);
    await page.page.waitForSelector('.summary', { timeout: 30_000 });
    await page.page.select('#model', 'generated:T:1');
    await page.set('#shots', 1);
    await page.set('#epochs', 2);
    const start = Date.now();
    await page.press('button[type=submit]');
    const struck = strike?.(page);
    struck?.catch(() => {});
    await page.page.waitForSelector('.thumbs input, [role=alert]', { timeout: 240_000 });
    const milliseconds = Date.now() - start;
    await struck;
    await page.phase('idle');
    const scores = await page.page.$$eval('.thumbs input', (inputs) =>
      inputs.map((input) => `${(input as HTMLInputElement).value} ${(input as HTMLElement).dataset.score}`).join(),
    );
    if (scores === '') throw new Error(await page.text('[role=alert]'));
    const said = await page.page.$$eval('.hint', (hints) => hints.map((hint) => hint.textContent).join(' '));
    return { scores, said, milliseconds };
  } finally {
    await page.close();
  }
}
