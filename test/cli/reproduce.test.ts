import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ownFolder } from './own_folder.ts';
import { fusionclip, QUICK, start } from './program.ts';

const { folder, path, model } = await ownFolder('reproduce', 'bmad/Brain_AD');
const bmad = path('bmad');

const out = () => join(folder, 'out');
const reproduce = (...args: string[]) => fusionclip(['reproduce', '--model', model, '--out', out(), ...args]);

describe('reproduce', () => {
  test.each([
    [['--sets', 'Lung'], 2, /--sets takes HIS\|Chest\|OCT\|Brain\|Liver\|RESC,…, not "Lung"/],
    [['--table', '4'], 2, /--table takes 1\|2\|3,…, not "4"/],
    [['--figure', '1'], 2, /--figure takes 4\|5\|6\|7,…, not "1"/],
    [['--methods', 'padim'], 2, /--methods takes .*mvfa.*, not "padim"/],
    [['--seeds', '0'], 2, /--seeds takes an integer from 1/],
    [['--phantoms'], 2, /--data and --phantoms exclude each other/],
    [['--lr.adapter', 'fast'], 2, /--lr\.adapter takes a number/],
    [['--sets', 'Liver'], 4, /no folder for the set Liver \(found Brain_AD\)/],
  ])('%j is refused in one sentence', async (args, code, sentence) => {
    const ended = await reproduce('--data', bmad, ...args);
    expect(ended.stderr.trim().split('\n').at(-1)).toMatch(sentence);
    expect(ended.code).toBe(code);
    expect(existsSync(out())).toBe(false);
  });

  test('a folder that is not there, and none at all', async () => {
    const absent = await reproduce('--data', join(folder, 'nowhere'));
    expect(absent.stderr).toMatch(/There is no folder .*nowhere; give --data/);
    expect(absent.code).toBe(9);
    expect((await reproduce()).stderr).toMatch(/--data is missing: name the folder of BMAD, or take --phantoms/);
  });

  test('makes tables, a figure and their files; the same call again runs nothing', async () => {
    const few = ['--sets', 'Brain', '--shots', '2', '--seeds', '1', '--methods', 'clip-text,fusionclip,medclip'];
    const quick = QUICK.filter((flag, i) => flag !== '--shots' && QUICK[i - 1] !== '--shots');
    const call = () => reproduce('--data', bmad, '--table', '1,2', '--figure', '6', ...few, ...quick);
    const first = await call();
    expect(first.stderr).toMatch(/3 of 3: Brain, random weights, 2-shot, seed 1: image AUROC/);
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/Table 2: .*AUPRO, 2 \+ 2 support images/);
    expect(first.stdout).toMatch(/SKIPPED {2}medclip needs a MedCLIP model/);
    const read = (name: string) => readFileSync(join(out(), name), 'utf8');
    expect(read('report.html').match(/class="strip"/g)).toHaveLength(3);
    const { runs } = JSON.parse(read('results.json'));
    expect(runs).toHaveLength(3);
    expect(runs[0].support.normal).toHaveLength(2);
    const before = read('results.csv');
    const second = await call();
    expect(second.stderr).not.toMatch(/ of 3: /);
    expect(second.stdout).toBe(first.stdout);
    expect(read('results.csv')).toBe(before);
  }, 120_000);

  test('Ctrl-C leaves a report of what is finished, which says so', async () => {
    const partial = join(folder, 'partial');
    const methods = ['--sets', 'Brain', '--seeds', '1', '--methods', 'clip-text,fusionclip'];
    const args = ['--data', bmad, '--model', model, '--out', partial, '--table', '1', ...methods, ...QUICK];
    const { child, ended } = start(['reproduce', ...args]);
    child.stderr?.on('data', (text: string) => {
      if (/1 of 3: /.test(text)) child.kill('SIGINT');
    });
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr.trim().split('\n').at(-1)).toMatch(/Interrupted/);
    expect(stdout).toMatch(/PARTIAL: Stopped after [12] of 3 runs; the same command again goes on\./);
    const read = (name: string) => readFileSync(join(partial, name), 'utf8');
    expect(read('report.html')).toMatch(/<li>Partial\. Stopped after [12] of 3 runs/);
    expect(read('results.csv')).toMatch(/random weights,2,.*Not run yet: the reproduction was stopped before\./);
    expect(JSON.parse(read('results.json')).runs.length).toBeLessThan(3);
  }, 120_000);
});
