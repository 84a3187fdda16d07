import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { billErrors } from '../package/cyclonedx.ts';
import { ownFolder } from './own_folder.ts';
import { fusionclip, jsonLines, QUICK, start } from './program.ts';

const { folder, read, data, model } = await ownFolder('stopped');

const trainArgs = (out: string) => ['train', '--data', data, '--model', model, '--out', out, ...QUICK];

describe('pretrain', () => {
  const SMALL = [
    ...['--families', 'brain', '--stages', '32x40', '--batch', '4', '--patch', '8', '--checkpoint.every', '100'],
    ...['--width', '16', '--heads', '2', '--layers', '1', '--text-width', '16', '--text-layers', '1', '--embed', '16'],
  ];

  test('writes a model that other commands open, and resumes after Ctrl-C to the same bits', async () => {
    const whole = join(folder, 'clip');
    const { code, stdout, stderr } = await fusionclip(['pretrain', '--out', whole, ...SMALL]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/40 steps; 1 layers of width 16, 32 px; more in .*MODEL_CARD.md/);
    const told = jsonLines(stderr).filter(({ type }) => type === 'pairs');
    expect(told.map(({ step }) => step)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    const bill = JSON.parse(read('clip', 'bom.cdx.json'));
    const weights = readFileSync(join(whole, 'model.safetensors'));
    expect(billErrors(bill)).toEqual([]);
    expect(bill.metadata.component.hashes[0].content).toBe(createHash('sha256').update(weights).digest('hex'));
    const { text_config: text } = JSON.parse(read('clip', 'config.json'));
    expect([text.hidden_size, text.num_hidden_layers]).toEqual([16, 1]);
    for (const model of [whole, `random:${whole}:2`, 'clip', 'random:clip:2']) {
      const embedded = await fusionclip(['embed', '--model', model, '--text', 'a photo of a Brain.'], {
        FUSIONCLIP_MODELS: folder,
      });
      expect(JSON.parse(embedded.stdout).textEmbeddings[0]).toHaveLength(16);
    }

    const stopped = join(folder, 'stopped-clip');
    const { child, ended } = start(['pretrain', '--out', stopped, ...SMALL]);
    child.stderr?.on('data', (text: string) => {
      if (/"step":2,/.test(text)) child.kill('SIGINT');
    });
    const interrupted = await ended;
    expect(interrupted.stderr).toMatch(/Interrupted after step \d+ of 40; go on with fusionclip pretrain --resume/);
    expect(interrupted.code).toBe(130);
    expect((await fusionclip(['pretrain', '--resume', '--out', stopped])).code).toBe(0);
    for (const file of ['checkpoint/latest.safetensors', 'model.safetensors', 'vocab.json', 'bom.cdx.json']) {
      expect(readFileSync(join(stopped, file)).equals(readFileSync(join(whole, file))), file).toBe(true);
    }
  }, 120_000);
});

describe('Ctrl-C', () => {
  test('saves a checkpoint; the resumed run ends with the same bits as an unbroken one', async () => {
    const more = ['--map.files', 'none', '--select', 'last', '--checkpoint.every', '7'];
    const long = (out: string) => {
      const args = [...trainArgs(join(folder, out)), ...more];
      args[args.indexOf('--epochs') + 1] = '10';
      return args;
    };
    const { child, ended } = start(long('stopped'));
    child.stderr?.on('data', (text: string) => {
      if (/"step":3,/.test(text)) child.kill('SIGINT');
    });
    const { code, stderr } = await ended;
    expect(stderr).toMatch(/fusionclip: Interrupted after step \d+ of 20; .*train --resume --out /);
    expect(code).toBe(130);
    expect(existsSync(join(folder, 'stopped/results.json'))).toBe(false);
    const resumed = await fusionclip(['train', '--resume', '--out', join(folder, 'stopped')]);
    expect(resumed.stderr).not.toMatch(/"step":2,/);
    expect(resumed.code).toBe(0);
    expect((await fusionclip(long('whole'))).code).toBe(0);
    for (const file of ['checkpoint/adapters.safetensors', 'predictions.csv', 'results.json']) {
      expect(readFileSync(join(folder, 'stopped', file)).equals(readFileSync(join(folder, 'whole', file))), file).toBe(
        true,
      );
    }
  }, 120_000);
});

describe('two at a time', () => {
  test('a second process on a running run is refused, and the first one ends as if it were alone', async () => {
    const out = join(folder, 'busy');
    const args = [...trainArgs(out), '--checkpoint.every', '1'];
    args[args.indexOf('--epochs') + 1] = '10'; // it must not be over before it is held
    args[args.indexOf('--eval.every') + 1] = '10';
    const { child, ended } = start(args);
    await new Promise<void>((resolve) => {
      child.stderr?.on('data', (text: string) => {
        if (/"step":1,/.test(text)) resolve();
      });
    });
    child.kill('SIGSTOP');
    const engine = Number(readFileSync(join(out, 'run.lock'), 'utf8').match(/"pid":(\d+)/)![1]);
    process.kill(engine, 'SIGSTOP');
    const beside = await fusionclip(['train', '--resume', '--out', out]);
    expect(beside.stderr).toMatch(
      new RegExp(`Process ${engine} on .* writes to this folder .*; wait for it or stop it`),
    );
    expect(beside.code).toBe(2);
    process.kill(engine, 'SIGCONT');
    child.kill('SIGCONT');
    expect((await ended).code).toBe(0);
    expect(jsonLines(read('busy', 'metrics.jsonl')).map(({ type }) => type)).toHaveLength(21);
    expect(existsSync(join(out, 'run.lock'))).toBe(false);
  });
});
