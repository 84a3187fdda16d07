import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { disk } from '../../src/host/disk.ts';
import { ownFolder } from './own_folder.ts';
import { fusionclip, QUICK, start, writeSet } from './program.ts';

const { folder, path, json, model } = await ownFolder('data');

describe('data', () => {
  test('train inside the set, by relative path, says and stores what check says; eval elsewhere asks for --data', async () => {
    const check = await fusionclip(['data', 'check', path('Brain_AD')]);
    expect(check.stdout).toMatch(/16 images and 8 masks used/);
    expect(check.stdout).toMatch(/prompts say "Brain" \(from the folder's name\)/);
    expect(check.stdout).toMatch(/ready for training\n$/);
    const args = ['train', '--data', '.', '--model', model, '--out', path('run'), ...QUICK, '--map.files', 'none'];
    const trained = await start(args, {}, path('Brain_AD')).ended;
    expect(trained.code).toBe(0);
    const [, ...lines] = check.stdout.trimEnd().split('\n').slice(0, -1);
    for (const line of lines) expect(trained.stderr).toContain(line);
    expect(json('run', 'config.json')).toMatchObject({ object: 'Brain', data: { path: '.', name: 'Brain_AD' } });
    expect(json('run', 'data.json')).toMatchObject({ name: 'Brain_AD', object: 'Brain', from: 'known', ok: true });
    const evaluated = await fusionclip(['eval', path('run'), '--data', path('Brain_AD'), '--out', path('eval')]);
    for (const line of lines.slice(0, -1)) expect(evaluated.stderr).toContain(line);
    expect(evaluated.stderr).toMatch(/prompts say "Brain" \(as the run has it\)/);
    expect(json('eval', 'data.json').images).toEqual(json('run', 'data.json').images);
    cpSync(path('Brain_AD'), path('moved', 'Brain_AD'), { recursive: true });
    const relative = ['train', '--data', 'moved/Brain_AD', '--model', model, '--out', 'run2', ...QUICK];
    expect((await start(relative, {}, folder).ended).code).toBe(0);
    const lost = await start(['eval', path('run2')], {}, tmpdir()).ended;
    expect([lost.code, lost.stderr]).toEqual([9, expect.stringMatching(/no folder moved\/Brain_AD, .*--data DIR/)]);
  });

  test('train stops at what check calls an error, before anything is written', async () => {
    const set = writeSet(path('Lesions_AD'));
    cpSync(join(set, 'valid/Ungood/anomaly_mask/0.png'), join(set, 'test/good/anomaly_mask/0.png'));
    const check = await fusionclip(['data', 'check', set]);
    expect([check.code, check.stdout]).toEqual([4, expect.stringMatching(/error: .*a normal image with a lesion/)]);
    const { code, stderr } = await fusionclip([
      'train',
      '--data',
      set,
      '--model',
      model,
      '--out',
      path('no'),
      ...QUICK,
    ]);
    expect([code, stderr]).toEqual([4, expect.stringMatching(/a normal image with a lesion in its mask/)]);
    expect(readdirSync(folder)).not.toContain('no');
  });

  test('predict: links, FIFOs, its own maps, equal names and names as long as a disk takes', async () => {
    const image = path('Brain_AD/test/Ungood/img/0.png');
    const place = (name: string) => {
      mkdirSync(join(path('in'), name, '..'), { recursive: true });
      cpSync(image, path('in', name));
    };
    place('a/x.png');
    place('b/x.png');
    const long = `${'n'.repeat(251)}.png`;
    place(long);
    symlinkSync('.', path('in', 'self'));
    execFileSync('mkfifo', [path('in', 'p.png')]);
    const predict = (...paths: string[]) =>
      start(
        ['predict', ...paths, '--run', path('run'), '--out', 'results', '--map.files', 'npy', '--json'],
        {},
        path('in'),
      ).ended;
    for (let time = 0; time < 2; time++) {
      const { code, stdout, stderr } = await predict('.');
      expect(code).toBe(0);
      expect(JSON.parse(stdout).images.map(({ id }: { id: string }) => id)).toEqual([
        `./a/x.png`,
        `./b/x.png`,
        `./${long}`,
      ]);
      expect(stderr).toMatch(/ to score, \d+ left out\nleft out: /);
      expect(stderr).toMatch(/left out: FIFOs, sockets and devices \(1\): /);
      if (time === 1) expect(stderr).toMatch(/left out: this program.s own outputs \(8\): /);
    }
    mkdirSync(path('a'));
    cpSync(image, path('a', 'x.png'));
    const two = await predict('../a/x.png', 'a/x.png', './a/x.png');
    expect([two.code, JSON.parse(two.stdout).images]).toEqual([0, expect.objectContaining({ length: 2 })]);
    const maps = readdirSync(path('in', 'results', 'maps'), { recursive: true });
    expect(maps).toEqual(expect.arrayContaining(['a/x.png.png', 'a/x.png~2.png']));
    renameSync(path('in', long), path('in', `${'n'.repeat(250)}.jpeg`));
    const refused = await fusionclip([
      ...['predict', path('in', `${'n'.repeat(250)}.jpeg`), '--run', path('run')],
      ...['--out', path('out'), '--map.files', 'png16'],
    ]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/shorten it by 3 bytes/)]);
    expect(readdirSync(folder)).not.toContain('out');
  });

  test('a file whose name is no UTF-8 is refused as that: to check its path would not help', async () => {
    const name = Buffer.concat([Buffer.from(`${path()}/`), Buffer.from([0xff]), Buffer.from('.png')]);
    writeFileSync(name, 'x');
    const [read] = readdirSync(path()).filter((one) => one.endsWith('\ufffd.png'));
    await expect(disk.readFile(path(read))).rejects.toThrow(/holds bytes that are no UTF-8.*rename it/);
    rmSync(name);
  });
});
