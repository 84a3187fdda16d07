import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pathsOf } from '../../src/cli/path_list.ts';
import { parseSafetensors } from '../../src/clip/safetensors.ts';
import { writeSafetensors } from '../../src/clip/safetensors_writer.ts';
import { ownFolder } from './own_folder.ts';
import { type Ended, fusionclip, QUICK, withSmallFiles, writeSet } from './program.ts';

const { folder, path, data, model } = await ownFolder('bad');

/** Trains with other data, another model or more flags. */
function train(change: { data?: string; model?: string }, ...more: string[]): Promise<Ended> {
  const given = { data, model, ...change };
  return fusionclip(['train', '--data', given.data, '--model', given.model, '--out', path('run'), ...QUICK, ...more]);
}

/** One sentence on standard error (after the line of the adapter, if there is one), the exit code, and no run folder. */
function expectRefusal({ code, stdout, stderr }: Ended, exit: number, ...patterns: RegExp[]): void {
  const lines = stderr.trim().split('\n');
  const message = lines.at(-1) ?? '';
  for (const pattern of patterns) expect(message).toMatch(pattern);
  expect(message).toMatch(/^fusionclip: .*[.?]$/);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(lines.length).toBeLessThanOrEqual(2);
  expect(stdout).toBe('');
  expect(code).toBe(exit);
  expect(existsSync(path('run'))).toBe(false);
}

/** A copy of the data set that something was done to. */
function damaged(name: string, change: (set: string) => void): string {
  const set = writeSet(path(name));
  change(set);
  return set;
}

/** A copy of the model with some tensors changed. */
function changedModel(name: string, change: (tensors: ReturnType<typeof parseSafetensors>) => void): string {
  const tensors = parseSafetensors(readFileSync(model));
  change(tensors);
  writeFileSync(path(name), writeSafetensors(tensors));
  return path(name);
}

describe('data', () => {
  test('no such folder', async () => {
    expectRefusal(await train({ data: path('nowhere') }), 9, /nowhere/, /check the path/);
  });

  test('a folder of another layout', async () => {
    mkdirSync(path('flat'));
    writeFileSync(path('flat', 'a.png'), '');
    expectRefusal(await train({ data: path('flat') }), 4, /flat is not a data set/, /expected valid\//);
  });

  test('a truncated image', async () => {
    const set = damaged('cut', (root) => {
      for (const i of [0, 1, 2, 3]) {
        const file = join(root, 'valid/good/img', `${i}.png`);
        writeFileSync(file, readFileSync(file).subarray(0, 300));
      }
    });
    expectRefusal(await train({ data: set }), 5, /valid\/good\/img\/\d\.png/, /copy it again|remove it/);
  });

  test('an image of another format', async () => {
    const set = damaged('dicom', (root) => {
      for (const i of [0, 1, 2, 3]) {
        writeFileSync(join(root, 'valid/Ungood/img', `${i}.png`), `${'\0'.repeat(128)}DICM`);
      }
    });
    expectRefusal(await train({ data: set }), 5, /Ungood\/img\/\d\.png is a DICOM file/);
  });

  test('an abnormal image without a mask', async () => {
    const set = damaged('maskless', (root) => rmSync(join(root, 'test/Ungood/anomaly_mask/2.png')));
    expectRefusal(await train({ data: set }), 4, /test\/Ungood\/img\/2\.png: no mask/, /add a mask/);
  });

  test('more shots than images', async () => {
    expectRefusal(await train({}, '--shots.abnormal', '9'), 4, /4 abnormal images/, /9 shots/, /choose fewer/);
  });

  test('a list of shots that names other files', async () => {
    writeFileSync(path('list.txt'), 'n-0: 0.png 1.png\na-0: 7.png\n');
    expectRefusal(await train({}, '--shots.list', path('list.txt')), 4, /list\.txt names 7\.png/);
  });

  test('predict: a file that is no image, and a folder without one', async () => {
    writeFileSync(path('note.png'), 'hello');
    mkdirSync(path('empty'));
    for (const [given, exit] of [
      ['empty', 4],
      ['absent.png', 9],
    ] as const) {
      expectRefusal(
        await fusionclip(['predict', path(given), '--adapters', path('note.png'), '--out', path('run')]),
        exit,
        /fusionclip: There is no/,
      );
    }
  });
});

describe('models', () => {
  test('no such file', async () => {
    expectRefusal(await train({ model: path('none.safetensors') }), 9, /none\.safetensors/);
  });

  test('a pickle', async () => {
    writeFileSync(path('ViT.pt'), Uint8Array.of(0x80, 2, 0x7d, 0x71, 0, 0x2e, 0, 0, 1));
    expectRefusal(await train({ model: path('ViT.pt') }), 6, /ViT\.pt is a PyTorch file/, /convert it with python/);
  });

  test('a file that is cut short', async () => {
    writeFileSync(path('cut.safetensors'), readFileSync(model).subarray(0, 100_000));
    expectRefusal(await train({ model: path('cut.safetensors') }), 6, /cut\.safetensors/, /download/);
  });

  test('a missing tensor', async () => {
    const file = changedModel('missing.safetensors', (tensors) => tensors.delete('visual.ln_post.bias'));
    expectRefusal(await train({ model: file }), 6, /missing\.safetensors.*visual\.ln_post\.bias/);
  });

  test('a tensor of a wrong shape', async () => {
    const file = changedModel('shape.safetensors', (tensors) => {
      tensors.get('visual.ln_post.bias')!.shape = [8, 8];
    });
    expectRefusal(await train({ model: file }), 6, /shape\.safetensors.*visual\.ln_post\.bias.*\[8, 8\]/);
  });

  test('a weight that is NaN', async () => {
    const file = changedModel('nan.safetensors', (tensors) => {
      const tensor = tensors.get('visual.ln_post.bias')!;
      const values = new Float32Array(tensor.data.length / 4).fill(Number.NaN);
      tensor.data = new Uint8Array(values.buffer);
    });
    expectRefusal(await train({ model: file }), 6, /nan\.safetensors.*visual\.ln_post\.bias holds NaN/);
  });

  test('a generated model of no known name', async () => {
    expectRefusal(await train({ model: 'generated:X:1' }), 2, /"X" is no known model/);
  });
});

describe('the command line', () => {
  test.each<[string[], RegExp]>([
    [['trian'], /Unknown command 'trian'; did you mean train\?/],
    [['train', '--epoch', '3'], /Unknown option '--epoch'; did you mean --epochs\?/],
    [['train', '--nctx', '3'], /did you mean --prompt\.nctx\?/],
    [['train', '--shots'], /--shots needs a value: integer/],
    [['train', '--out', '--json'], /--out needs a value: RUN/],
    [['train', '--constructor', '3'], /Unknown option '--constructor'; --help/],
    [['data'], /"data" alone is no command; there is data check/],
    [['train', '--shots', '2', '--shots', '3'], /--shots is given twice/],
    [['train', '--out', 'x', '--fuse', 'sum'], /--fuse takes april\|mvfa\|calib\|mean, not "sum"/],
    [['train', '--out', 'x', '--method', 'toString'], /--method takes fusionclip\|.*, not "toString"/],
    [['train', '--data', 'x', '--model', 'y'], /--out is missing/],
    [['train', 'x'], /"x" is one argument too many/],
    [['train', '--resume', '--out', 'x', '--seed', '3'], /--seed cannot change/],
    [['pretrain'], /--out is missing/],
    [['pretrain', '--out', 'x', '--families', 'knee'], /no phantom family "knee"/],
    [['pretrain', '--out', 'x', '--heads', '7'], /--width 192 in 7 heads/],
    [['pretrain', '--resume', '--out', 'x', '--lr', '3'], /--lr cannot change/],
    [['predict', '--run', 'x'], /No image is given/],
    [['eval', 'x', '--fuse', 'sum'], /--fuse takes april/],
    [['eval'], /Which weights\?/],
    [['data', 'chekc', 'x'], /Unknown command 'chekc'; did you mean check\?/],
    [['embed', '--model', 'generated:T:1'], /nothing to embed/],
  ])('%j', async (args, message) => {
    expectRefusal(await fusionclip(args), 2, message);
  });

  test('a folder that is gone', async () => {
    const gone = 'mkdir "$1/gone" && cd "$1/gone" && rmdir "$1/gone" && exec "$2" "$3" cost';
    const program = [
      '-c',
      gone,
      'sh',
      path(''),
      process.execPath,
      join(import.meta.dirname, '../../bin/fusionclip.mjs'),
    ];
    const { status, stderr } = spawnSync('sh', program, { encoding: 'utf8' });
    expect([status, stderr]).toEqual([9, expect.stringMatching(/started in is gone; change to one that is there\.$/m)]);
  });

  test('paths of a list', () => {
    expect(pathsOf('\na b.png\r\nc.png')).toEqual(['a b.png', 'c.png']);
    expect(pathsOf('a\nb.png\0c.png\0')).toEqual(['a\nb.png', 'c.png']);
  });

  test('no adapter', async () => {
    const env = { VK_ICD_FILENAMES: '/dev/null', VK_DRIVER_FILES: '/dev/null' };
    const args = ['train', '--data', data, '--model', model, '--out', path('run'), ...QUICK];
    expectRefusal(await fusionclip(args, env), 3, /no adapter.*fusionclip doctor/);
  });
});

describe('while it runs', () => {
  test('a loss that is not finite: the step is named, the last checkpoint stays whole', async () => {
    const { code, stderr } = await train({}, '--loss.focal.smooth', '0', '--temperature', '10000');
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^fusionclip: The loss of step \d+ \(epoch \d+\) is .*lower --lr/);
    expect(code).toBe(7);
    expect(existsSync(path('run/results.json'))).toBe(false);
    rmSync(path('run'), { recursive: true });
  });

  test('a full disk: the file is named, and nothing is left half written', async () => {
    const args = ['train', '--data', data, '--model', model, '--out', path('run'), ...QUICK];
    const { code, stderr } = await withSmallFiles(folder, 8, args);
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^fusionclip: Cannot write .*safetensors: .*\(EFBIG\)/);
    expect(code).toBe(9);
    expect(existsSync(path('run/checkpoint/latest.safetensors'))).toBe(false);
    expect(existsSync(path('run/results.json'))).toBe(false);
    rmSync(path('run'), { recursive: true });
  });
});
