import { assert } from 'chai';
import * as v from 'valibot';
import { FusionclipError } from '../../src/base/errors.ts';
import { type ConfigHints, configFromShapes, PRESETS, presetConfig } from '../../src/clip/config.ts';
import { parseConfig, parsePreprocessor, readConfig, readPreprocessor } from '../../src/clip/config_file.ts';
import { requireSizes } from '../../src/clip/config_keys.ts';
import { clipShapes } from '../../src/clip/names.ts';
import { STORED_CONFIG } from '../../src/clip/stored_config.ts';
import { suite, test } from '../harness/registry.ts';

const HF = {
  model_type: 'clip',
  projection_dim: 768,
  text_config: { hidden_size: 768, num_attention_heads: 12, hidden_act: 'quick_gelu', eos_token_id: 2 },
  vision_config: { hidden_size: 1024, num_attention_heads: 16, image_size: 336, patch_size: 14, layer_norm_eps: 1e-5 },
};

const OPEN_CLIP = {
  model_cfg: {
    embed_dim: 768,
    quick_gelu: true,
    vision_cfg: { image_size: 224, layers: 32, width: 1280, head_width: 80, patch_size: 14 },
    text_cfg: { context_length: 77, vocab_size: 49408, width: 1024, heads: 16, layers: 24 },
  },
  preprocess_cfg: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
};

function refused(attempt: () => unknown, message: RegExp): void {
  assert.throws(attempt, FusionclipError, message);
}

suite('config', () => {
  test('is found again from the shapes of every preset', () => {
    assert.sameMembers(
      [...PRESETS.keys()],
      ['T', 'ViT-B-32', 'ViT-B-16', 'ViT-B-16-plus-240', 'ViT-L-14', 'ViT-L-14-336'],
    );
    for (const [name, config] of PRESETS) {
      assert.deepEqual(configFromShapes(clipShapes(config), name, { act: config.act }), config);
    }
  });

  test('has the sizes of the published models', () => {
    const parameters = (name: string) =>
      [...clipShapes(presetConfig(name)).values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
    // Totals of the released checkpoints.
    assert.equal(parameters('ViT-B/32'), 151_277_313);
    assert.equal(parameters('ViT-B/16'), 149_620_737);
    assert.equal(parameters('ViT-L/14'), 427_616_513);
    assert.equal(parameters('ViT-L/14@336px'), 427_944_193);
    const { vision, text } = presetConfig('vit-b-16-plus-240');
    assert.deepEqual([vision.heads, vision.nativeSize, text.heads], [14, 240, 10]);
    assert.throws(() => presetConfig('ViT-H-14'), FusionclipError, /ViT-L-14-336/);
  });

  test('takes what shapes cannot tell from hints', () => {
    const shapes = clipShapes(presetConfig('T'));
    const config = configFromShapes(shapes, 'x', {
      act: 'gelu',
      visionHeads: 4,
      textHeads: 1,
      nativeSize: 115,
      eot: 7,
    });
    assert.deepInclude(config, { act: 'gelu', eot: 7 });
    assert.deepEqual([config.vision.heads, config.text.heads, config.vision.nativeSize], [4, 1, 115]);
    assert.equal(configFromShapes(shapes, 'x').act, 'quickgelu');
  });

  test('refuses shapes that are no CLIP', () => {
    const change = (name: string, shape: number[] | null, hints: ConfigHints = {}) => {
      const shapes = clipShapes(presetConfig('T'));
      if (shape) shapes.set(name, shape);
      else shapes.delete(name);
      return () => configFromShapes(shapes, 'some.safetensors', hints);
    };
    refused(change('visual.conv1.weight', null), /some\.safetensors has no tensor visual\.conv1\.weight/);
    refused(change('visual.conv1.weight', [128, 588]), /4 axes/);
    refused(change('visual.conv1.weight', [128, 1, 14, 14]), /RGB/);
    refused(change('visual.conv1.weight', [0, 3, 14, 14]), /shape \[0, 3, 14, 14\]/);
    refused(change('visual.conv1.weight', [100, 3, 14, 14]), /attention heads/);
    refused(change('visual.positional_embedding', [66, 128]), /square/);
    refused(change('logit_scale', [], { nativeSize: 140 }), /140 px/);
    refused(change('logit_scale', [], { visionHeads: 3 }), /3 attention heads/);
    // No kernel takes heads of 2 or 1 numbers, which shapes allow.
    refused(change('logit_scale', [], { visionHeads: 64 }), /attention heads 2 wide, and those of a multiple of 4/);
    refused(change('transformer.resblocks.0.mlp.c_fc.weight', null), /no tensor transformer\.resblocks\.0/);
  });

  test('reads the configuration of Hugging Face', () => {
    assert.deepEqual(parseConfig(JSON.stringify(HF), 'config.json'), {
      act: 'quickgelu',
      visionHeads: 16,
      textHeads: 12,
      nativeSize: 336,
      eot: 'argmax',
    });
    const laion = structuredClone(HF) as { text_config: object; vision_config: object };
    Object.assign(laion.text_config, { hidden_act: 'gelu', eos_token_id: 49407 });
    Object.assign(laion.vision_config, { hidden_act: 'gelu' });
    const hints = parseConfig(JSON.stringify(laion), 'config.json');
    assert.deepEqual([hints.act, hints.eot], ['gelu', 49407]);
    // Old files leave out what is the default of a ViT-B/32.
    assert.deepInclude(parseConfig('{"model_type":"clip"}', 'c'), { visionHeads: 12, textHeads: 8, act: 'quickgelu' });
  });

  test('reads the configuration of open_clip, alone or with its preprocessing', () => {
    assert.deepEqual(parseConfig(JSON.stringify(OPEN_CLIP), 'open_clip_config.json'), {
      act: 'quickgelu',
      visionHeads: 16,
      textHeads: 16,
      nativeSize: 224,
      eot: 'argmax',
      mean: [0.5, 0.5, 0.5],
      std: [0.25, 0.25, 0.25],
    });
    const { quick_gelu: _, ...exact } = OPEN_CLIP.model_cfg;
    const hints = parseConfig(JSON.stringify(exact), 'ViT-H-14.json');
    assert.deepEqual([hints.act, hints.mean], ['gelu', undefined]);
  });

  test('refuses configurations of other models and other types', () => {
    const hf = (tower: string, change: object) => () => {
      const config = structuredClone(HF) as unknown as Record<string, object>;
      Object.assign(config[tower], change);
      return parseConfig(JSON.stringify(config), 'config.json');
    };
    refused(() => parseConfig('{', 'config.json'), /config\.json is not JSON/);
    refused(() => parseConfig('[]', 'config.json'), /object/);
    refused(
      () => parseConfig('{"model_type":"bert"}', 'config.json'),
      /is the configuration of "bert", not of a CLIP model/,
    );
    refused(() => parseConfig('{}', 'config.json'), /is not the configuration of a CLIP model/);
    const tower = () => parseConfig('{"model_type":"clip_vision_model"}', 'c');
    refused(tower, /vision tower alone; take the whole CLIP model/);
    refused(() => parseConfig('{"vision_config":3}', 'config.json'), /has 3 at vision_config, not an object/);
    refused(hf('vision_config', { hidden_act: 'gelu' }), /different activations/);
    refused(hf('vision_config', { layer_norm_eps: 1e-6 }), /layer_norm_eps/);
    refused(hf('vision_config', { image_size: [1, 2] }), /has a list at vision_config\.image_size, not a number/);
    refused(
      () => parseConfig('{"vision_config":{"hidden_act":"relu"},"text_config":{"hidden_act":"relu"}}', 'c'),
      /relu/,
    );
    refused(() => parseConfig('{"vision_cfg":{"timm_model_name":"vit"}}', 'c'), /timm_model_name/);
  });

  test('reads the normalisation of a preprocessor', () => {
    const text = '{"image_mean":[0.1,0.2,0.3],"image_std":[1,1,1],"size":224}';
    assert.deepEqual(parsePreprocessor(text, 'p'), { mean: [0.1, 0.2, 0.3], std: [1, 1, 1] });
    assert.deepEqual(parsePreprocessor('{}', 'p'), { mean: undefined, std: undefined });
    refused(() => parsePreprocessor('{"image_mean":0.5}', 'p.json'), /p\.json has 0\.5 at image_mean, not a list/);
    refused(() => parsePreprocessor('{"image_std":[1,2]}', 'p.json'), /has no image_std\.2/);
    refused(() => parsePreprocessor('', 'p.json'), /not JSON/);
  });

  /** A change of a key, what it is refused with, and values of it that change nothing. */
  const REFUSED: readonly (readonly [place: string, key: string, value: unknown, harmless: unknown])[] = [
    ['vision_cfg', 'pool_type', 'avg', 'tok'],
    ['vision_cfg', 'act_kwargs', { approximate: 'tanh' }, { approximate: 'none' }],
    ['vision_cfg', 'norm_kwargs', { eps: 1e-6 }, { eps: 1e-5 }],
    ['vision_cfg', 'no_ln_pre', true, false],
    ['vision_cfg', 'attentional_pool', true, false],
    ['vision_cfg', 'ls_init_value', 1e-4, null],
    ['vision_cfg', 'qk_norm', true, false],
    ['vision_cfg', 'scale_fc', true, false],
    ['vision_cfg', 'block_type', 'custom', 'default'],
    ['text_cfg', 'pool_type', 'last', 'argmax'],
    ['text_cfg', 'act_kwargs', { approximate: 'tanh' }, {}],
    ['text_cfg', 'no_causal_mask', true, false],
    ['text_cfg', 'embed_cls', true, false],
    ['text_cfg', 'proj_bias', true, false],
    ['text_cfg', 'proj_type', 'none', 'linear'],
    ['text_cfg', 'hf_tokenizer_name', 'bert-base-uncased', null],
    ['text_cfg', 'tokenizer_kwargs', { clean: 'canonicalize' }, { clean: 'lower' }],
    ['vision_config', 'num_channels', 4, 3],
    ['vision_config', 'model_type', 'siglip_vision_model', 'clip_vision_model'],
    ['vision_config', 'pruned_heads', { 0: [1] }, {}],
    ['text_config', 'is_decoder', true, false],
    ['text_config', 'quantization_config', { bits: 4 }, null],
  ];

  for (const [place, key, value, harmless] of REFUSED) {
    test(`refuses ${place}.${key} ${JSON.stringify(value)} by name, and takes ${JSON.stringify(harmless)}`, () => {
      const read = (given: unknown) => {
        const root = structuredClone(place.endsWith('cfg') ? OPEN_CLIP : HF) as unknown as Record<string, object>;
        Object.assign((root.model_cfg as unknown as typeof root | undefined)?.[place] ?? root[place], { [key]: given });
        return readConfig(JSON.stringify(root), 'c.json');
      };
      refused(() => read(value), new RegExp(`c\\.json .*${place}\\.${key}`));
      assert.deepEqual(read(harmless).remarks.unknown, []);
    });
  }

  test('obeys pool_type eos and what makes no difference to one token', () => {
    const root = structuredClone(OPEN_CLIP);
    Object.assign(root.model_cfg.text_cfg, { pool_type: 'eos', eos_id: 7, final_ln_after_pool: true });
    Object.assign(root.model_cfg.vision_cfg, { final_ln_after_pool: true, output_tokens: true, patch_dropout: 0.5 });
    const { hints, remarks } = readConfig(JSON.stringify(root), 'c.json');
    assert.equal(hints.eot, 7);
    assert.deepEqual(remarks.unknown, []);
  });

  test('says the keys that it does not know', () => {
    const root = { ...structuredClone(HF), rope_theta: 1e4, nothing: null } as unknown as Record<string, object>;
    Object.assign(root.vision_config, { use_mean_pooling: false });
    const { remarks } = readConfig(JSON.stringify(root), 'c.json');
    assert.deepEqual(remarks.unknown, ['rope_theta', 'vision_config.use_mean_pooling']);
    assert.deepEqual(readPreprocessor('{"do_flip":true}', 'p').remarks.unknown, ['do_flip']);
  });

  test('refuses sizes that are not those of the tensors', () => {
    const config = presetConfig('ViT-L-14-336');
    const check = (key: string, value: number) => {
      const root = structuredClone(HF) as unknown as Record<string, object>;
      Object.assign(root.vision_config, { [key]: value });
      requireSizes(readConfig(JSON.stringify(root), 'c.json').remarks, config, 'c.json');
    };
    check('num_hidden_layers', 24);
    refused(() => check('num_hidden_layers', 23), /c\.json says vision_config\.num_hidden_layers 23, .* have 24/);
    refused(() => check('patch_size', 16), /patch_size 16, .* have 14/);
    // bigG's ratio gives 8192 where it is multiplied out to 8191.99.
    const wide = { ...config, vision: { ...config.vision, width: 1664, mlp: 8192 } };
    const open = { vision_cfg: { width: 1664, mlp_ratio: 4.9231 }, text_cfg: {} };
    requireSizes(readConfig(JSON.stringify(open), 'c.json').remarks, wide, 'c.json');
  });

  test('refuses two values for one key, and what a preprocessor does to values', () => {
    const twice = { ...HF, vision_config_dict: { num_attention_heads: 12 } };
    refused(() => parseConfig(JSON.stringify(twice), 'c.json'), /num_attention_heads 12 in vision_config_dict and 16/);
    refused(() => parsePreprocessor('{"rescale_factor":1}', 'p.json'), /p\.json asks for rescale_factor 1/);
    refused(() => parsePreprocessor('{"resample":2}', 'p.json'), /p\.json asks for resample 2/);
    refused(() => parsePreprocessor('{"do_rescale":false}', 'p.json'), /do_rescale false/);
    assert.deepEqual(parsePreprocessor('{"do_normalize":false}', 'p'), { mean: [0, 0, 0], std: [1, 1, 1] });
    refused(() => configFromShapes(clipShapes(presetConfig('T')), 'x', { std: [1, 0, 1] }), /deviation of 1,0,1/);
  });

  test('in a run has sizes of no less than nothing', () => {
    const config = presetConfig('T');
    assert.isTrue(v.is(STORED_CONFIG, config));
    assert.isFalse(v.is(STORED_CONFIG, { ...config, embed: -1 }));
    assert.isFalse(v.is(STORED_CONFIG, { ...config, vision: { ...config.vision, width: 1.5 } }));
    assert.isTrue(v.is(STORED_CONFIG, { ...config, eot: 0 }));
  });
});
