import { type DeviceGpu, Gpu } from '../../src/gpu/gpu.ts';

/** How a device is lost: before a call, or in a turn of the event loop after it, when its answer is waited for. */
export type LossKind = 'before' | 'after';

/** A call to a device, counted from 0, at which it is lost. */
export interface Loss {
  readonly call: number;
  readonly kind: LossKind;
}

/** Calls of a device that are counted: those that reach the GPU process or make something there. */
const COUNTED = ['createBuffer', 'createCommandEncoder', 'createBindGroup', 'createShaderModule'] as const;

/** WebGPU's entry point whose devices are destroyed at chosen calls. */
export class FragileGpu {
  /** Calls of the first device. */
  calls = 0;
  /** Devices so far. */
  devices = 0;
  readonly entry: GPU;
  #losses: readonly Loss[] = [];
  #last = false;

  constructor(real: GPU) {
    this.entry = { requestAdapter: (options?: GPURequestAdapterOptions) => this.#adapter(real, options) } as GPU;
  }

  /**
   * Starts to count anew.
   * @param losses of the first device, the second one, and so on; later ones live
   * @param last whether there is no adapter any more after these
   */
  arm(losses: readonly Loss[], last = false): void {
    this.calls = 0;
    this.devices = 0;
    this.#losses = losses;
    this.#last = last;
  }

  /** A device of it. */
  open(): Promise<DeviceGpu> {
    return Gpu.create(this.entry);
  }

  async #adapter(real: GPU, options?: GPURequestAdapterOptions): Promise<GPUAdapter | null> {
    if (this.#last && this.devices >= this.#losses.length) return null;
    const adapter = await real.requestAdapter(options);
    if (!adapter) return null;
    const request = adapter.requestDevice.bind(adapter);
    replace(adapter, 'requestDevice', async (given?: GPUDeviceDescriptor) => this.#watch(await request(given)));
    return adapter;
  }

  #watch(device: GPUDevice): GPUDevice {
    const index = this.devices++;
    const loss = this.#losses[index];
    let calls = 0;
    const count = <T extends object>(holder: T, name: keyof T & string) => {
      const original = (holder[name] as (...args: unknown[]) => unknown).bind(holder);
      replace(holder, name, (...args: unknown[]) => {
        const call = calls++;
        if (index === 0) this.calls = calls;
        if (call === loss?.call && loss.kind === 'before') device.destroy();
        if (call === loss?.call && loss.kind === 'after') setTimeout(() => device.destroy());
        return original(...args);
      });
    };
    for (const name of COUNTED) count(device, name);
    for (const name of ['submit', 'writeBuffer'] as const) count(device.queue, name);
    return device;
  }
}

function replace(holder: object, name: string, value: unknown): void {
  Object.defineProperty(holder, name, { value, configurable: true, writable: true });
}
