import { pixelStatistics, preprocess, TextTower, VisionTower } from '../clip/index.ts';
import { TEMPLATES } from '../clip/sentences.ts';
import type { Image } from '../data/image.ts';
import type { Backbone } from '../detect/backbone.ts';
import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { l2Normalize, meanRows, reshape, Tensor } from '../nn/index.ts';

/** A picture whose name is known. */
export interface NamedPicture {
  readonly image: Image;
  readonly name: string;
}

/** How often the name that CLIP gives is the right one. */
export interface NamingAccuracy {
  readonly images: number;
  readonly accuracy: number;
  /** Accuracy over the pictures of each name. */
  readonly byName: Readonly<Record<string, number>>;
}

/** Pictures that go through the tower together. */
const BATCH = 16;

/**
 * Zero-shot naming: each picture gets the name whose text embedding, the mean over all sentence templates, has the
 * largest cosine with the picture's embedding. No training, no support images.
 * @param names all names that there are
 */
export async function nameZeroShot(
  gpu: Gpu,
  { weights, tokenizer }: Backbone,
  pictures: readonly NamedPicture[],
  names: readonly string[],
  onProgress?: (done: number, total: number) => void,
): Promise<NamingAccuracy> {
  const { embed, vision } = weights.config;
  const texts = await nameEmbeddings(gpu, { weights, tokenizer }, names);
  const tower = await VisionTower.load(gpu, weights, { size: vision.nativeSize });
  const right = new Map(names.map((name) => [name, { hits: 0, all: 0 }]));
  try {
    for (let start = 0; start < pictures.length; start += BATCH) {
      const part = pictures.slice(start, start + BATCH);
      const rows = await pictureEmbeddings(gpu, tower, part);
      part.forEach(({ name }, i) => {
        const cosines = names.map((_, n) => dot(rows, i * embed, texts, n * embed, embed));
        const count = right.get(name)!;
        count.all++;
        if (names[cosines.indexOf(Math.max(...cosines))] === name) count.hits++;
      });
      onProgress?.(start + part.length, pictures.length);
    }
  } finally {
    tower.release();
  }
  const counts = [...right].filter(([, { all }]) => all > 0);
  const hits = counts.reduce((sum, [, count]) => sum + count.hits, 0);
  return {
    images: pictures.length,
    accuracy: hits / pictures.length,
    byName: Object.fromEntries(counts.map(([name, count]) => [name, count.hits / count.all])),
  };
}

/** [names, E], rows of length 1. */
async function nameEmbeddings(
  gpu: Gpu,
  { weights, tokenizer }: Pick<Backbone, 'weights' | 'tokenizer'>,
  names: readonly string[],
): Promise<Float32Array> {
  const tower = await TextTower.load(gpu, weights);
  try {
    using job = gpu.job();
    const sentences = names.flatMap((name) => TEMPLATES.map((template) => template.replace('{}', name)));
    const ids = sentences.map((sentence) => tokenizer.sentence(sentence));
    const rows = new Tensor(await job.do(() => tower.encodeSentences(ids)));
    const shape = [names.length, TEMPLATES.length, weights.config.embed];
    return await job.do(() => l2Normalize(meanRows(reshape(l2Normalize(rows), shape))).read());
  } finally {
    tower.release();
  }
}

/** [pictures, E], rows of length 1. */
async function pictureEmbeddings(
  gpu: Gpu,
  tower: VisionTower,
  pictures: readonly NamedPicture[],
): Promise<Float32Array> {
  const { size } = tower;
  const input = new Float32Array(pictures.length * 3 * size * size);
  pictures.forEach(({ image }, i) => {
    input.set(preprocess(image, 'winclip', size, pixelStatistics(tower.config)), i * 3 * size * size);
  });
  using _scope = gpu.scope();
  const images = new Tensor(GpuArray.from(gpu, input, [pictures.length, 3, size, size]));
  return l2Normalize(tower.encode(images, { embedding: true }).embedding!).read();
}

function dot(a: Float32Array, atA: number, b: Float32Array, atB: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[atA + i] * b[atB + i];
  return sum;
}
