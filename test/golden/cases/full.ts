import { ruleUniform } from '../../../src/base/rule.ts';
import { ParameterLoader } from '../../../src/clip/blocks.ts';
import {
  type ClipWeights,
  GeneratedClipModel,
  preprocess,
  presetConfig,
  VisionTower,
} from '../../../src/clip/index.ts';
import { rulePicture } from '../../../src/data/picture.ts';
import { GpuArray } from '../../../src/gpu/array.ts';
import type { Gpu } from '../../../src/gpu/gpu.ts';
import { layerNorm, Tape, Tensor, transformerBlock } from '../../../src/nn/index.ts';
import { type GoldenCase, type ReadGolden, readFacts, readTensors, tensorCase } from './golden.ts';

interface FullFacts {
  seed: number;
  tensors: Parameters<typeof tensorCase>[2];
}

const BLOCKS = [
  { tag: 'vision_block', prefix: 'visual.transformer.resblocks.0', tower: 'vision', length: 290, causal: false },
  { tag: 'text_block', prefix: 'transformer.resblocks.0', tower: 'text', length: 77, causal: true },
] as const;

/** What the weights of the rule may be given as, in place of being made in memory. */
export interface FullModel {
  readonly weights: ClipWeights;
  /** Whether they were rounded to float16, which changes a value by 2^-12 of it on the average. */
  readonly rounded: boolean;
}

/** ViT-L/14 at 240 px: one block of each tower forward and backward, then the whole vision tower. */
export async function* fullCases(read: ReadGolden, gpu: Gpu, model?: FullModel): AsyncGenerator<GoldenCase> {
  const facts = await readFacts<FullFacts>(read, 'full_L14');
  const expected = await readTensors(read, 'full_L14');
  const check = (key: string, values: Float32Array) => {
    const spread = model?.rounded ? 2 ** -12 * facts.tensors[key].max_abs : 0;
    return tensorCase(key, values, facts.tensors, expected, spread);
  };
  const weights = model?.weights ?? new GeneratedClipModel(presetConfig('ViT-L-14-336'), facts.seed);
  const { config } = weights;

  for (const { tag, prefix, tower, length, causal } of BLOCKS) {
    const { width, heads, mlp } = config[tower];
    const loader = new ParameterLoader(gpu, weights);
    const block = await loader.block(prefix, width, mlp);
    const shape = [1, length, width];
    const probe = (name: string) => GpuArray.from(gpu, ruleUniform(name, facts.seed, shape, 0, Math.sqrt(3)), shape);
    for (const act of ['quickgelu', 'gelu'] as const) {
      using _scope = gpu.scope();
      const x = new Tensor(probe(`full.${tag}.x`), true);
      const tape = new Tape();
      const y = tape.record(() => transformerBlock(x, block, { heads, act, causal }));
      const [gradient] = tape.backward(y, probe(`full.${tag}.w`), [x]);
      yield check(`${tag}.${act}.out`, await y.read());
      yield check(`${tag}.${act}.grad_x`, await gradient!.read());
      const fused = transformerBlock(new Tensor(x.value), block, { heads, act, causal });
      yield { ...check(`${tag}.${act}.out`, await fused.read()), name: `${tag}.${act}.out (fused)` };
    }
    loader.release();
  }

  const vision = await VisionTower.load(gpu, weights, { size: 240 });
  {
    using _scope = gpu.scope();
    const image = preprocess(rulePicture('full.image', facts.seed, 320, 256, 3, 1).image, 'winclip', 240);
    const x = new Tensor(GpuArray.from(gpu, image, [1, 3, 240, 240]));
    const parameter = (name: string) => vision.parameters.get(`visual.ln_pre.${name}`)!;
    yield check('vit.ln_pre', await layerNorm(vision.embed(x), parameter('weight'), parameter('bias')).read());
    const { taps, embedding } = vision.encode(x, { taps: [6, 12, 18, 24], embedding: true });
    for (const [layer, tap] of taps) {
      const values = await tap.read();
      yield check(`vit.tap.${layer}`, values);
      yield check(`vit.tap.${layer}.cls`, values.slice(0, config.vision.width));
    }
    yield check('vit.image_embedding', await embedding!.read());
  }
  vision.release();
}
