import type { FileWriter } from '../base/file_system.ts';
import { DTYPE_BYTES } from './safetensors_header.ts';

/** Type and shape of a tensor that is to be written. */
export interface TensorShape {
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** Bytes of a tensor. Throws for an unknown type. */
export function tensorBytes({ dtype, shape }: TensorShape): number {
  const width = DTYPE_BYTES.get(dtype);
  if (width === undefined) throw new Error(`safetensors has no type ${dtype}`);
  return shape.reduce((bytes, extent) => bytes * extent, width);
}

/**
 * The length and the JSON header of a file that holds the tensors in this order. It depends on nothing else, and is
 * padded with spaces so that the data start at a multiple of 8.
 */
export function safetensorsHeader(
  tensors: Iterable<readonly [string, TensorShape]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const fields: string[] = [];
  const keys = Object.keys(metadata).sort();
  if (keys.length > 0) {
    fields.push(`"__metadata__":{${keys.map((k) => `${JSON.stringify(k)}:${JSON.stringify(metadata[k])}`).join()}}`);
  }
  const names = new Set(['__metadata__']);
  let offset = 0;
  for (const [name, tensor] of tensors) {
    if (names.has(name)) throw new Error(`the tensor name ${name} is taken`);
    names.add(name);
    const { dtype, shape } = tensor;
    const end = offset + tensorBytes(tensor);
    fields.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [offset, end] })}`);
    offset = end;
  }
  const json = new TextEncoder().encode(`{${fields.join()}}`);
  const length = Math.ceil(json.length / 8) * 8;
  const out = new Uint8Array(8 + length).fill(0x20);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.set(json, 8);
  return out;
}

/**
 * A whole safetensors file. Wide types come first, so that every tensor is aligned in a mapped file; within a type the
 * order is kept. Equal input gives equal bytes.
 */
export function writeSafetensors(
  tensors: Iterable<readonly [string, TensorShape & { readonly data: Uint8Array }]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const width = ({ dtype }: TensorShape) => DTYPE_BYTES.get(dtype) ?? 0;
  const sorted = [...tensors].sort(([, a], [, b]) => width(b) - width(a));
  const header = safetensorsHeader(sorted, metadata);
  const total = sorted.reduce((bytes, [, tensor]) => bytes + tensorBytes(tensor), header.length);
  const out = new Uint8Array(total);
  out.set(header);
  let at = header.length;
  for (const [name, tensor] of sorted) {
    const bytes = tensorBytes(tensor);
    if (tensor.data.length !== bytes) throw new Error(`${name} has ${tensor.data.length} bytes, not ${bytes}`);
    out.set(tensor.data, at);
    at += bytes;
  }
  return out;
}

/** Writes a file whose tensors never are in memory together. */
export class SafetensorsWriter {
  private readonly file: FileWriter;
  private left: number;

  private constructor(file: FileWriter, bytes: number) {
    this.file = file;
    this.left = bytes;
  }

  /** Writes the header; the data must follow in the order of `tensors`, which should have equally wide types. */
  static async begin(
    file: FileWriter,
    tensors: readonly (readonly [string, TensorShape])[],
    metadata: Readonly<Record<string, string>> = {},
  ): Promise<SafetensorsWriter> {
    await file.write(safetensorsHeader(tensors, metadata));
    return new SafetensorsWriter(
      file,
      tensors.reduce((bytes, [, tensor]) => bytes + tensorBytes(tensor), 0),
    );
  }

  /** The next bytes of the data; a tensor may come in pieces. */
  async write(data: Uint8Array): Promise<void> {
    this.left -= data.length;
    if (this.left < 0) throw new Error('more tensor data than the header announced');
    await this.file.write(data);
  }

  /** Checks that all data were written and gives the file its real name. */
  async finish(): Promise<void> {
    if (this.left !== 0) throw new Error(`${this.left} bytes of tensor data are missing`);
    await this.file.close();
  }
}
