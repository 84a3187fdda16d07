import { assert } from 'chai';
import { GeneratedClipModel, TextTower } from '../../src/clip/index.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { uploadIndex } from '../../src/kernels/row_index.ts';
import { concatenate, gatherRows, Parameter, reshape, Tape, Tensor } from '../../src/nn/index.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { insertRows } from '../reference/insert_rows.ts';
import { tinyConfig } from '../train/small_run.ts';

/** Sentences of unlike lengths, two of them with one beginning, and where their learnable vectors go. */
const SENTENCES = [
  [90, 5, 6, 7, 20, 21, 91],
  [90, 5, 6, 7, 20, 22, 23, 24, 91],
  [90, 5, 8, 9, 10, 11, 20, 91],
  [90, 91],
];
const AT = [4, 4, 6, 1];
const COUNT = 3;
const EMBED = 32;
const WIDTH = 32;

/** The vectors of a test, and what flows back into the embeddings. */
function inputs(gpu: Gpu): { vectors: Parameter; seed: GpuArray } {
  const vectors = new Parameter('ctx', GpuArray.from(gpu, noise(3, COUNT * WIDTH, 0.5), [1, COUNT, WIDTH]));
  return { vectors, seed: GpuArray.from(gpu, noise(4, SENTENCES.length * EMBED, 1), [SENTENCES.length, EMBED]) };
}

/** All rows of all sentences, padded to the longest. */
async function plain(gpu: Gpu, text: TextTower) {
  const { vectors, seed } = inputs(gpu);
  const rows = await text.embed(SENTENCES);
  const length = rows.shape[1] + COUNT;
  const eot = text.endOfText(
    SENTENCES.map((ids) => ids.length - 1 + COUNT),
    length,
  );
  const tape = new Tape();
  const out = tape.record(() => text.encode(insertRows(new Tensor(rows), vectors, AT, [0, 0, 0, 0]), eot));
  tape.backward(out, seed);
  const result = { out: await out.read(), grad: await vectors.grad!.read(), rows: SENTENCES.length * length };
  vectors.release();
  return result;
}

/** The vectors and what follows them alone. */
async function saving(gpu: Gpu, text: TextTower) {
  const { vectors, seed } = inputs(gpu);
  const suffixes = SENTENCES.map((ids, s) => ids.slice(AT[s]));
  const table = (await text.embed([suffixes.flat()])).reshape([suffixes.flat().length, WIDTH]);
  const prefix = await text.prefix(
    SENTENCES.map((ids, s) => ({ prefix: ids.slice(0, AT[s]), rest: COUNT + suffixes[s].length })),
  );
  let next = COUNT;
  const order = suffixes.flatMap((suffix) => [0, 1, 2, ...suffix.map(() => next++)]);
  const tape = new Tape();
  const out = tape.record(() => {
    const all = concatenate([reshape(vectors, [COUNT, WIDTH]), new Tensor(table)]);
    return text.encodeAfter(prefix, gatherRows(all, uploadIndex(gpu, order)));
  });
  tape.backward(out, seed);
  // Without a tape the tower takes its fused path.
  const all = concatenate([reshape(vectors, [COUNT, WIDTH]), new Tensor(table)]);
  const fused = await text.encodeAfter(prefix, gatherRows(all, uploadIndex(gpu, order))).read();
  const result = { out: await out.read(), fused, grad: await vectors.grad!.read(), rows: prefix.rows };
  prefix.release();
  vectors.release();
  return result;
}

suiteInTurn('constant beginnings of sentences', () => {
  test('give the embeddings and gradients of the whole computation with fewer rows', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const config = tinyConfig();
    const layers = 3;
    const text = await TextTower.load(gpu, new GeneratedClipModel({ ...config, text: { ...config.text, layers } }, 7));
    const all = await plain(gpu, text);
    const few = await saving(gpu, text);
    assertClose(few.out, all.out, { absolute: 1e-5, relative: 1e-5 });
    assertClose(few.fused, all.out, { absolute: 1e-5, relative: 1e-5 });
    assertClose(few.grad, all.grad, { absolute: 1e-5, relative: 1e-5 });
    assert.equal(all.rows, 4 * 12);
    // 3 vectors each, and 3, 5, 2 and 1 tokens from there to the end of text.
    assert.equal(few.rows, 4 * 3 + 11);
    text.release();
  });

  test('compile nothing when they are stopped, and end the loading of a tower between two tensors', async (t) => {
    const gpu = await t.gpu();
    const model = new GeneratedClipModel(tinyConfig(), 1);
    const stopped = new Error('stopped');
    const control = new AbortController();
    const { signal } = control;
    const reason = (error: unknown) => error;
    const tower = await TextTower.load(gpu, model, { signal });
    const { liveBuffers } = gpu.pool;
    let read = 0;
    const watched = new Proxy(model, {
      get(target, name) {
        if (name === 'stored') return undefined;
        if (name !== 'read') return Reflect.get(target, name, target);
        return (tensor: string) => {
          if (++read === 2) control.abort(stopped);
          return target.read(tensor);
        };
      },
    });
    assert.equal(await TextTower.load(gpu, watched, { signal }).catch(reason), stopped);
    assert.equal(read, 2);
    const compiled = gpu.programs.size;
    assert.equal(await tower.prefix([{ prefix: [90, 5, 6], rest: 2 }], signal).catch(reason), stopped);
    assert.equal(gpu.programs.size, compiled);
    assert.equal(gpu.pool.liveBuffers, liveBuffers);
    tower.release();
  });
});
