import type { Gpu } from './interface.ts';
import type { GpuBuffer } from './memory.ts';
import type { BufferView } from './programs.ts';

/** Element types; `f16` and `bf16` are storage formats, two values in a 32-bit word. */
export type Dtype = 'f32' | 'u32' | 'f16' | 'bf16';

const BYTES: Readonly<Record<Dtype, number>> = { f32: 4, u32: 4, f16: 2, bf16: 2 };

/** Host memory of the same kind. */
export type HostArray = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/**
 * A typed, shaped, row-major view into GPU memory. Several arrays may share one buffer; releasing one releases the
 * buffer for all. Kernels take and return these; `Tensor` in `src/nn` adds gradients.
 */
export class GpuArray implements BufferView {
  readonly gpu: Gpu;
  readonly buffer: GpuBuffer;
  /** Byte offset into the buffer, a multiple of 256. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** Number of elements. */
  readonly size: number;

  constructor(gpu: Gpu, buffer: GpuBuffer, shape: readonly number[], dtype: Dtype, offset = 0) {
    this.gpu = gpu;
    this.buffer = buffer;
    this.shape = shape;
    this.dtype = dtype;
    this.offset = offset;
    this.size = elements(shape);
  }

  /** Bytes bound to a kernel: a multiple of 16, so that a shader may read the tail as a vec4. */
  get bytes(): number {
    return Math.max(16, Math.ceil((this.size * BYTES[this.dtype]) / 16) * 16);
  }

  /** Length of the last axis (1 for a scalar). */
  get width(): number {
    return this.shape.length === 0 ? 1 : this.shape[this.shape.length - 1];
  }

  /** Product of all axes but the last. */
  get rows(): number {
    return this.width === 0 ? 0 : this.size / this.width;
  }

  /** Undefined contents, owned by the current scope. */
  static empty(gpu: Gpu, shape: readonly number[], dtype: Dtype = 'f32', label = 'array'): GpuArray {
    const bytes = Math.max(16, Math.ceil((elements(shape) * BYTES[dtype]) / 16) * 16);
    return new GpuArray(gpu, gpu.pool.allocate(bytes, label), shape, dtype);
  }

  /** All zeros. */
  static zeros(gpu: Gpu, shape: readonly number[], dtype: Dtype = 'f32'): GpuArray {
    const out = GpuArray.empty(gpu, shape, dtype);
    gpu.clear(out);
    return out;
  }

  /** Host data on the GPU: Float32Array → f32, Uint32Array → u32. */
  static from(gpu: Gpu, data: HostArray, shape: readonly number[]): GpuArray {
    if (data.length !== elements(shape)) throw new Error(`${data.length} values do not fill [${shape}]`);
    const out = GpuArray.empty(gpu, shape, data instanceof Uint32Array ? 'u32' : 'f32');
    if (data.length > 0) gpu.write(out, data);
    return out;
  }

  /** Float32 values of `make`, which runs only where memory has contents (`Gpu.holdsValues`). */
  static made(gpu: Gpu, make: () => Float32Array<ArrayBuffer>, shape: readonly number[]): GpuArray {
    return gpu.holdsValues ? GpuArray.from(gpu, make(), shape) : GpuArray.empty(gpu, shape);
  }

  /** Half-precision values as they are stored: a 16-bit pattern each, row-major. */
  static fromBits(gpu: Gpu, bits: Uint16Array<ArrayBuffer>, shape: readonly number[], dtype: 'f16' | 'bf16'): GpuArray {
    if (bits.length !== elements(shape)) throw new Error(`${bits.length} values do not fill [${shape}]`);
    const out = GpuArray.empty(gpu, shape, dtype);
    // Writes are in whole words.
    const even = bits.length % 2 === 0 ? bits : Uint16Array.from({ length: bits.length + 1 }, (_, i) => bits[i] ?? 0);
    if (bits.length > 0) gpu.write(out, even);
    return out;
  }

  /** The same values under another shape. */
  reshape(shape: readonly number[]): GpuArray {
    this.buffer.check('reshape');
    if (elements(shape) !== this.size) throw new Error(`[${this.shape}] cannot become [${shape}]`);
    return new GpuArray(this.gpu, this.buffer, shape, this.dtype, this.offset);
  }

  /**
   * Entries `start … start+count-1` of the first axis, sharing memory; null when they do not start on 256 bytes.
   * @throws Error when there are no such entries
   */
  view(start: number, count: number): GpuArray | null {
    this.buffer.check('view');
    const [length, ...inner] = this.shape;
    if (!(start >= 0 && count >= 0 && start + count <= length)) {
      throw new Error(`[${this.shape}] has no entries ${start} to ${start + count}`);
    }
    const offset = this.offset + start * elements(inner) * BYTES[this.dtype];
    if (offset % 256 !== 0) return null;
    return new GpuArray(this.gpu, this.buffer, [count, ...inner], this.dtype, offset);
  }

  /** Values on the host. */
  async read(): Promise<Float32Array<ArrayBuffer>> {
    if (this.dtype !== 'f32') throw new Error(`read() is for f32, not ${this.dtype}`);
    return new Float32Array(await this.gpu.read(this), 0, this.size);
  }

  /** Replaces the values. */
  write(data: HostArray): void {
    if (data.length !== this.size) throw new Error(`${data.length} values do not fill [${this.shape}]`);
    this.gpu.write(this, data);
  }

  /**
   * Lets the buffer outlive the current scope; the caller releases it. Returns itself.
   * @throws Error for memory of a recorded step, see `Gpu.lasting`
   */
  keep(): this {
    this.buffer.keep();
    return this;
  }

  /** Releases the buffer: from now on every use of this array and of its views throws. */
  release(): void {
    this.gpu.pool.release(this.buffer);
  }
}

/** Product of the axes. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/**
 * Runs `body` in a scope and passes the arrays it returns to the enclosing scope; all else is released.
 */
export function tidy<T extends GpuArray | readonly GpuArray[] | Readonly<Record<string, GpuArray>>>(
  gpu: Gpu,
  body: () => T,
): T {
  using scope = gpu.scope();
  const out = body();
  const arrays = out instanceof GpuArray ? [out] : Object.values(out as Record<string, GpuArray>);
  for (const array of arrays) scope.pass(array.buffer);
  return out;
}
