import { describe, expect, test } from 'vitest';
import { FusionclipError } from '../../src/base/errors.ts';
import { allSteps } from '../../src/base/steps.ts';
import type { Call } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { trainTable } from '../../src/cli/summary.ts';
import { samplingOf } from '../../src/detect/sampling.ts';
import type { Host } from '../../src/host/host.ts';
import { headerJson } from '../../src/run/run_config.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { madeRun } from '../report/made_run.ts';
import { planOf } from '../shards/stand_in.ts';

/** What a command says of a run folder and of paths that hold nothing, on a machine where nobody may ask for a GPU. */
async function refusal(name: string, positional: string[], flags: Record<string, string>): Promise<string> {
  const config = JSON.stringify(headerJson(madeRun().header));
  const fs = new MemoryFileSystem([['/run/config.json', new TextEncoder().encode(config)]]);
  const gpu = () => expect.unreachable('a GPU was looked for');
  const host = Object.assign(fs, {
    gpu,
    onInterrupt: () => () => {},
    stderr: () => {},
    stdout: () => {},
  }) as unknown as Host;
  const command = COMMANDS.find((one) => one.name.join(' ') === name)!;
  try {
    await command.run({ host, positional, flags });
  } catch (error) {
    expect([...fs.files.keys()]).toEqual(['/run/config.json']);
    return (error as Error).message;
  }
  return expect.unreachable('nothing was refused');
}

describe('before an adapter is looked for', () => {
  test('a run that is not there is refused by what goes by it', async () => {
    for (const [name, positional, flags] of [
      ['predict', ['/x.png'], { run: '/wrong' }],
      ['eval', ['/wrong'], {}],
      ['calibrate', ['/wrong'], { normals: '/x' }],
    ] as const) {
      expect(await refusal(name, [...positional], flags)).toBe('There is no run at /wrong; check the path.');
    }
  });

  test('a word of --accept that is none is refused', async () => {
    const flags = { run: '/run', accept: 'gaps,holes' };
    expect(await refusal('predict', ['/x.dcm'], flags)).toMatch(/^--accept takes .*"holes"/);
  });

  test('train refuses a folder of no data, and one that holds a run', async () => {
    const flags = { data: '/nowhere', model: 'tiny-clip', out: '/new' };
    expect(await refusal('train', [], flags)).toBe('There is no folder /nowhere; check the path of the data set.');
    expect(await refusal('train', [], { ...flags, out: '/run' })).toMatch(/^\/run holds an unfinished run; go on with/);
  });
});

test('work refuses a plan in which nothing can be written before it computes', async () => {
  const fs = new MemoryFileSystem();
  await planOf(fs, [{ path: '/a.png', patient: '' }]);
  const { writeFile } = fs;
  fs.writeFile = async (path, bytes) => {
    if (path.startsWith('/plan/parts')) throw new FusionclipError('io', 'Cannot write: read-only.');
    return writeFile.call(fs, path, bytes);
  };
  const gpu = () => expect.unreachable('a GPU was looked for');
  const command = COMMANDS.find(({ name }) => name[0] === 'work')!;
  const host = Object.assign(fs, { gpu, stderr: () => {}, stdout: () => {} }) as unknown as Host;
  await expect(command.run({ host, positional: ['/plan'], flags: {} })).rejects.toThrow('Cannot write: read-only.');
});

test('work, merge, queue and worker end in the same way where PLAN is none', async () => {
  const fs = new MemoryFileSystem([['/file', new Uint8Array()]]);
  const host = Object.assign(fs, { another: () => {}, stdout: () => {}, stderr: () => {} }) as unknown as Host;
  for (const name of ['work', 'merge', 'queue', 'worker']) {
    const command = COMMANDS.find((one) => one.name.join(' ') === name)!;
    for (const path of ['/file', '/missing']) {
      const given: Pick<Call, 'positional' | 'flags'> =
        name === 'worker' ? { positional: [], flags: { plan: path } } : { positional: [path], flags: {} };
      await expect(command.run({ host, ...given })).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringContaining('holds no plan'),
      });
    }
  }
});

test('plan, work and merge refuse a flag that would mean nothing, and merge scores nothing again where nothing is done', async () => {
  const fs = new MemoryFileSystem();
  await planOf(fs, [{ path: '/a.png', patient: '' }]);
  let said = '';
  const gpu = () => expect.unreachable('a GPU was looked for');
  const host = Object.assign(fs, { gpu, stderr: () => {}, stdout: (text: string) => (said += text) });
  const run = (name: string, flags: Record<string, string>) =>
    COMMANDS.find((one) => one.name.join(' ') === name)!.run({
      host: host as unknown as Host,
      positional: ['/plan'],
      flags,
    });
  await expect(run('work', { root: '/mnt' })).rejects.toThrow('--root: /plan has whole paths; make the plan with');
  await expect(run('merge', { root: '/mnt', check: '1' })).rejects.toThrow('--root: /plan has whole paths');
  for (const flag of ['root', 'model']) {
    await expect(run('merge', { [flag]: '/mnt' })).rejects.toThrow(`--${flag} is for --check`);
  }
  for (const flag of ['image', 'claim.data']) {
    await expect(run('plan', { emit: 'slurm', [flag]: 'x' })).rejects.toThrow(`--${flag} is for --emit kubernetes`);
  }
  expect(await run('merge', { check: '1' })).toBe(9);
  expect(said).toContain('nothing is scored again');
});

describe('the folder of a run', () => {
  test('is refused by what writes other results', async () => {
    for (const [name, positional, flags] of [
      ['compare', ['/run'], {}],
      ['embed', [], { model: 'tiny-clip', text: 'brain' }],
      ['merge', ['/plan'], {}],
      ['ci', [], { data: '/x', model: 'tiny-clip' }],
      ['study embedded', [], { model: 'tiny-clip' }],
      ['study gap', [], { model: 'tiny-clip' }],
      ['data fetch', ['dicomweb:http://127.0.0.1:9'], {}],
    ] as const) {
      expect(await refusal(name, [...positional], { ...flags, out: '/run' })).toMatch(/^\/run is the folder of a run;/);
    }
  });

  test('and its files are not written over by what --out or --junit names', async () => {
    const file = '/run/config.json';
    for (const [name, positional, flags] of [
      ['report', ['/run'], { out: file }],
      ['report', ['/run'], { out: file, checklist: 'claim' }],
      ['ci', [], { data: '/x', model: 'tiny-clip', out: '/new', junit: file }],
    ] as const) {
      expect(await refusal(name, [...positional], { ...flags })).toBe(
        `${file} is there, and this program has not written it as such; give another name, or remove it.`,
      );
    }
  });

  test('demo writes over no report but one of its own, and says so before it trains', async () => {
    const demo = COMMANDS.find(({ name }) => name[0] === 'demo')!;
    const said = (title: string) => {
      const page = new TextEncoder().encode(`<!doctype html>\n<title>${title}</title>`);
      const gpu = () => Promise.reject(new Error('a GPU was looked for'));
      const host = { gpu, stderr: () => {}, stdout: () => {} };
      const fs = Object.assign(new MemoryFileSystem([['/demo/report.html', page]]), host) as unknown as Host;
      return demo.run({ host: fs, positional: [], flags: { out: '/demo' } }).catch(({ message }) => message);
    };
    expect(await said('my report')).toMatch(/^\/demo\/report\.html is there, and this program has not written it/);
    for (const own of ['Brain: fusionclip report', 'Found (fusionclip report)']) {
      expect(await said(own)).toBe('a GPU was looked for');
    }
  });

  test('gets no pictures', async () => {
    for (const volume of ['none', 'nifti']) {
      expect(await refusal('phantom', [], { out: '/run', set: 'brain', volume })).toMatch(
        /^\/run is the folder of a run;/,
      );
    }
  });
});

test('pictures and volumes that an interruption leaves half made are removed', async () => {
  for (const volume of ['none', 'nifti']) {
    const fs = new MemoryFileSystem();
    let interrupt = () => {};
    const onInterrupt = (handler: () => void) => {
      interrupt = handler;
      return () => {};
    };
    let written = 0;
    const writeFile = async (path: string, bytes: Uint8Array | string) => {
      if (++written === 3) interrupt();
      await MemoryFileSystem.prototype.writeFile.call(fs, path, bytes);
    };
    const host = Object.assign(fs, { onInterrupt, writeFile, stdout: () => {}, stderr: () => {} }) as unknown as Host;
    const flags = { out: '/data', set: 'brain', size: '32', train: '0', valid: '4', test: '4', volume, depth: '8' };
    const command = COMMANDS.find((one) => one.name.join(' ') === 'phantom')!;
    await expect(command.run({ host, positional: [], flags })).rejects.toMatchObject({ code: 'interrupted' });
    expect([...fs.files.keys()]).toEqual([]);
  }
});

describe('below the table of a result', () => {
  /** @param images of each class, of which abnormal ones score higher but for the last of `off` of them */
  const linesOf = (images: number, off: number, brightness: number) => {
    const { results } = madeRun();
    const scored = Array.from({ length: 2 * images }, (_, i) => {
      const label = (i % 2) as 0 | 1;
      return { id: String(i), label, score: i < 2 * (images - off) ? label : 0.5 + i / 1e4 };
    });
    const sampling = allSteps(samplingOf(scored, null, null, 1))!;
    const { selected, trivial } = results;
    const image = { ...selected.image, auroc: 0.9 };
    const mean = { ...trivial!.mean, auroc: brightness };
    return trainTable({
      ...results,
      selected: { ...selected, image, sampling },
      trivial: { ...trivial!, mean, std: { ...mean, auroc: 0.5 }, p995: { ...mean, auroc: 0.5 } },
    });
  };

  test('stands what its interval is worth, with that of the AP where draws differ', () => {
    expect(linesOf(6, 0, 0.6)).toMatch(
      /exact interval of 95 %, of 12 images: 0\.5407 to 1\.0000; wide, as 12 images tell little\n/,
    );
    expect(linesOf(6, 6, 0.6)).toMatch(
      /95 % of the draws of 12 images: .*, AP 0\.\d+ to .*; chance \(0\.5\) lies in it\n/,
    );
    expect(linesOf(100, 10, 0.6)).toMatch(/95 % of the draws of 200 images: [\d.]+ to [\d.]+, AP [\d.]+ to [\d.]+\n/);
  });

  test('stands that brightness does as well', () => {
    expect(linesOf(6, 0, 0.6)).not.toContain('WARNING');
    expect(linesOf(6, 0, 0.95)).toMatch(
      /WARNING: brightness alone \(mean grey value, low\) tells these images apart as well or better: 0\.9500/,
    );
  });
});
