import { generateTensor } from '../clip/generate.ts';
import type { VisionTower } from '../clip/index.ts';
import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { type Index, uploadIndex } from '../kernels/row_index.ts';
import { activate, add, gatherRows, linear, Parameter, reshape, scale, Tensor } from '../nn/index.ts';
import type { LayerTokens } from './adapters.ts';
import type { Features } from './features.ts';

/** Share of each adapter's output in the residual stream. */
const SHARE = 0.1;

/** An adapter's place. */
export interface Place {
  readonly branch: string;
  /** 1-based */
  readonly layer: number;
}

/** Adapts all tokens of a layer along one path: [B, N + 1, W] → [B, N + 1, E]. */
export type AdaptTokens<P> = (tokens: LayerTokens, path: P) => Tensor;

/** The tensors R of residual adapters. */
export interface ReturnWeights<P> {
  /** Name of the [W, E] tensor of a path. */
  readonly name: (path: P) => string;
  /** Whether it is trained; by default all are. */
  readonly trained?: (path: P) => boolean;
}

/**
 * Residual adapters: after every tapped block but the last, x ← (1 − 0.1·n) x + 0.1 Σ leaky(R F(x))
 * over the n branches, for all tokens; with both branches 0.8 x + 0.1 gal + 0.1 loc. The backbone then depends on
 * what is trained: its features cannot be cached, and gradients flow through the frozen blocks.
 */
export class ResidualAdapters<P extends Place> {
  readonly parameters: readonly Parameter[];
  readonly #gpu: Gpu;
  readonly #vision: VisionTower;
  readonly #paths: readonly P[];
  readonly #returns = new Map<string, Parameter>();
  readonly #rows = new Map<number, { cls: Index; patches: Index }>();

  constructor(gpu: Gpu, vision: VisionTower, paths: readonly P[], seed: number, weights: ReturnWeights<P>) {
    this.#gpu = gpu;
    this.#vision = vision;
    this.#paths = paths;
    const last = Math.max(...paths.map(({ layer }) => layer));
    const shape = [vision.config.vision.width, vision.config.embed];
    for (const path of paths) {
      if (path.layer === last) continue;
      const name = weights.name(path);
      const value = GpuArray.made(gpu, () => generateTensor(name, shape, seed), shape);
      this.#returns.set(`${path.branch}.${path.layer}`, new Parameter(name, value, weights.trained?.(path) ?? true));
    }
    this.parameters = [...this.#returns.values()];
  }

  /** Tokens of every tapped layer; differentiable. @param images [B, 3, S, S] */
  features(images: GpuArray, adapt: AdaptTokens<P>): Features {
    const layers = [...new Set(this.#paths.map(({ layer }) => layer))];
    const { taps } = this.#vision.encode(new Tensor(images), {
      taps: layers,
      afterBlock: (layer, x) => this.#feedBack(layer, x, adapt),
    });
    return new Map([...taps].map(([layer, x]) => [layer, this.#split(x)]));
  }

  /** Frees the memory of the GPU. */
  release(): void {
    for (const p of this.parameters) p.release();
    for (const { cls, patches } of this.#rows.values()) {
      cls.device.release();
      patches.device.release();
    }
  }

  #feedBack(layer: number, x: Tensor, adapt: AdaptTokens<P>): Tensor {
    const paths = this.#paths.filter((path) => path.layer === layer);
    if (paths.length === 0) return x;
    const { cls } = this.#split(x);
    let y = scale(x, 1 - SHARE * paths.length);
    for (const path of paths) {
      const weight = this.#returns.get(`${path.branch}.${layer}`)!;
      const back = activate(linear(adapt({ cls, patches: x }, path), weight, null), 'leaky_relu');
      y = add(y, scale(back, SHARE));
    }
    return y;
  }

  /** Class and patch tokens of [B, N + 1, W]. */
  #split(x: Tensor): LayerTokens {
    const [batch, tokens, width] = x.shape;
    const { cls, patches } = this.#indices(batch, tokens);
    const flat = reshape(x, [batch * tokens, width]);
    return {
      cls: gatherRows(flat, cls),
      patches: reshape(gatherRows(flat, patches), [batch, tokens - 1, width]),
    };
  }

  #indices(batch: number, tokens: number): { cls: Index; patches: Index } {
    let rows = this.#rows.get(batch);
    if (!rows) {
      const rowsWhere = (wanted: (token: number) => boolean) =>
        this.#gpu.lasting(() => uploadIndex(this.#gpu, Uint32Array.from(all.filter((i) => wanted(i % tokens)))));
      const all = Array.from({ length: batch * tokens }, (_, i) => i);
      rows = {
        cls: rowsWhere((token) => token === 0),
        patches: rowsWhere((token) => token !== 0),
      };
      this.#rows.set(batch, rows);
    }
    return rows;
  }
}
