/** What a user of the package writes; the same file runs in Node, Deno and on a static page. */
import { GeneratedClipModel, preprocess, presetConfig, TextTower, Tokenizer, VisionTower } from 'fusionclip/clip';
import { rulePicture } from 'fusionclip/data';
import { extractFeatures, FusionModel, fusionOptions } from 'fusionclip/fusion';
import { Gpu, GpuArray } from 'fusionclip/gpu';
import { fill } from 'fusionclip/kernels';
import { Adam, Tape } from 'fusionclip/nn';
import { readers } from './readers.mjs';

const SIZE = 56;

/** Loss of a normal and an abnormal picture before and after one training step, and the bytes left on the device. */
export async function step(entry) {
  const gpu = await Gpu.create(entry);
  const weights = new GeneratedClipModel(presetConfig('T'), 1);
  const vision = await VisionTower.load(gpu, weights, { size: SIZE, lastLayer: 2 });
  const text = await TextTower.load(gpu, weights);
  const options = fusionOptions({ size: String(SIZE), layers: '2', 'prompt.nctx': '2' });
  const tokenizer = await Tokenizer.openai();
  const parts = { gpu, vision, text, tokenizer, options, kind: 'image', object: 'Chest X-ray film', seed: 1 };
  const model = await FusionModel.create(parts);
  const adam = new Adam([{ parameters: model.parameters, lr: 1e-3 }]);
  const losses = [];
  {
    const scope = gpu.scope();
    const images = GpuArray.empty(gpu, [2, 3, SIZE, SIZE]);
    images.write(
      Float32Array.from(
        [0, 1].flatMap((i) => [...preprocess(rulePicture(`step.${i}`, 1, 64, 64, 3, i).image, 'winclip', SIZE)]),
      ),
    );
    const { features } = extractFeatures(vision, images, { layers: model.layers, tokens: 'raw' });
    const targets = { label: GpuArray.from(gpu, Float32Array.of(0, 1), [2]), mask: null };
    for (let i = 0; i < 2; i++) {
      const tape = new Tape();
      const loss = tape.record(() => model.loss(features, targets));
      tape.backward(loss.total, fill([1], 1, gpu));
      adam.step();
      losses.push((await loss.total.read())[0]);
    }
    scope[Symbol.dispose]();
  }
  for (const thing of [adam, model, text, vision]) thing.release();
  const bytes = gpu.pool.liveBytes;
  gpu.destroy();
  return { before: losses[0], after: losses[1], learns: losses[1] < losses[0], bytes, read: await readers() };
}
