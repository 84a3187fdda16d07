import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseSafetensors } from '../../src/clip/safetensors.ts';
import { writeSafetensors } from '../../src/clip/safetensors_writer.ts';
import { HubServer } from '../hub/hub_server.ts';
import { fusionclip, writeModel } from './program.ts';

let folder = '';
let model = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-models-'));
  model = await writeModel(join(folder, 'model.safetensors'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('models', () => {
  test('model generate and inspect', async () => {
    const file = join(folder, 'generated.safetensors');
    const made = await fusionclip([
      'model',
      'generate',
      'T',
      '--seed',
      '7',
      '--naming',
      'huggingface',
      '--dtype',
      'f16',
      '--out',
      file,
    ]);
    expect(made.code).toBe(0);
    const { code, stdout } = await fusionclip(['model', 'inspect', file, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ naming: 'huggingface', config: { embed: 96, act: 'quickgelu' } });
  });

  test('model inspect says which CLIP it is and what is missing', async () => {
    const whole = join(folder, 'whole.safetensors');
    await fusionclip(['model', 'generate', 'T', '--out', whole]);
    const good = await fusionclip(['model', 'inspect', whole]);
    expect(good.code).toBe(0);
    expect(good.stdout).toMatch(/^visual\.conv1\.weight +F32 +301056 {2}\[128, 3, 14, 14\]$/m);
    expect(good.stdout).toMatch(/^CLIP: T, names of openai, nothing is missing$/m);
    const tensors = parseSafetensors(readFileSync(whole));
    tensors.delete('ln_final.bias');
    tensors.delete('transformer.resblocks.1.mlp.c_fc.weight');
    const part = join(folder, 'part.safetensors');
    writeFileSync(part, writeSafetensors(tensors));
    const bad = await fusionclip(['model', 'inspect', part]);
    expect(bad.code).toBe(6);
    expect(bad.stdout).toMatch(/^missing: transformer\.resblocks\.1\.mlp\.c_fc\.weight\nmissing: ln_final\.bias$/m);
    const other = join(folder, 'other.safetensors');
    writeFileSync(other, writeSafetensors([['x', { dtype: 'I8', shape: [2], data: new Uint8Array(2) }]]));
    const json = await fusionclip(['model', 'inspect', other, '--json']);
    expect(json.code).toBe(6);
    expect(JSON.parse(json.stdout)).toMatchObject({
      naming: null,
      config: null,
      bytes: 2,
      tensors: { x: { dtype: 'I8', shape: [2], bytes: 2 } },
      problem: expect.stringMatching(/neither visual\.conv1/),
    });
  });

  test('model pull fetches into the cache, and --model finds it there', async () => {
    const server = await new HubServer().listen();
    server.files.set('model.safetensors', readFileSync(model));
    const env = { HF_ENDPOINT: server.address, HF_HOME: join(folder, 'hf'), HF_TOKEN: 'hf_secret' };
    const pulled = await fusionclip(['model', 'pull', 'org/clip'], env);
    expect(pulled.stderr).toMatch(
      /model\.safetensors, \d+\.\d MiB\nfusionclip: .* MiB, of which .* MiB are to be fetched/,
    );
    expect(pulled.stdout).toMatch(/models--org--clip\/snapshots\/c0ffee0+\/model\.safetensors {2}/);
    expect(pulled.code).toBe(0);
    expect(server.seen[0].authorization).toBe('Bearer hf_secret');
    expect(pulled.stderr + pulled.stdout).not.toContain('hf_secret');
    const apart = await fusionclip(['model', 'pull', 'org/clip', '--out', join(folder, 'apart')], env);
    expect(apart.stdout).toContain(`${join(folder, 'apart/model.safetensors')}  `);
    const address = `${server.address}/plain/model.safetensors`;
    const streamed = await fusionclip(['embed', '--model', address, '--text', 'a brain'], env);
    await server.close();
    const offline = await fusionclip(['model', 'pull', 'org/clip', '--offline', '--json'], env);
    expect(JSON.parse(offline.stdout)).toMatchObject({ commit: 'c0ffee'.padEnd(40, '0') });
    const embedded = await fusionclip(['embed', '--model', 'org/clip', '--text', 'a brain'], env);
    expect(JSON.parse(embedded.stdout).textEmbeddings).toEqual(JSON.parse(streamed.stdout).textEmbeddings);
    expect((await fusionclip(['model', 'inspect', join(folder, 'apart'), '--json'])).code).toBe(0);
    const missing = await fusionclip(['embed', '--model', 'org/none', '--text', 'a brain'], env);
    expect(missing.code).toBe(9);
    expect(missing.stderr).toMatch(/fusionclip model pull org\/none/);
  });

  test('model pull names what is wrong with a command line', async () => {
    for (const [args, message] of [
      [['x'], /neither ORG\/NAME nor an address/],
      [['org/clip', '--out', 'y', '--offline'], /--cache and --offline belong to the cache/],
      [['https://example.org/m.bin', '--files', 'a'], /belong to a model of a hub/],
      [['https://example.org/m.bin', '--offline'], /without the network/],
      [['org/clip', '--sha256', 'zz'], /--sha256 takes HEX/],
    ] as const) {
      const { code, stderr } = await fusionclip(['model', 'pull', ...args]);
      expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    }
  });
});
