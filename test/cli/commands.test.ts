import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { VERSION } from '../../src/base/version.ts';
import { billErrors } from '../package/cyclonedx.ts';
import { ownFolder } from './own_folder.ts';
import { fusionclip, jsonLines, QUICK, start, writeSet } from './program.ts';

const { folder, read, data, model } = await ownFolder('cli');

const trainArgs = (out: string) => ['train', '--data', data, '--model', model, '--out', out, ...QUICK];

describe('train, eval, predict, embed', () => {
  test('train writes a whole run folder and says what became of it', async () => {
    const { code, stdout, stderr } = await fusionclip(trainArgs(join(folder, 'run')));
    expect(stderr).toMatch(/^fusionclip: .*(lavapipe|swiftshader|hardware).*; deno \d/);
    expect(code).toBe(0);
    const events = jsonLines(stderr);
    expect(events.filter(({ type }) => type === 'step').map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(stdout).toMatch(/Brain_AD, test: 4 normal and 4 abnormal images/);
    expect(stdout).toMatch(/grey values as map/);
    expect(readdirSync(join(folder, 'run')).sort()).toEqual([
      'bom.cdx.json',
      'checkpoint',
      'config.json',
      'data.json',
      'env.json',
      'maps',
      'metrics.jsonl',
      'predictions.csv',
      'report.html',
      'results.json',
      'shots.json',
    ]);
    const bill = JSON.parse(read('run', 'bom.cdx.json'));
    expect(billErrors(bill)).toEqual([]);
    // What it names is what lies there.
    const sum = (...parts: string[]) => createHash('sha256').update(readFileSync(join(folder, ...parts)));
    const { component } = bill.metadata;
    expect(component.hashes[0].content).toBe(sum('run', 'checkpoint/adapters.safetensors').digest('hex'));
    const { selected } = JSON.parse(read('run', 'results.json'));
    expect(component.modelCard.quantitativeAnalysis.performanceMetrics[0]).toMatchObject({
      type: 'image AUROC',
      value: String(selected.image.auroc),
    });
    expect(component.properties).toContainEqual({ name: 'fusionclip:setting:shots', value: '2' });
    const { sha256 } = JSON.parse(read('run', 'data.json'));
    const config = JSON.parse(read('run', 'config.json'));
    expect(bill.components.map((one: { hashes: { content: string }[] }) => one.hashes[0].content)).toEqual([
      config.model.sha256,
      sha256.valid,
      sha256.test,
    ]);
    const env = JSON.parse(read('run', 'env.json'));
    expect(env.adapter).toContain(env.facts.class);
    expect(env).toMatchObject({ runtime: 'deno', fusionclip: VERSION });
    expect(jsonLines(read('run', 'metrics.jsonl')).map(({ type }) => type)).toEqual([
      'step',
      'step',
      'eval',
      'step',
      'step',
      'eval',
    ]);
    expect(existsSync(join(folder, 'run/maps/test/Ungood/img/0.npy'))).toBe(true);
  });

  test('eval repeats the result from the file', async () => {
    const { code, stdout } = await fusionclip(['eval', join(folder, 'run'), '--json']);
    expect(code).toBe(0);
    const { selected } = JSON.parse(read('run', 'results.json'));
    const { image, pixel } = JSON.parse(stdout);
    expect({ image, pixel }).toEqual({ image: selected.image, pixel: selected.pixel });
  });

  test('predict scores files and folders as the run did', async () => {
    const paths = [join(data, 'test/Ungood'), join(data, 'test/good/img/0.png')];
    const out = join(folder, 'out');
    const { code, stdout, stderr } = await fusionclip([
      'predict',
      ...paths,
      '--run',
      join(folder, 'run'),
      '--out',
      out,
    ]);
    expect(stderr).not.toMatch(/fusionclip: [A-Z].*\n.*fusionclip:/);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(5);
    const scoreOf = (csv: string, id: string) =>
      csv
        .split('\n')
        .find((row) => row.includes(id))
        ?.split(',')[2];
    for (const id of ['Ungood/img/3.png', 'good/img/0.png']) {
      // In a batch of another size the last bit may differ.
      const [again, before] = ['out', 'run'].map((name) => Number(scoreOf(read(name, 'predictions.csv'), id)));
      expect(Math.abs(again - before)).toBeLessThan(1e-6);
    }
  });

  test('predict reads paths from standard input, and an image that cannot be read is a row and an exit code', async () => {
    const broken = join(folder, 'broken.png');
    writeFileSync(broken, readFileSync(join(data, 'test/good/img/0.png')).subarray(0, 300));
    const paths = [join(data, 'test/good/img/1.png'), broken, join(data, 'test/Ungood/img/1.png')];
    const args = ['predict', '-', '--run', join(folder, 'run'), '--out', join(folder, 'piped'), '--json'];
    const { code, stdout, stderr } = await start(args, {}, undefined, `${paths.join('\n')}\n`).ended;
    expect([code, stderr]).toEqual([5, expect.stringMatching(/1 of 3 images could not be scored/)]);
    const { method, threshold, images } = JSON.parse(stdout);
    expect([method, threshold.from]).toEqual(['fusionclip', expect.stringMatching(/valid|support/)]);
    expect(stderr).toMatch(
      /FusionCLIP-AD.*trained on Brain_AD\.\nThreshold .*chosen on .*sensitivity of .*specificity of /,
    );
    expect(images.map(({ id }: { id: string }) => id)).toEqual(paths);
    expect(images[0]).toMatchObject({ threshold: threshold.value, error: null, map: expect.stringMatching(/\.png$/) });
    expect(existsSync(images[0].map)).toBe(true);
    expect(images[1]).toMatchObject({ score: null, map: null, error: expect.stringMatching(/broken\.png/) });
    const lines = read('piped', 'predictions.csv').trim().split('\n');
    expect(lines.map((line) => line.split(',')[2] === '')).toEqual([false, false, true, false]);
    const strict = await fusionclip(['predict', ...paths, '--run', join(folder, 'run'), '--strict']);
    expect([strict.code, strict.stdout]).toEqual([5, '']);
  });

  test('eval and predict do not write into a run folder', async () => {
    const before = read('run', 'results.json');
    for (const args of [
      ['eval', join(folder, 'run')],
      ['predict', data, '--run', join(folder, 'run')],
    ]) {
      const { code, stderr } = await fusionclip([...args, '--out', join(folder, 'run')]);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/is the folder of a run.*--out/)]);
    }
    expect(read('run', 'results.json')).toBe(before);
  });

  test('a finished run is kept, replaced only with --force', async () => {
    const before = read('run', 'results.json');
    const { code, stderr } = await fusionclip(trainArgs(join(folder, 'run')));
    expect(code).toBe(2);
    expect(stderr).toMatch(/holds a finished run.*--force/);
    expect(read('run', 'results.json')).toBe(before);
  });

  test('embed gives unit vectors and cosines', async () => {
    const image = join(data, 'test/good/img/0.png');
    const { code, stdout } = await fusionclip(['embed', image, '--model', model, '--text', 'a brain,a chest']);
    expect(code).toBe(0);
    const { imageEmbeddings, textEmbeddings, cosines } = JSON.parse(stdout);
    for (const row of [...imageEmbeddings, ...textEmbeddings]) {
      expect(row.reduce((sum: number, x: number) => sum + x * x, 0)).toBeCloseTo(1, 5);
    }
    expect(cosines[0]).toHaveLength(2);
  });
});

describe('data, help, tuning', () => {
  test('data check', async () => {
    const good = await fusionclip(['data', 'check', data, '--json']);
    expect(good.code).toBe(0);
    expect(JSON.parse(good.stdout)).toMatchObject({ ok: true, kind: 'pixel', object: 'Brain' });
    const bad = writeSet(join(folder, 'bad'));
    rmSync(join(bad, 'test/Ungood/anomaly_mask/1.png'));
    const { code, stdout } = await fusionclip(['data', 'check', bad]);
    expect(code).toBe(4);
    expect(stdout).toMatch(/error: .*test\/Ungood\/img\/1\.png: no mask/);
  });

  test('a method without training names the flags it ignores, and its run is scored again with other settings', async () => {
    const out = join(folder, 'memory');
    const flags = ['--data', data, '--model', model, '--out', out, '--size', '42', '--shots', '2', '--epochs', '3'];
    const trained = await fusionclip(['train', ...flags, '--method', 'clip-memory']);
    expect(trained.code).toBe(0);
    expect(trained.stderr).toMatch(/clip-memory has nothing to train, so --epochs changes nothing\./);
    const again = await fusionclip(['eval', out, '--method', 'clip-text', '--map.upsample', 'guided']);
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/\nclip-text /);
    expect(again.stderr).toMatch(/thresholds were chosen anew/);
    const refused = await fusionclip(['eval', out, '--method', 'mvfa']);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/train it with fusionclip train --method mvfa/),
    ]);
  });

  test('data audit prints a table, and only --strict makes a leak an exit code', async () => {
    const leaking = writeSet(join(folder, 'leaking'));
    copyFileSync(join(leaking, 'test/good/img/1.png'), join(leaking, 'valid/good/img/0.png'));
    const plain = await fusionclip(['data', 'audit', leaking]);
    expect(plain.code).toBe(0);
    expect(plain.stdout).toMatch(/identical files in support and test +1\n/);
    expect(plain.stdout).toMatch(/ {2}valid\/good\/img\/0\.png = test\/good\/img\/1\.png\n/);
    const strict = await fusionclip(['data', 'audit', leaking, '--strict', '--json']);
    expect(strict.code).toBe(10);
    expect(JSON.parse(strict.stdout)).toMatchObject([{ name: 'leaking', leaks: true }]);
    const pattern = await fusionclip(['data', 'audit', data, '--source', '(']);
    expect([pattern.code, pattern.stderr]).toEqual([2, expect.stringMatching(/--source takes a regular expression/)]);
  });

  test('cost counts one method or all of them, without an adapter', async () => {
    const flags = ['cost', '--model', model, '--size', '42', '--shots', '2'];
    const { code, stdout, stderr } = await fusionclip(flags);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').filter((line) => /^(winclip\+|mvfa|fixed-prompt) /.test(line))).toHaveLength(3);
    const one = JSON.parse((await fusionclip([...flags, '--method', 'mvfa', '--json'])).stdout);
    expect(one).toMatchObject({ size: 42, shots: 2, costs: [{ method: 'mvfa' }] });
    const [{ parameters, flops, bytes, trainingFlops }] = one.costs;
    const digits = (...counts: number[]) =>
      counts.map((count) => (count >= 100 ? count.toFixed(0) : count.toPrecision(3)));
    expect(/^mvfa +(.*)$/m.exec(stdout)![1].split(/ +/)).toEqual([
      ...digits(parameters.trained / 1e6, parameters.frozen / 1e6),
      ...digits(...[flops.text, flops.view, flops.fit, flops.score].map((count) => count / 1e9), trainingFlops / 1e12),
      ...digits(...[bytes.weights, bytes.support, bytes.scoring, bytes.training].map((count) => count / 2 ** 20)),
    ]);
    const wrong = await fusionclip([...flags, '--method', 'winclip', '--prompt', 'fixed']);
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(/--prompt means nothing to --method winclip/),
    ]);
  });

  test('help, version and suggestions', async () => {
    const all = await fusionclip(['--help']);
    expect(all.code).toBe(0);
    for (const name of [
      'train',
      'eval',
      'predict',
      'embed',
      'cost',
      'data check',
      'data audit',
      'doctor',
      'tune',
      'demo',
      'report',
      'pretrain',
      'study',
    ])
      expect(all.stdout).toContain(name);
    const help = await fusionclip(['train', '--help']);
    for (const flag of ['--prompt.nctx', '--lr.grid', '--fuse', '--residual', '--shots.list', '--profile']) {
      expect(help.stdout).toContain(flag);
    }
    expect(Math.max(...help.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(112);
    const version = await fusionclip(['--version']);
    const root = fileURLToPath(new URL('../../package.json', import.meta.url));
    expect(JSON.parse(readFileSync(root, 'utf8')).version).toBe(VERSION);
    expect(version.stdout).toContain(VERSION);
  });

  test('tune stores a choice that later commands use, and forgets it', async () => {
    // Choices of its own; kernels that the driver has compiled before are not compiled again.
    const { MESA_SHADER_CACHE_DIR, XDG_CACHE_HOME } = process.env;
    const compiled = MESA_SHADER_CACHE_DIR ?? XDG_CACHE_HOME ?? join(homedir(), '.cache');
    const env = { XDG_CACHE_HOME: join(folder, 'cache'), MESA_SHADER_CACHE_DIR: compiled };
    const tuned = await fusionclip(['tune', '--json', '--shapes', '96x64x96,8x8x8', '--rounds', '1'], env);
    expect(tuned.code).toBe(0);
    const { matmul, attention, measured, file } = JSON.parse(tuned.stdout);
    expect(measured.matmul[0].variant).toBe(matmul);
    expect(measured.attention[0].variant).toBe(attention);
    const refused = await fusionclip(['tune', '--shapes', '96x64'], env);
    expect(refused.stderr).toMatch(/--shapes takes .*MxKxN.*96x64/);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ choices: { matmul, attention } });
    const embed = async (choice: string) => {
      writeFileSync(file, choice);
      const args = ['embed', data, '--model', model, '--profile'];
      const { code, stderr } = await fusionclip(args, env);
      expect(code).toBe(0);
      return stderr;
    };
    const hardware = await embed('{"choices":{"matmul":"workgroup-128","attention":"reference"}}');
    expect(hardware).toContain('matmul_workgroup');
    expect(hardware).toContain('attention_registers');
    const older = await embed('{"choices":{"matmul":"registers-8"}}');
    expect(older).toMatch(/matmul_registers.*TILE_N=8/);
    expect(older).toContain('attention_registers');
    expect(await embed('{spoilt')).not.toContain('matmul_workgroup');
    const reset = await fusionclip(['tune', '--reset'], env);
    expect(reset.stdout).toMatch(/default/);
    expect(existsSync(file)).toBe(false);
  });

  test('doctor finds this runtime and checks a kernel', async () => {
    const { code, stdout } = await fusionclip(['doctor', '--here', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ runtime: 'deno', check: { ok: true } });
  });

  test('doctor without any adapter says what was tried and what helps', async () => {
    const missing = join(folder, 'no such chrome');
    const env = { VK_ICD_FILENAMES: '/dev/null', VK_DRIVER_FILES: '/dev/null', FUSIONCLIP_CHROME: missing };
    const { code, stdout, stderr } = await fusionclip(['doctor', '--json'], env);
    expect(JSON.parse(stdout).usable).toEqual([]);
    expect(stderr).toMatch(/tried deno: .*\n.*tried node: .*\n.*tried chrome: .*\n.*npm ci/);
    expect(code).toBe(3);
  });
});
