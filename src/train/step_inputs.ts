import type { Detector } from '../detect/detector.ts';
import type { FeatureBatch, FeatureCache } from '../detect/feature_cache.ts';
import type { TrainItem } from '../detect/support.ts';
import type { Targets } from '../fusion/index.ts';
import { GpuArray } from '../gpu/array.ts';

/** What a step of one batch size reads, in memory that stays where it is from step to step. */
export class StepInputs {
  readonly batch: FeatureBatch;
  readonly targets: Targets;
  readonly #maskHost: Float32Array<ArrayBuffer>;

  constructor(detector: Detector, features: FeatureCache, count: number) {
    const { gpu, kind, vision } = detector;
    const { size } = vision;
    using _scope = gpu.scope();
    this.batch = features.batch(count);
    this.#maskHost = new Float32Array(kind === 'pixel' ? count * size * size : 0);
    this.targets = {
      label: GpuArray.empty(gpu, [count]).keep(),
      mask: kind === 'pixel' ? GpuArray.empty(gpu, [count, size, size]).keep() : null,
    };
  }

  /** Writes the images, labels and masks of the next step. */
  write(items: readonly TrainItem[]): void {
    const { label, mask } = this.targets;
    this.batch.fill(items.map(({ id }) => id));
    label.write(Float32Array.from(items, (item) => item.label));
    if (!mask) return;
    const host = this.#maskHost.fill(0);
    items.forEach((item, i) => {
      if (item.mask) host.set(item.mask, i * item.mask.length);
    });
    mask.write(host);
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.batch.release();
    this.targets.label.release();
    this.targets.mask?.release();
  }
}
