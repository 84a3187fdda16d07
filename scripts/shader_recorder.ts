/** A stand-in for the GPU that only writes down what wrappers dispatch, so that shaders can be checked without an adapter. */

import type { AdapterClass } from '../src/gpu/adapter.ts';
import { IdleGpu } from '../src/gpu/counting.ts';
import type { Dispatch, Gpu } from '../src/gpu/gpu.ts';
import type { GpuBuffer } from '../src/gpu/memory.ts';
import type { BufferView } from '../src/gpu/programs.ts';
import { packParams, type Shader, specialize } from '../src/gpu/shader.ts';

/** One dispatch as a wrapper asked for it. */
export interface Recorded {
  readonly shader: Shader;
  /** Source with the constants of this dispatch. */
  readonly source: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, number>>;
  readonly block: ArrayBuffer;
  readonly groups: readonly [number, number, number];
  /** Contents by binding name: zeros, or what the host wrote; null when the case is too large to have any. */
  readonly buffers: Readonly<Record<string, ArrayBuffer | null>>;
}

/** Larger buffers get no contents. */
const MOST_BYTES = 2 ** 20;

/** Writes down every dispatch; of memory it knows what the host wrote, where that fits. */
class RecordingGpu extends IdleGpu {
  readonly recorded: Recorded[] = [];
  readonly #contents = new WeakMap<GpuBuffer, ArrayBuffer>();

  override write(view: BufferView, data: ArrayBufferView<ArrayBuffer>): void {
    super.write(view, data);
    const bytes = new Uint8Array(view.offset + view.bytes);
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), view.offset);
    this.#contents.set(view.buffer, bytes.buffer);
  }

  override run<B extends string, P extends string, C extends string>(call: Dispatch<B, P, C>): void {
    super.run(call);
    const { shader, groups, params } = call;
    const [x, y = 1, z = 1] = groups;
    if (x * y * z === 0) return;
    if (Math.max(x, y, z) > this.facts.limits.maxComputeWorkgroupsPerDimension) {
      throw new Error(`${shader.name}: ${x}×${y}×${z} workgroups`);
    }
    const constants = { ...shader.constants, ...(call.constants as Record<string, number> | undefined) };
    this.recorded.push({
      shader,
      source: specialize(shader.source, constants),
      constants,
      params,
      block: packParams(shader, params),
      groups: [x, y, z],
      buffers: Object.fromEntries(shader.bindings.map(({ name }) => [name, this.#contentsOf(call.buffers[name])])),
    });
  }

  #contentsOf(view: BufferView): ArrayBuffer | null {
    if (view.bytes > MOST_BYTES) return null;
    const bytes = new Uint8Array(view.bytes);
    const written = this.#contents.get(view.buffer);
    if (written) bytes.set(new Uint8Array(written).subarray(view.offset, view.offset + view.bytes));
    return bytes.buffer;
  }
}

/**
 * A `Gpu` without a device: memory has sizes and, where the host wrote them, contents; every dispatch is recorded.
 * @param kind which variants the wrappers choose
 */
export function recorder(kind: AdapterClass): { gpu: Gpu; recorded: Recorded[] } {
  const gpu = new RecordingGpu(kind);
  return { gpu, recorded: gpu.recorded };
}

/** Values of a module's `const NAME: u32 = …;` lines, in order, so that later ones may use earlier ones. */
export function constantsOf(source: string): Record<string, number> {
  const values: Record<string, number> = {};
  for (const [, name, formula] of source.matchAll(/^const (\w+)(?:: u32)? = ([^;]+);/gm)) {
    try {
      values[name] = evaluate(formula.replaceAll(/(\d)u\b/g, '$1'), values);
    } catch {
      // A float or a vector: no size depends on it.
    }
  }
  return values;
}

/**
 * Value of a whole-number formula with + - * / (rounding down), << (as tightly as *) and parentheses.
 * @throws Error that names what is unknown or left over
 */
export function evaluate(formula: string, names: Readonly<Record<string, number>>): number {
  const tokens = formula.match(/[A-Za-z_]\w*|\d+|<<|\S/g) ?? [];
  let at = 0;
  function factor(): number {
    const token = tokens[at++];
    if (token === '(') {
      const value = sum();
      if (tokens[at++] !== ')') throw new Error(`"${formula}": a parenthesis is open`);
      return value;
    }
    const value = /^\d/.test(token ?? '') ? Number(token) : names[token];
    if (value === undefined) throw new Error(`"${formula}": unknown name "${token}"`);
    return value;
  }
  function product(): number {
    let value = factor();
    while (['*', '/', '<<'].includes(tokens[at])) {
      const [sign, next] = [tokens[at++], factor()];
      value = sign === '*' ? value * next : sign === '/' ? Math.floor(value / next) : value * 2 ** next;
    }
    return value;
  }
  function sum(): number {
    let value = product();
    while (tokens[at] === '+' || tokens[at] === '-') value += tokens[at++] === '+' ? product() : -product();
    return value;
  }
  const value = sum();
  if (at < tokens.length) throw new Error(`"${formula}": cannot read "${tokens.slice(at).join(' ')}"`);
  return value;
}
