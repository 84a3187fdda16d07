import { exp } from '../base/elementary.ts';
import { promptSentences } from '../clip/index.ts';
import { TEMPLATES } from '../clip/sentences.ts';
import type { Encoded, FeatureOptions } from '../fusion/features.ts';
import { type BranchScores, blurMaps, oneBranch } from '../fusion/fuse.ts';
import type { FusionLoss } from '../fusion/losses.ts';
import { alignOf, refineMaps } from '../fusion/maps.ts';
import { MemoryBank } from '../fusion/memory_bank.ts';
import type { Model, Remembered, Scorer } from '../fusion/methods/method.ts';
import type { FusionOptions } from '../fusion/options.ts';
import { abnormalPairs, copyOf, imageMeans, readTogether, secondOf } from '../fusion/predict.ts';
import { CLASSES, wholeSentence } from '../fusion/prompts.ts';
import type { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { addInto } from '../kernels/elementwise.ts';
import { bilinearResize } from '../kernels/resize.ts';
import { concatenate, l2Normalize, meanRows, type Parameter, reshape, Tensor } from '../nn/index.ts';
import type { BertTower } from './bert.ts';
import { MEDCLIP_STD } from './preprocess.ts';
import type { MedClipWeights, StageTower } from './stage_tower.ts';
import type { WordPiece } from './word_piece.ts';

/** What the method is made of. */
export interface MedClipParts {
  readonly gpu: Gpu;
  readonly vision: StageTower;
  readonly text: BertTower;
  readonly tokenizer: WordPiece;
  readonly weights: MedClipWeights;
  readonly options: FusionOptions;
  /** What the images show, e.g. `Brain`. */
  readonly object: string;
  /** Ends the making. */
  readonly signal?: AbortSignal;
}

/** The largest logarithm of the factor of the cosine. */
const MOST_LOGIT_SCALE = 4.6052;

/**
 * MedCLIP: the image score is P(abnormal) of the image embedding against the sentences; the map is the distance of the
 * cells of the last two stages to the nearest cell of the normal support images,
 * S = Σ_l upsample(min_m (1 − cos(f_i, bank_m))).
 */
export class MedClip implements Model {
  readonly parameters: readonly Parameter[] = [];
  readonly frozen = true;
  readonly needs: FeatureOptions;
  readonly vision: StageTower;
  readonly options: FusionOptions;
  readonly #gpu: Gpu;
  readonly #text: GpuArray;
  readonly #temperature: number;

  private constructor({ gpu, vision, options }: MedClipParts, text: GpuArray, temperature: number) {
    this.#gpu = gpu;
    this.vision = vision;
    this.options = options;
    this.#text = text;
    this.#temperature = temperature;
    this.needs = { layers: [], tokens: 'raw', embedding: true, stages: this.stages };
  }

  /** Encodes the sentences. */
  static async create(parts: MedClipParts): Promise<MedClip> {
    const [logitScale] = await parts.weights.read('logit_scale');
    const temperature = exp(Math.min(Math.max(logitScale, 0), MOST_LOGIT_SCALE));
    return new MedClip(parts, (await medClipText(parts)).keep(), temperature);
  }

  /** Factor of the cosines. */
  get temperature(): number {
    return this.#temperature;
  }

  /** The two coarsest stages, 1-based. */
  get stages(): readonly number[] {
    const last = this.vision.grids.length;
    return last === 1 ? [1] : [last - 1, last];
  }

  get encodedBytes(): number {
    const cells = this.stages.map((stage) => this.vision.grids[stage - 1]);
    return 4 * cells.reduce((sum, { side, width }) => sum + side * side * width, this.#text.width);
  }

  encode(images: GpuArray): Encoded {
    const { stages, embedding } = this.vision.encode(images, this.stages);
    return { features: new Map(), stages, embedding };
  }

  loss(): FusionLoss {
    throw new Error('this method has nothing to train');
  }

  fit(support: Remembered): Scorer {
    if (support instanceof MemoryBank) return this.#scorer(support);
    const bank = new MemoryBank(this.#gpu);
    try {
      for (const { stages } of support) {
        for (const [stage, cells] of stages!) bank.add(String(stage), copyOf(cells));
      }
    } catch (error) {
      bank.release();
      throw error;
    }
    return this.#scorer(bank);
  }

  release(): void {
    this.#text.release();
  }

  #scorer(bank: MemoryBank): Scorer {
    return {
      bank,
      score: (images, skip = null) => this.#score(bank, images, skip),
      release: () => bank.release(),
    };
  }

  async #score(bank: MemoryBank, { stages, embedding, guide }: Encoded, skip: number | null): Promise<BranchScores> {
    using job = this.#gpu.job();
    const { size } = this.vision;
    const batch = embedding!.rows;
    const arrays = job.do(() => [
      this.#map(bank, stages!, guide, batch, skip),
      abnormalPairs(embedding!, this.#text, this.#temperature),
    ]);
    const [map, pairs] = await readTogether(this.#gpu, arrays);
    const maps = blurMaps(map!, size, this.options['map.blur']);
    return oneBranch(maps, imageMeans(maps, batch), secondOf(pairs!));
  }

  /** Distances to the bank summed over the stages, [B, S, S, 1]. */
  #map(
    bank: MemoryBank,
    stages: NonNullable<Encoded['stages']>,
    guide: Encoded['guide'],
    batch: number,
    skip: number | null,
  ): GpuArray {
    const { size } = this.vision;
    let total: GpuArray | null = null;
    for (const [stage, cells] of stages) {
      const { side } = this.vision.grids[stage - 1];
      const distance = bank.distance(new Map([[String(stage), cells]]), skip);
      const geometry = { grid: side, size, patch: Math.ceil(size / side) };
      const grid = distance.reshape([batch, side, side, 1]);
      const map = bilinearResize(grid, [size, size], alignOf(this.options, geometry));
      if (total) addInto(total, map);
      else total = map;
    }
    return refineMaps(total!, guide, this.options, [MEDCLIP_STD]);
  }
}

/**
 * Text features [2, E] of the 420 sentences: the mean of the normalised embeddings of each class, normalised again
 * unless the cosines are what is averaged. The sentences of a class are padded to its longest.
 */
export async function medClipText(parts: MedClipParts): Promise<GpuArray> {
  const { gpu, text, tokenizer, object, options, signal } = parts;
  using job = gpu.job();
  const sentences = promptSentences(object, TEMPLATES);
  const means: Tensor[] = [];
  for (const name of CLASSES) {
    const ids = sentences[name].map((sentence) => wholeSentence(tokenizer, sentence, tokenizer.context));
    const rows = await job.do(() => text.encodeSentences(ids, tokenizer.pad, signal));
    job.do(() => {
      const unit = l2Normalize(new Tensor(rows));
      means.push(meanRows(reshape(unit, [1, ...unit.shape])));
    });
  }
  const features = job.do(() => {
    const pair = concatenate(means);
    return options['text.mean'] === 'cosines' ? pair : l2Normalize(pair);
  });
  job.pass(features.value.buffer);
  return features.value;
}
