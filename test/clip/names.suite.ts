import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { PRESETS, presetConfig } from '../../src/clip/config.ts';
import { checkShapes, clipShapes, huggingFaceSource, resolveNames } from '../../src/clip/names.ts';
import { suite, test } from '../harness/registry.ts';

type Shapes = Map<string, readonly number[]>;

/** The shapes as a Hugging Face file has them. */
function huggingFaceShapes(shapes: Shapes): Shapes {
  const out: Shapes = new Map();
  for (const [name, shape] of shapes) {
    const { tensors, transpose } = huggingFaceSource(name);
    const part = tensors.length > 1 ? [shape[0] / tensors.length, ...shape.slice(1)] : shape;
    for (const tensor of tensors) out.set(tensor, transpose ? part.toReversed() : part);
  }
  return out;
}

suite('tensor names', () => {
  test('are the same for both namings', () => {
    for (const config of PRESETS.values()) {
      const shapes = clipShapes(config);
      const openai = resolveNames(shapes, 'x');
      assert.equal(openai.naming, 'openai');
      assert.deepEqual([...openai.shapes], [...shapes]);
      const theirs = resolveNames(huggingFaceShapes(shapes), 'x');
      assert.equal(theirs.naming, 'huggingface');
      assert.deepEqual([...theirs.shapes], [...shapes]);
      checkShapes(config, theirs.shapes, 'x');
    }
  });

  test('are those of the converters', () => {
    const expected: Record<string, string[]> = {
      'visual.ln_pre.bias': ['vision_model.pre_layrnorm.bias'],
      'visual.proj': ['visual_projection.weight'],
      text_projection: ['text_projection.weight'],
      'transformer.resblocks.11.attn.in_proj_bias': ['q', 'k', 'v'].map(
        (part) => `text_model.encoder.layers.11.self_attn.${part}_proj.bias`,
      ),
      'visual.transformer.resblocks.0.attn.out_proj.weight': [
        'vision_model.encoder.layers.0.self_attn.out_proj.weight',
      ],
      'visual.transformer.resblocks.3.mlp.c_fc.bias': ['vision_model.encoder.layers.3.mlp.fc1.bias'],
      'transformer.resblocks.3.ln_2.weight': ['text_model.encoder.layers.3.layer_norm2.weight'],
    };
    for (const [name, tensors] of Object.entries(expected)) assert.deepEqual(huggingFaceSource(name).tensors, tensors);
    assert.isTrue(huggingFaceSource('visual.proj').transpose);
    assert.isTrue(huggingFaceSource('text_projection').transpose);
    assert.isFalse(huggingFaceSource('transformer.resblocks.0.mlp.c_proj.weight').transpose);
    assert.throws(() => huggingFaceSource('visual.attnpool.weight'), FusionclipError);
  });

  test('may have prefixes and left-over buffers', () => {
    const config = presetConfig('T');
    const renamed: Shapes = new Map([
      ['module.input_resolution', []],
      ['module.context_length', []],
      ['module.vocab_size', []],
    ]);
    for (const [name, shape] of clipShapes(config)) {
      const isText = !name.startsWith('visual.') && name !== 'logit_scale';
      renamed.set(`module.${isText ? 'text.' : ''}${name}`, shape);
    }
    const resolved = resolveNames(renamed, 'x');
    checkShapes(config, resolved.shapes, 'x');
    assert.deepEqual(resolved.sources.get('ln_final.bias')?.tensors, ['module.text.ln_final.bias']);
    const theirs = huggingFaceShapes(clipShapes(config));
    theirs.set('vision_model.embeddings.position_ids', [1, 65]);
    theirs.set('text_model.embeddings.position_ids', [1, 77]);
    checkShapes(config, resolveNames(theirs, 'x').shapes, 'x');
  });

  test('of a model that a program has wrapped are found behind its prefix, whatever that is', () => {
    const config = presetConfig('T');
    const wrapped = (prefix: string, shapes: Shapes) => new Map([...shapes].map(([name, s]) => [prefix + name, s]));
    for (const prefix of ['model.', 'clip.', 'module.clip_model.', 'image.text.']) {
      for (const shapes of [clipShapes(config), huggingFaceShapes(clipShapes(config))]) {
        const resolved = resolveNames(wrapped(prefix, shapes), 'x');
        checkShapes(config, resolved.shapes, 'x');
        assert.isTrue(resolved.sources.get('logit_scale')?.tensors[0].startsWith(prefix));
      }
    }
    const head = wrapped('clip.', clipShapes(config)).set('classifier.weight', [2, 128]);
    assert.throws(() => resolveNames(head, 'x'), FusionclipError, /has the tensor classifier\.weight/);
    const text = new Map([...clipShapes(config)].filter(([name]) => !name.startsWith('visual.')));
    assert.throws(() => resolveNames(text, 'x'), FusionclipError, /holds a text tower and no vision tower/);
    const other = new Map([['visual.trunk.patch_embed.proj.weight', [1]]]);
    assert.throws(() => resolveNames(other, 'x'), FusionclipError, /vision tower of another kind/);
  });

  test('name the tensor, the file and both shapes when something does not fit', () => {
    const config = presetConfig('T');
    const refused = (change: (shapes: Shapes) => void, message: RegExp, huggingFace = false) => {
      const shapes = huggingFace ? huggingFaceShapes(clipShapes(config)) : clipShapes(config);
      change(shapes);
      const attempt = () => checkShapes(config, resolveNames(shapes, 'a.safetensors').shapes, 'a.safetensors');
      assert.throws(attempt, FusionclipError, message);
    };
    refused((s) => s.clear(), /a\.safetensors has neither visual\.conv1\.weight/);
    refused((s) => s.delete('ln_final.bias'), /a\.safetensors has no tensor ln_final\.bias \[128\]/);
    refused((s) => s.set('visual.proj', [96, 128]), /visual\.proj of shape \[96, 128\] where \[128, 96\] is expected/);
    refused((s) => s.set('visual.attnpool.q_proj.weight', [1]), /attnpool/);
    refused((s) => s.set('transformer.resblocks.0.ls_1.gamma', [128]), /ls_1\.gamma/);
    // A block is missing in the middle: the ones after it have no place.
    refused((s) => s.delete('transformer.resblocks.1.mlp.c_fc.weight'), /resblocks\.1|resblocks\.2/);
    refused((s) => s.set('logit_scale', [2]), /logit_scale/);
    const q = 'text_model.encoder.layers.0.self_attn.q_proj.weight';
    refused((s) => s.delete(q), /does not know|no tensor transformer\.resblocks\.0\.attn\.in_proj_weight/, true);
    refused((s) => s.set(q, [64, 128]), /different shapes for transformer\.resblocks\.0\.attn\.in_proj_weight/, true);
    const shapes = clipShapes(config);
    shapes.set('logit_scale', [1]);
    checkShapes(config, shapes, 'some exporters keep a list of one');
  });
});
