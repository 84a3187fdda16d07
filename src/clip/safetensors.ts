import { refuseForeignFormat } from './model_format.ts';
import { badModel, headerLength, parseHeader, quote, type TensorInfo } from './safetensors_header.ts';

/** Random access to a file's bytes. `read` gives `length` bytes from `offset`, fewer only at the end of the file. */
export interface ByteSource {
  /** Length in bytes. */
  readonly size: number;
  /** The file's name, for messages. */
  readonly name: string;
  /** Some of the bytes. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A checked safetensors file whose tensors are read one at a time. */
export interface SafetensorsFile {
  readonly name: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: ReadonlyMap<string, string>;
  /** The raw bytes of one tensor. Throws `bad_model` when the file has no such tensor or has shrunk. */
  read(tensor: string): Promise<Uint8Array>;
  /** `length` bytes of one tensor from byte `start` of it. Throws like `read`, and when the range leaves the tensor. */
  readRange(tensor: string, start: number, length: number): Promise<Uint8Array>;
}

/** Opens a safetensors file by reading its header only. Throws `FusionclipError('bad_model')` if anything is wrong. */
export async function openSafetensors(source: ByteSource): Promise<SafetensorsFile> {
  const { name, size } = source;
  const head = await source.read(0, Math.min(size, 64));
  refuseForeignFormat(name, head);
  const length = headerLength(head, size, name);
  const json = await source.read(8, length);
  if (json.length !== length) throw badModel(name, 'it ends inside its header');
  const { tensors, metadata } = parseHeader(json, size, name);

  async function readRange(tensor: string, start: number, count: number): Promise<Uint8Array> {
    const info = tensors.get(tensor);
    if (!info) throw badModel(name, `it has no tensor ${quote(tensor)}`, 'choose another model file');
    if (!(start >= 0 && count >= 0 && start + count <= info.bytes)) {
      throw badModel(name, `bytes ${start} to ${start + count} are outside of tensor ${quote(tensor)}`);
    }
    const bytes = count === 0 ? new Uint8Array() : await source.read(info.offset + start, count);
    if (bytes.length !== count) throw badModel(name, `it ends inside tensor ${quote(tensor)}`);
    return bytes;
  }
  return {
    name,
    tensors,
    metadata,
    readRange,
    read: (tensor) => readRange(tensor, 0, tensors.get(tensor)?.bytes ?? 0),
  };
}

/**
 * All tensors of a safetensors file in memory, in the order of their data. The data are views of `bytes`, not copies,
 * and need not be aligned: `toFloat32` (half.ts) takes care of that. Throws `FusionclipError('bad_model')`.
 */
export function parseSafetensors(
  bytes: Uint8Array,
  name = 'model',
): Map<string, { dtype: string; shape: number[]; data: Uint8Array }> {
  refuseForeignFormat(name, bytes);
  const length = headerLength(bytes, bytes.length, name);
  const { tensors } = parseHeader(bytes.subarray(8, 8 + length), bytes.length, name);
  const out = new Map<string, { dtype: string; shape: number[]; data: Uint8Array }>();
  for (const [key, { dtype, shape, offset, bytes: count }] of tensors) {
    out.set(key, { dtype, shape: [...shape], data: bytes.subarray(offset, offset + count) });
  }
  return out;
}
