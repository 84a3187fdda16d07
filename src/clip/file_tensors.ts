import { FusionclipError } from '../base/errors.ts';
import { firstNonFinite, toFloat32 } from './half.ts';
import type { TensorSource } from './names.ts';
import type { SafetensorsFile } from './safetensors.ts';
import { concatenated, transposed } from './weights.ts';

const FLOATS = new Set(['F64', 'F32', 'F16', 'BF16']);

/** The tensors of an opened file under their canonical names; they are read when asked for. */
export class FileTensors {
  /** The safetensors file, or the index of several. */
  readonly path: string;
  readonly #sources: ReadonlyMap<string, TensorSource>;
  readonly #shapes: ReadonlyMap<string, readonly number[]>;
  #weights: SafetensorsFile | null;

  /**
   * @param shapes of the canonical tensors
   * @throws FusionclipError `bad_model` when one of them is not of floating-point numbers
   */
  constructor(
    path: string,
    weights: SafetensorsFile,
    sources: ReadonlyMap<string, TensorSource>,
    shapes: ReadonlyMap<string, readonly number[]>,
  ) {
    this.path = path;
    this.#weights = weights;
    this.#sources = sources;
    this.#shapes = shapes;
    for (const [name, { tensors }] of sources) {
      for (const tensor of tensors) {
        const { dtype } = weights.tensors.get(tensor)!;
        if (!FLOATS.has(dtype)) throw faulty(path, `tensor ${name} is of type ${dtype}, not a floating-point one`);
      }
    }
  }

  /** Canonical names. */
  get names(): readonly string[] {
    return [...this.#shapes.keys()];
  }

  /** Shape of a canonical tensor. Throws `bad_model` when there is none. */
  shape(name: string): readonly number[] {
    const shape = this.#shapes.get(name);
    if (!shape) throw faulty(this.path, `it has no tensor ${name}`);
    return shape;
  }

  /** A whole tensor, row-major. Throws `bad_model` when it does not exist or is not finite. */
  async read(name: string): Promise<Float32Array<ArrayBuffer>> {
    const shape = this.shape(name);
    const { tensors, transpose } = this.#sources.get(name)!;
    const weights = this.#opened();
    const parts: Float32Array<ArrayBuffer>[] = [];
    for (const tensor of tensors) parts.push(toFloat32(weights.tensors.get(tensor)!.dtype, await weights.read(tensor)));
    const joined = parts.length === 1 ? parts[0] : concatenated(parts);
    this.#checkFinite(name, joined);
    return transpose ? transposed(joined, shape[1], shape[0]) : joined;
  }

  /** Some rows (first axis) of a tensor, one after the other in the order asked for; rows may repeat. Throws as `read`. */
  async readRows(name: string, rows: ArrayLike<number>): Promise<Float32Array<ArrayBuffer>> {
    const [count, ...rest] = this.shape(name);
    const width = rest.reduce((a, b) => a * b, 1);
    const wanted = [...new Set(Array.from(rows))].sort((a, b) => a - b);
    const outside = wanted.find((row) => !(Number.isInteger(row) && row >= 0 && row < count));
    if (outside !== undefined) {
      throw faulty(this.path, `${name} has ${count} rows and no row ${outside}`, 'use the tokenizer of this model');
    }
    const { tensors, transpose } = this.#sources.get(name)!;
    const found = new Map<number, Float32Array>();
    if (tensors.length > 1 || transpose) {
      const all = await this.read(name);
      for (const row of wanted) found.set(row, all.subarray(row * width, (row + 1) * width));
    } else {
      const weights = this.#opened();
      const { dtype, bytes } = weights.tensors.get(tensors[0])!;
      const rowBytes = bytes / count;
      for (const [first, last] of runs(wanted)) {
        const data = await weights.readRange(tensors[0], first * rowBytes, (last - first + 1) * rowBytes);
        const values = toFloat32(dtype, data);
        this.#checkFinite(name, values);
        for (let row = first; row <= last; row++) {
          found.set(row, values.subarray((row - first) * width, (row - first + 1) * width));
        }
      }
    }
    const out = new Float32Array(rows.length * width);
    for (let i = 0; i < rows.length; i++) out.set(found.get(rows[i])!, i * width);
    return out;
  }

  /** Forgets the file; reading afterwards is an error. */
  close(): void {
    this.#weights = null;
  }

  #opened(): SafetensorsFile {
    if (!this.#weights) throw new Error(`${this.path} was closed`);
    return this.#weights;
  }

  #checkFinite(name: string, values: Float32Array): void {
    const at = firstNonFinite(values);
    if (at >= 0) throw faulty(this.path, `tensor ${name} holds ${values[at]}`);
  }
}

/** First and last of every run of consecutive numbers in an ascending list. */
function runs(sorted: readonly number[]): [number, number][] {
  const out: [number, number][] = [];
  for (const n of sorted) {
    const run = out.at(-1);
    if (run && run[1] === n - 1) run[1] = n;
    else out.push([n, n]);
  }
  return out;
}

/** What is wrong with a model, and what to do. */
export function faulty(path: string, what: string, advice = 'download the model again'): FusionclipError {
  return new FusionclipError('bad_model', `${path}: ${what}; ${advice}.`);
}
