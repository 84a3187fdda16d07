import { Gpu } from '../../src/gpu/index.ts';

/** The GPU device that the page computes on: one at a time, and a new one after the last was lost. */
export class Device {
  #gpu: Gpu | null = null;

  /** One that works. @throws FusionclipError `no_adapter` */
  async open(): Promise<Gpu> {
    if (this.#gpu) return this.#gpu;
    const gpu = await Gpu.create((navigator.gpu as GPU | undefined) ?? null);
    this.#gpu = gpu;
    void gpu.device.lost.then(() => this.#forget(gpu));
    return gpu;
  }

  /** Another one in the place of one that was lost, whether that was told here by now or not. */
  readonly renew = (lost: Gpu): Promise<Gpu> => {
    this.#forget(lost);
    return this.open();
  };

  #forget(lost: Gpu): void {
    if (this.#gpu === lost) this.#gpu = null;
  }
}
