import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import type { FileWriter } from '../../src/base/file_system.ts';
import { type ClipConfig, presetConfig } from '../../src/clip/config.ts';
import { GeneratedClipModel, generateModel, generateTensor, parameterLaw } from '../../src/clip/generate.ts';
import { floatToHalf, halfToFloat } from '../../src/clip/half.ts';
import { openClipModel } from '../../src/clip/model_file.ts';
import { parseSafetensors } from '../../src/clip/safetensors.ts';
import { writeSafetensors } from '../../src/clip/safetensors_writer.ts';
import { endPosition } from '../../src/clip/text.ts';
import { TensorWeights } from '../../src/clip/weights.ts';
import { suite, test } from '../harness/registry.ts';
import { MemoryFiles } from './memory_files.ts';

/** Small enough to be written in no time; nothing in it is equal by chance. */
const SMALL: ClipConfig = {
  embed: 5,
  vision: { width: 64, layers: 2, heads: 1, mlp: 96, patch: 4, nativeSize: 12 },
  text: { width: 128, layers: 1, heads: 2, mlp: 40, context: 10, vocab: 6 },
  act: 'gelu',
  eot: 'argmax',
};

const VOCAB = JSON.stringify({ a: 0, b: 1, 'b</w>': 2, 'ab</w>': 3, '<|startoftext|>': 4, '<|endoftext|>': 5 });

async function generated(
  naming: 'openai' | 'huggingface',
  dtype: 'f32' | 'f16',
  path: string,
  files = new MemoryFiles(),
) {
  await generateModel(SMALL, 3, { naming, dtype }, await files.createWriter(path));
  return files;
}

async function refusal(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => null,
    (e) => e,
  );
  assert.instanceOf(error, FusionclipError);
  return error.message;
}

suite('generated weights', () => {
  test('follow the published laws and numbers', () => {
    const rows: [string, number[], number, number[]][] = [
      ['visual.conv1.weight', [128, 3, 14, 14], 1, [-0.01445033960044384, -0.05568030849099159]],
      ['visual.ln_pre.weight', [128], 1, [0.9677085876464844, 0.9083691835403442]],
      ['visual.ln_pre.weight', [128], 0xdeadbeef, [0.9057208895683289, 0.961207926273346]],
    ];
    for (const [name, shape, seed, first] of rows) {
      assert.deepEqual([...generateTensor(name, shape, seed).subarray(0, 2)], first, name);
    }
    const law = (name: string, shape: number[], fanIn?: number) => {
      const { offset, amplitude } = parameterLaw(name, shape, fanIn);
      return [offset, amplitude];
    };
    assert.deepEqual(law('logit_scale', []), [Math.log(100), 0]);
    assert.deepEqual(law('prompt.gal.6.normal', [8, 768]), [0, 0.02 * Math.sqrt(3)]);
    assert.deepEqual(law('adapter.gal.6.weight', [96, 256]), [0, 1 / 16]);
    assert.deepEqual(law('mvfa.seg.1.fc2.weight', [128, 64]), [0, 1 / 8]);
    assert.deepEqual(law('april.2.weight', [96, 64]), [0, 1 / 8]);
    assert.deepEqual(law('april.2.bias', [96], 64), [0, 1 / 8]);
    assert.deepEqual(law('transformer.resblocks.0.ln_2.weight', [128]), [1, 0.1]);
    assert.deepEqual(law('transformer.resblocks.0.ln_2.bias', [128]), [0, 0.02]);
    assert.deepEqual(law('transformer.resblocks.0.attn.in_proj_bias', [384]), [0, 0.02]);
    assert.deepEqual(law('transformer.resblocks.0.attn.in_proj_weight', [36, 12]), [0, 0.5]);
    assert.deepEqual(law('token_embedding.weight', [9, 9]), [0, 0.035]);
    assert.deepEqual(law('positional_embedding', [9, 9]), [0, 0.02]);
    assert.deepEqual(law('visual.class_embedding', [9]), [0, 0.05]);
    assert.deepEqual(law('visual.proj', [12, 7]), [0, 0.5]);
    assert.deepEqual(law('text_projection', [12, 7]), [0, 0.5]);
    assert.throws(() => law('april.2.bias', [96]), FusionclipError, /input width/);
    assert.throws(() => law('something', [1]), FusionclipError, /unknown/);
  });

  test('agree with every parameter vector of the rule', async (t) => {
    const rule = JSON.parse(new TextDecoder().decode(await t.fixture('vectors/rule_params.json')));
    for (const { name, shape, seed, offset, amplitude, index, value } of rule.params) {
      const law = parameterLaw(name, shape);
      assert.deepEqual([law.offset, law.amplitude], [offset, amplitude], name);
      if (name === 'token_embedding.weight') continue;
      const tensor = generateTensor(name, shape, seed);
      assert.deepEqual(
        index.map((i: number) => tensor[i]),
        value,
        name,
      );
    }
    assert.isAtLeast(rule.params.length, 20);
  });

  test('give rows without the table around them', async () => {
    const model = new GeneratedClipModel(presetConfig('T'), 1);
    const table = await model.read('positional_embedding');
    const rows = await model.readRows('positional_embedding', [3, 0, 3, 76]);
    for (const [i, row] of [3, 0, 3, 76].entries()) {
      assert.deepEqual(rows.subarray(i * 128, (i + 1) * 128), table.subarray(row * 128, (row + 1) * 128));
    }
    assert.lengthOf(await model.readRows('token_embedding.weight', [49407]), 128);
    assert.match(await refusal(model.readRows('token_embedding.weight', [49408])), /no row 49408/);
    assert.match(await refusal(model.read('visual.attnpool')), /not part/);
  });
});

suite('model file', () => {
  test('reads back what was generated, in both namings and both types', async () => {
    const memory = new GeneratedClipModel(SMALL, 3);
    for (const naming of ['openai', 'huggingface'] as const) {
      for (const dtype of ['f32', 'f16'] as const) {
        const files = await generated(naming, dtype, 'dir/any name.safetensors');
        const model = await openClipModel(files, 'dir/any name.safetensors', { visionHeads: 1 });
        assert.deepEqual(model.config, SMALL);
        assert.deepEqual([model.naming, model.actKnown, model.config.pixels], [naming, true, undefined]);
        for (const name of model.names) {
          const expected = await memory.read(name);
          const rounded = dtype === 'f16' ? expected.map((x) => halfToFloat(floatToHalf(x))) : expected;
          assert.deepEqual(await model.read(name), rounded, `${naming} ${name}`);
          assert.equal(
            rounded.length,
            model.shape(name).reduce((a, b) => a * b, 1),
          );
        }
      }
    }
  });

  test('reads only the rows in use, neighbours together', async () => {
    const files = await generated('huggingface', 'f16', 'm.safetensors');
    const model = await openClipModel(files, 'm.safetensors');
    files.reads.length = 0;
    const rows = await model.readRows('token_embedding.weight', [5, 2, 1, 5]);
    assert.deepEqual(
      files.reads.map(({ length }) => length),
      [2 * 128 * 2, 128 * 2],
    );
    const whole = await model.read('token_embedding.weight');
    for (const [i, row] of [5, 2, 1, 5].entries()) {
      assert.deepEqual(rows.subarray(i * 128, (i + 1) * 128), whole.subarray(row * 128, (row + 1) * 128));
    }
    const inMemory = new TensorWeights(SMALL, new Map([['token_embedding.weight', whole]]));
    assert.deepEqual(await inMemory.readRows('token_embedding.weight', [5, 2, 1, 5]), rows);
    // Joined and transposed tensors go the long way, to the same end.
    const proj = await model.read('visual.proj');
    assert.deepEqual(
      await model.readRows('visual.proj', [63, 0]),
      new Float32Array([...proj.subarray(63 * 5), ...proj.subarray(0, 5)]),
    );
    assert.match(await refusal(model.readRows('token_embedding.weight', [6])), /no row 6/);
    model.close();
    assert.match((await model.read('visual.proj').catch((e) => e)).message, /closed/);
  });

  test('opens a Hugging Face folder with its configuration, normalisation and vocabulary', async () => {
    const files = await generated('huggingface', 'f32', 'clip/model.safetensors');
    files.put(
      'clip/config.json',
      JSON.stringify({
        model_type: 'clip',
        vision_config: { num_attention_heads: 2, image_size: 12, hidden_act: 'quick_gelu' },
        text_config: { num_attention_heads: 4, eos_token_id: 5 },
      }),
    );
    files.put('clip/preprocessor_config.json', '{"image_mean":[0.1,0.2,0.3],"image_std":[1,2,3]}');
    files.put('clip/vocab.json', VOCAB);
    files.put('clip/merges.txt', '#version: 0.2\na b</w>\n');
    for (const path of ['clip', 'clip/', 'clip/model.safetensors']) {
      const model = await openClipModel(files, path);
      assert.deepEqual([model.config.vision.heads, model.config.text.heads], [2, 4]);
      assert.deepInclude(model.config, { act: 'quickgelu', eot: 5 });
      assert.deepEqual(
        [model.config.pixels?.mean, model.config.pixels?.std],
        [
          [0.1, 0.2, 0.3],
          [1, 2, 3],
        ],
      );
      const tokenizer = await model.tokenizer();
      assert.deepEqual(tokenizer.tokenize('AB b'), [4, 3, 2, 5, 0, 0, 0, 0, 0, 0]);
    }
    assert.equal((await openClipModel(files, 'clip', { act: 'gelu' })).config.act, 'gelu');
  });

  test('opens a folder whose weights are split over several files', async () => {
    const files = await generated('huggingface', 'f32', 'whole/model.safetensors');
    const tensors = [...parseSafetensors(files.files.get('whole/model.safetensors')!)];
    const map: Record<string, string> = {};
    for (const [i, part] of [tensors.slice(0, 9), tensors.slice(9)].entries()) {
      const name = `model-0000${i + 1}-of-00002.safetensors`;
      files.put(`split/${name}`, writeSafetensors(part, { activation: 'gelu' }));
      for (const [tensor] of part) map[tensor] = name;
    }
    files.put('split/model.safetensors.index.json', JSON.stringify({ metadata: {}, weight_map: map }));
    const whole = await openClipModel(files, 'whole');
    for (const path of ['split', 'split/model.safetensors.index.json']) {
      const split = await openClipModel(files, path, { visionHeads: 1 });
      assert.deepEqual(split.config, whole.config);
      for (const name of split.names) assert.deepEqual(await split.read(name), await whole.read(name), name);
    }
  });

  test("prefers open_clip's configuration for its own file", async () => {
    const files = await generated('openai', 'f32', 'clip/open_clip_model.safetensors');
    files.put('clip/config.json', '{"model_type":"something else"}');
    files.put(
      'clip/open_clip_config.json',
      JSON.stringify({
        model_cfg: { quick_gelu: true, vision_cfg: { width: 64, image_size: 13 }, text_cfg: { heads: 2 } },
        preprocess_cfg: { mean: [0, 0, 0], std: [1, 1, 1] },
      }),
    );
    const model = await openClipModel(files, 'clip');
    assert.deepEqual(
      [model.config.act, model.config.vision.nativeSize, model.config.pixels?.std],
      ['quickgelu', 13, [1, 1, 1]],
    );
  });

  test('refuses an end of text that no sentence holds', async () => {
    const files = await generated('huggingface', 'f32', 'clip/model.safetensors');
    const config = JSON.stringify({ vision_config: { num_attention_heads: 2 }, text_config: { eos_token_id: 4 } });
    files.put('clip/config.json', config);
    files.put('clip/vocab.json', VOCAB);
    files.put('clip/merges.txt', '#version: 0.2\na b</w>\n');
    const model = await openClipModel(files, 'clip');
    assert.match(await refusal(model.tokenizer()), /the token 4, .* ends sentences with 5/);
    assert.throws(() => endPosition([3, 1, 5], 4), FusionclipError, /the token 4, which the sentence does not hold/);
  });

  test("falls back on OpenAI's vocabulary only if it has the model's size", async () => {
    const files = await generated('openai', 'f32', 'm.safetensors');
    const model = await openClipModel(files, 'm.safetensors');
    assert.match(await refusal(model.tokenizer()), /6 tokens are not those of the built-in/);
    await generateModel(
      { ...SMALL, text: { ...SMALL.text, width: 64, heads: 1, vocab: 49408 } },
      1,
      {},
      await files.createWriter('n'),
    );
    const tokenizer = await (await openClipModel(files, 'n')).tokenizer();
    assert.deepEqual([tokenizer.context, tokenizer.size], [10, 49408]);
    assert.lengthOf(tokenizer.tokenize('a photo of a Brain.'), 10);
  });

  test('refuses what is not there, not finite or not of floats', async () => {
    const files = await generated('openai', 'f32', 'good/model.safetensors');
    assert.match(await refusal(openClipModel(files, 'nowhere')), /no model at nowhere/);
    const tensors = parseSafetensors(files.files.get('good/model.safetensors')!);
    const bias = tensors.get('ln_final.bias')!;
    const poisoned = new Float32Array(128);
    poisoned[5] = Number.NaN;
    tensors.set('ln_final.bias', { ...bias, data: new Uint8Array(poisoned.buffer) });
    files.put('nan.safetensors', writeSafetensors(tensors));
    const model = await openClipModel(files, 'nan.safetensors');
    assert.match(await refusal(model.read('ln_final.bias')), /nan\.safetensors: tensor ln_final\.bias holds NaN/);
    tensors.set('ln_final.bias', { ...bias, dtype: 'I32' });
    files.put('int.safetensors', writeSafetensors(tensors));
    assert.match(await refusal(openClipModel(files, 'int.safetensors')), /type I32/);

    files.put('pickle/pytorch_model.bin', 'x');
    assert.match(await refusal(openClipModel(files, 'pickle')), /safetensors\.torch/);
    files.put('two/a.safetensors', 'x');
    files.put('two/b.safetensors', 'x');
    assert.match(await refusal(openClipModel(files, 'two')), /2 safetensors files/);
    files.put('empty/readme', 'x');
    assert.match(await refusal(openClipModel(files, 'empty')), /no safetensors file/);
  });

  test('is written to the same bytes each time, with progress, and aborted when it fails', async () => {
    const [once, twice] = [await generated('openai', 'f32', 'm'), await generated('openai', 'f32', 'm')];
    assert.deepEqual(once.files.get('m'), twice.files.get('m'));
    const seen: number[] = [];
    let total = 0;
    const writer = await once.createWriter('p');
    await generateModel(SMALL, 3, {}, writer, (done, all) => {
      seen.push(done);
      total = all;
    });
    assert.equal(seen.at(-1), total);
    assert.isAbove(once.files.get('p')!.length, total);
    let aborted = 0;
    const full: FileWriter = {
      write: async () => {
        throw new FusionclipError('io', 'The disk is full.');
      },
      close: async () => assert.fail('closed'),
      abort: async () => {
        aborted++;
      },
    };
    assert.match(await refusal(generateModel(SMALL, 3, {}, full)), /disk is full/);
    assert.equal(aborted, 1);
  });
});
