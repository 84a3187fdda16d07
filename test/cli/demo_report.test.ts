import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ended, fusionclip, writeModel } from './program.ts';

let folder = '';
let ended: Ended;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-demo-'));
  const model = await writeModel(join(folder, 'model.safetensors'));
  ended = await fusionclip(['demo', '--out', join(folder, 'demo'), '--model', model, '--epochs', '1']);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('demo', () => {
  test('sums up in eight lines and leaves pictures, run and report', () => {
    const { code, stdout } = ended;
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(8);
    expect(lines[0]).toMatch(/^FusionCLIP-AD \(fusionclip\) on 40 synthetic test pictures \(brain\), /);
    expect(lines.find((line) => line.startsWith('report '))).toContain(join(folder, 'demo/report.html'));
    expect(readdirSync(join(folder, 'demo')).sort()).toEqual(['data', 'report.html', 'run']);
    const html = readFileSync(join(folder, 'demo/report.html'), 'utf8');
    expect(html).toContain('24 of 40 test images are shown');
    expect(html).toContain('test/<wbr/>Ungood');
  });

  test('keeps out of a folder that holds something else', async () => {
    mkdirSync(join(folder, 'other'));
    writeFileSync(join(folder, 'other/letter.txt'), 'dear');
    const { code, stderr } = await fusionclip(['demo', '--out', join(folder, 'other')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/holds other files.*--out/);
    expect(readdirSync(join(folder, 'other'))).toEqual(['letter.txt']);
  });
});

describe('report', () => {
  test('is made again from the run folder alone, with as many images as asked for', async () => {
    const out = join(folder, 'small.html');
    writeFileSync(out, '<!doctype html>\n<title>Brain: fusionclip report</title>'); // an earlier version's
    const { code, stdout } = await fusionclip(['report', join(folder, 'demo/run'), '--out', out, '--gallery', '4']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/small\.html: 0\.\d MiB\n$/);
    expect(readFileSync(out, 'utf8')).toContain('4 of 40 test images are shown');
    expect(statSync(out).size).toBeLessThan(statSync(join(folder, 'demo/report.html')).size / 2);
  });

  test('says what is wrong with a folder that is no run', async () => {
    const { code, stderr } = await fusionclip(['report', join(folder, 'demo/data')]);
    expect(code).toBe(9);
    expect(stderr).toMatch(/There is no run in /);
  });
});
