import { log } from '../base/elementary.ts';
import { type ClipConfig, type ClipWeights, TensorWeights, TextTower, VisionTower } from '../clip/index.ts';
import { endPosition } from '../clip/text.ts';
import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { clamp, type Index, type InfoNceTargets } from '../kernels/index.ts';
import { add, infoNce, l2Normalize, linear, Parameter, Tensor } from '../nn/index.ts';

/** Largest logarithm of the scale, CLIP's. */
const MOST_LOG_SCALE = log(100);

/** A batch on the device. */
export interface EncoderBatch {
  /** [B, 3, S, S], preprocessed */
  readonly images: GpuArray;
  /** B lists of ids with start and end. */
  readonly sentences: readonly (readonly number[])[];
  /** Of B pictures and B sentences. */
  readonly targets: InfoNceTargets;
  /** Patches as further pictures. */
  readonly regions?: {
    /** R numbers of tokens, b (N + 1) + 1 + patch. */
    readonly tokens: Index;
    /** Of R regions and B sentences. */
    readonly targets: InfoNceTargets;
  };
}

/** Both towers of a CLIP model and its scale, all of it trainable. */
export class DualEncoder {
  readonly gpu: Gpu;
  /** Its native size is the one that the positions belong to. */
  readonly config: ClipConfig;
  readonly vision: VisionTower;
  readonly text: TextTower;
  readonly logScale: Parameter;

  private constructor(gpu: Gpu, config: ClipConfig, vision: VisionTower, text: TextTower, logScale: Parameter) {
    this.gpu = gpu;
    this.config = config;
    this.vision = vision;
    this.text = text;
    this.logScale = logScale;
  }

  /** Reads a model for pictures of `size` pixels; the position table is resized. Throws `bad_model`. */
  static async load(gpu: Gpu, weights: ClipWeights, size: number): Promise<DualEncoder> {
    const scale = await weights.read('logit_scale');
    const vision = await VisionTower.load(gpu, weights, { size, trainable: true });
    try {
      const text = await TextTower.load(gpu, weights, { trainable: true });
      const config = { ...weights.config, vision: { ...weights.config.vision, nativeSize: size } };
      const logScale = new Parameter('logit_scale', GpuArray.from(gpu, scale, [1]));
      return new DualEncoder(gpu, config, vision, text, logScale);
    } catch (error) {
      vision.release();
      throw error;
    }
  }

  /** All parameters by canonical name. */
  get parameters(): Map<string, Parameter> {
    return new Map([...this.vision.parameters, ...this.text.parameters, ['logit_scale', this.logScale]]);
  }

  /**
   * Symmetric InfoNCE of a batch of pairs, [1]; with regions, plus that of regions and sentences: a patch goes through
   * ln_post and proj as the class token does.
   */
  loss({ images, sentences, targets, regions }: EncoderBatch): Tensor {
    const { vision, text, config } = this;
    const { layers } = config.vision;
    const seen = vision.encode(new Tensor(images), { embedding: true, ...(regions && { taps: [layers] }) });
    const rows = text.lookUp(sentences);
    const ends = sentences.map((ids) => endPosition(ids, config.eot));
    const words = l2Normalize(text.encode(rows, text.endOfText(ends, rows.shape[1])));
    const against = (pictures: Tensor, right: InfoNceTargets) =>
      infoNce(linear(l2Normalize(pictures), words, null), this.logScale, right);
    const loss = against(seen.embedding!, targets);
    if (!regions) return loss;
    return add(loss, against(vision.embedTokens(seen.taps.get(layers)!, regions.tokens), regions.targets));
  }

  /** Brings the scale back to where CLIP keeps it, 1 to 100; after every step. */
  clampScale(): void {
    clamp(this.logScale.value, 0, MOST_LOG_SCALE);
  }

  /** All weights on the host. */
  async read(): Promise<TensorWeights> {
    const arrays = new Map(Array.from(this.parameters, ([name, { value }]) => [name, value]));
    return new TensorWeights(this.config, await readArrays(arrays));
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.vision.release();
    this.text.release();
    this.logScale.release();
  }
}

/** Values of many arrays; one wait for all of them. */
export async function readArrays(
  arrays: ReadonlyMap<string, GpuArray>,
): Promise<Map<string, Float32Array<ArrayBuffer>>> {
  return new Map(await Promise.all(Array.from(arrays, async ([name, array]) => [name, await array.read()] as const)));
}
