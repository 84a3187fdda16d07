import { GeneratedClipModel, presetConfig, TextTower } from '../../src/clip/index.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { Tensor } from '../../src/nn/index.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { wholeCase } from './whole.ts';

/** Forward passes of the text tower over whole contexts of 77 tokens. */
async function* cases(gpu: Gpu): AsyncIterable<BenchCase> {
  for (const name of ['ViT-B-32', 'ViT-L-14']) {
    const config = presetConfig(name);
    const { context, width } = config.text;
    const tower = await TextTower.load(gpu, new GeneratedClipModel(config, 1), { storage: 'f32' });
    for (const count of [1, 12]) {
      const rows = new Tensor(filled(gpu, count, context, width));
      const ends = new Array<number>(count).fill(context - 1);
      const run = () => void tower.encode(rows, tower.endOfText(ends, context));
      yield wholeCase(gpu, `${name} × ${count}`, tower.storage.bytes + rows.value.bytes, [{ name: 'f32', run }]);
    }
    tower.release();
  }
}

bench('text', cases);
