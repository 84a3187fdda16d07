import { Gpu } from '../../src/gpu/gpu.ts';

/** How a device is lost: before a call, or in a turn of the event loop after it, when its answer is waited for. */
export type LossKind = 'before' | 'after';

/** A call to a device, counted from 0, at which it is lost. */
export interface Loss {
  readonly call: number;
  readonly kind: LossKind;
}

/** Calls of a device that are counted: those that reach the GPU process or make something there. */
const COUNTED = ['createBuffer', 'createCommandEncoder', 'createBindGroup', 'createShaderModule'] as const;

/**
 * WebGPU's entry point whose devices are destroyed at chosen calls. Calls are counted over all devices, so a moment of an
 * unbroken run is the same moment of one that loses its device there.
 */
export class FragileGpu {
  /** Calls so far. */
  calls = 0;
  /** Devices so far. */
  devices = 0;
  readonly entry: GPU;
  #losses: Loss[] = [];
  #broken = false;

  constructor(real: GPU) {
    // A plain object: what a runtime keeps inside of its own would be missed in a copy.
    this.entry = { requestAdapter: (options?: GPURequestAdapterOptions) => this.#adapter(real, options) } as GPU;
  }

  /** Starts to count anew. @param forever whether there is no adapter any more after the first loss */
  arm(losses: readonly Loss[], forever = false): void {
    this.calls = 0;
    this.devices = 0;
    this.#losses = [...losses];
    this.#broken = false;
    this.forever = forever;
  }

  forever = false;

  /** A device of it. */
  open(): Promise<Gpu> {
    return Gpu.create(this.entry);
  }

  async #adapter(real: GPU, options?: GPURequestAdapterOptions): Promise<GPUAdapter | null> {
    if (this.#broken && this.forever) return null;
    const adapter = await real.requestAdapter(options);
    if (!adapter) return null;
    const request = adapter.requestDevice.bind(adapter);
    replace(adapter, 'requestDevice', async (descriptor?: GPUDeviceDescriptor) =>
      this.#watch(await request(descriptor)),
    );
    return adapter;
  }

  #watch(device: GPUDevice): GPUDevice {
    this.devices++;
    for (const name of COUNTED) this.#count(device, device, name);
    for (const name of ['submit', 'writeBuffer'] as const) this.#count(device, device.queue, name);
    return device;
  }

  #count<T extends object, K extends keyof T & string>(device: GPUDevice, holder: T, name: K): void {
    const original = (holder[name] as unknown as (...args: unknown[]) => unknown).bind(holder);
    replace(holder, name, (...args: unknown[]) => {
      const call = this.calls++;
      const at = this.#losses.findIndex((loss) => loss.call === call);
      const [loss] = at < 0 ? [] : this.#losses.splice(at, 1);
      const lose = () => {
        this.#broken = true;
        device.destroy();
      };
      if (loss?.kind === 'before') lose();
      if (loss?.kind === 'after') setTimeout(lose);
      return original(...args);
    });
  }
}

function replace(holder: object, name: string, value: unknown): void {
  Object.defineProperty(holder, name, { value, configurable: true, writable: true });
}
