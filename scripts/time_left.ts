/**
 * `npm run time-left [-- --clock wall|cpu] [--sizes s,m,…]`: how long trainings of several kinds say that they still take, and how long
 * they took. After the first tenth of the work nothing that is said should be off by more than a quarter. On a machine with other work the clock
 * `cpu`, the time of the processors that this process has taken, tells more than that of the wall. Not part of `npm test`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { offBy, type TimeLeft, timeLeft } from '../src/base/progress.ts';
import { disk } from '../src/host/disk.ts';
import { open } from '../src/open/process.ts';
import { writePhantoms } from '../src/phantom/index.ts';
import type { RunEvent } from '../src/run/events.ts';

const { values } = parseArgs({
  options: {
    clock: { type: 'string', default: 'wall' },
    sizes: { type: 'string', default: 's,m,l,often,last,image,many' },
  },
});

/** Images to learn from and to test on, and settings. */
const SIZES: Readonly<
  Record<string, { family?: string; valid: number; test: number; size?: number; settings: object }>
> = {
  s: { valid: 12, test: 6, settings: { shots: 2, epochs: 3, size: 84 } },
  m: { valid: 40, test: 40, settings: { shots: 4 } },
  l: { valid: 60, test: 200, settings: { shots: 8, epochs: 12, 'eval.every': 4 } },
  // Weights are compared after every epoch; not at all; sets without masks.
  often: { valid: 40, test: 24, settings: { shots: 2, epochs: 12, 'eval.every': 1 } },
  last: { valid: 40, test: 40, settings: { shots: 4, epochs: 8, select: 'last' } },
  image: { family: 'chest', valid: 30, test: 60, settings: { shots: 4, epochs: 8 } },
  many: { valid: 16, test: 240, settings: { shots: 2, epochs: 4 } },
};

/** The share of the work after which the time that is left is to be right. */
const EARLY = 0.1;
const LIMIT = 0.25;

if (values.clock === 'cpu') {
  performance.now = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
}
const seconds = () => performance.now() / 1000;

const folder = mkdtempSync(join(tmpdir(), 'fusionclip-time-'));
try {
  for (const name of values.sizes.split(',')) {
    const { family = 'brain', valid, test, settings } = SIZES[name];
    const out = join(folder, name);
    const data = await writePhantoms(disk, { set: family, out, seed: 1, train: 0, valid, test, size: 168 });
    const said: { at: number; left: TimeLeft; what: string }[] = [];
    const onEvent = (event: RunEvent) => {
      if (event.type !== 'stage' && event.type !== 'step') return;
      const what = event.type === 'step' ? `step ${event.step} of ${event.steps}` : `${event.what}: ${event.done}`;
      const { etaSeconds: eta } = event;
      if (eta === undefined || eta === null) return;
      const [least, most] = (event.type === 'step' && event.etaRange) || [eta, eta];
      said.push({ at: seconds() - start, left: timeLeft(least, most), what });
    };
    const fc = await open({ onEvent });
    const start = seconds();
    await fc.train(data, { ...settings, out: join(out, 'run') });
    const whole = seconds() - start;
    fc.close();
    const errors = said.map(({ at, left, what }) => ({ share: at / whole, left, was: whole - at, what }));
    const late = errors.filter(({ share }) => share >= EARLY);
    const wrong = late.filter((each) => Math.abs(offBy(each)) > LIMIT);
    const load = loadavg()[0].toFixed(1);
    console.log(
      `${name}: ${whole.toFixed(1)} s (${values.clock}), load ${load}; ${wrong.length} of ${late.length} off`,
    );
    const every = Math.ceil(errors.length / 20);
    for (const each of errors.filter((_, i) => i % every === 0 || i === errors.length - 1)) {
      const { share, left, was, what } = each;
      const percent = `${offBy(each) > 0 ? '+' : ''}${(100 * offBy(each)).toFixed(0)} %`;
      console.log(`  ${(100 * share).toFixed(0)} %: ${left.text}, was ${was.toFixed(1)} s: ${percent} (${what})`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
