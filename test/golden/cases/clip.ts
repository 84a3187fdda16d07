import { ruleUniform } from '../../../src/base/rule.ts';
import { generateTensor } from '../../../src/clip/generate.ts';
import { GeneratedClipModel, presetConfig, TextTower, Tokenizer, VisionTower } from '../../../src/clip/index.ts';
import { endPosition } from '../../../src/clip/text.ts';
import { GpuArray } from '../../../src/gpu/array.ts';
import type { Gpu } from '../../../src/gpu/gpu.ts';
import { Parameter, Tape, Tensor } from '../../../src/nn/index.ts';
import { insertRows } from '../../reference/insert_rows.ts';
import { pictures, TEST } from '../pictures.ts';
import { type GoldenCase, type ReadGolden, readFacts, readTensors, tensorCase } from './golden.ts';

interface ClipFacts {
  seed: number;
  sentences: string[];
  object_index: number[];
  tensors: Parameters<typeof tensorCase>[2];
}

/** Both towers of the model T with both activations: every block's output, embeddings, prompt insertion, gradients. */
export async function* clipCases(read: ReadGolden, gpu: Gpu): AsyncGenerator<GoldenCase> {
  const facts = await readFacts<ClipFacts>(read, 'clip_T');
  const expected = await readTensors(read, 'clip_T');
  const tokenizer = await Tokenizer.openai();
  const check = (key: string, values: Float32Array) => tensorCase(key, values, facts.tensors, expected);
  const ids = facts.sentences.map((s) => tokenizer.sentence(s));
  for (const act of ['quickgelu', 'gelu'] as const) {
    const weights = new GeneratedClipModel({ ...presetConfig('T'), act }, facts.seed);
    for (const size of [56, 60]) {
      const tower = await VisionTower.load(gpu, weights, { size });
      {
        using _scope = gpu.scope();
        const { images } = pictures([TEST[0], TEST[3]], facts.seed, size, 'winclip');
        const x = new Tensor(GpuArray.from(gpu, images, [2, 3, size, size]));
        if (act === 'quickgelu') {
          yield check(`${act}.${size}.input`, images);
          yield check(`${act}.${size}.stem`, await tower.embed(x).read());
        }
        const { taps, embedding } = tower.encode(x, { taps: [1, 2, 3, 4], embedding: true });
        for (const [layer, tap] of taps) yield check(`${act}.${size}.tap.${layer}`, await tap.read());
        yield check(`${act}.${size}.image_embedding`, await embedding!.read());
      }
      tower.release();
    }
    const text = await TextTower.load(gpu, weights);
    {
      using _scope = gpu.scope();
      yield check(`${act}.text_embedding`, await (await text.encodeSentences(ids)).read());
    }
    for (const count of [4, 8]) yield* promptCases(count, act, text);
    text.release();
  }

  async function* promptCases(count: number, act: string, text: TextTower): AsyncGenerator<GoldenCase> {
    using _scope = gpu.scope();
    const { width } = text.config.text;
    const name = `prompt.probe.${count}`;
    const ctx = new Parameter(
      name,
      GpuArray.from(gpu, generateTensor(name, [count, width], facts.seed), [1, count, width]),
    );
    const rows = await text.embed(ids);
    const ends = ids.map((row) => endPosition(row, text.config.eot) + count);
    const eot = text.endOfText(ends, rows.shape[1] + count);
    const tape = new Tape();
    const embedding = tape.record(() =>
      text.encode(insertRows(new Tensor(rows), ctx, facts.object_index, new Uint32Array(ids.length)), eot),
    );
    const shape = [ids.length, text.config.embed];
    tape.backward(embedding, GpuArray.from(gpu, ruleUniform('probe.text', facts.seed, shape, 0, Math.sqrt(3)), shape));
    yield check(`${act}.prompt${count}.embedding`, await embedding.read());
    yield check(`${act}.prompt${count}.grad`, await ctx.grad!.read());
    ctx.release();
  }
}
