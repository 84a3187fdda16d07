import { Gzip, gzipSync } from 'fflate';
import type { FileSystem } from '../base/file_system.ts';
import type { Affine } from './affine.ts';

/** What a volume is written of. */
export interface NiftiContent {
  /** Columns, rows, slices. */
  readonly shape: readonly [number, number, number];
  readonly affine: Affine;
  /** The first axis the fastest; written in 8, 16 or 32 bits as it is. */
  readonly data: Uint8Array | Int16Array | Float32Array;
}

const HEADER_BYTES = 352;

/** A NIfTI-1 file with a sform, little endian, packed. Equal content gives equal bytes. */
export function encodeNifti({ shape, affine, data }: NiftiContent): Uint8Array<ArrayBuffer> {
  const size = data.BYTES_PER_ELEMENT;
  const out = new Uint8Array(HEADER_BYTES + data.length * size);
  out.set(headerOf(shape, affine, size));
  out.set(littleEndian(data), HEADER_BYTES);
  return new Uint8Array(gzipSync(out, { mtime: 0 }));
}

/**
 * Writes a volume as {@link encodeNifti} does, a slice at a time: neither the volume nor the file is held.
 * @param slice values [rows, columns] of slice `k`, all of one type
 * @throws FusionclipError `io`
 */
export async function writeNiftiSlices(
  fs: FileSystem,
  path: string,
  { shape, affine }: Omit<NiftiContent, 'data'>,
  slice: (k: number) => NiftiContent['data'],
): Promise<void> {
  const writer = await fs.createWriter(path);
  try {
    let parts: Uint8Array[] = [];
    const gzip = new Gzip({ mtime: 0 }, (part) => parts.push(part));
    const push = async (bytes: Uint8Array, last: boolean) => {
      gzip.push(bytes, last);
      for (const part of parts) await writer.write(part);
      parts = [];
    };
    for (let k = 0; k < shape[2]; k++) {
      const data = slice(k);
      if (k === 0) await push(headerOf(shape, affine, data.BYTES_PER_ELEMENT), false);
      await push(littleEndian(data), k === shape[2] - 1);
    }
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** @param size bytes of a voxel */
function headerOf(shape: NiftiContent['shape'], affine: Affine, size: number): Uint8Array {
  const out = new Uint8Array(HEADER_BYTES);
  const view = new DataView(out.buffer);
  view.setInt32(0, 348, true);
  for (const [i, n] of [3, ...shape, 1, 1, 1, 1].entries()) view.setInt16(40 + 2 * i, n, true);
  view.setInt16(70, size === 1 ? 2 : size === 2 ? 4 : 16, true);
  view.setInt16(72, 8 * size, true);
  view.setFloat32(76, 1, true);
  for (let c = 0; c < 3; c++) view.setFloat32(80 + 4 * c, Math.hypot(...affine.map((row) => row[c])), true);
  view.setFloat32(108, HEADER_BYTES, true);
  view.setFloat32(112, 1, true);
  view.setUint8(123, 2); // millimetres
  view.setInt16(254, 1, true);
  for (const [i, row] of affine.entries()) {
    for (const [c, value] of row.entries()) view.setFloat32(280 + 16 * i + 4 * c, value, true);
  }
  for (const [i, letter] of [...'n+1'].entries()) out[344 + i] = letter.charCodeAt(0);
  return out;
}

function littleEndian(data: NiftiContent['data']): Uint8Array {
  if (data instanceof Uint8Array) return data;
  const out = new Uint8Array(data.byteLength);
  const view = new DataView(out.buffer);
  for (let i = 0; i < data.length; i++) {
    if (data instanceof Int16Array) view.setInt16(2 * i, data[i], true);
    else view.setFloat32(4 * i, data[i], true);
  }
  return out;
}
