import { gzipSync } from 'fflate';
import type { Affine } from './affine.ts';

/** What a volume is written of. */
export interface NiftiContent {
  /** Columns, rows, slices. */
  readonly shape: readonly [number, number, number];
  readonly affine: Affine;
  /** The first axis the fastest; written in 8, 16 or 32 bits as it is. */
  readonly data: Uint8Array | Int16Array | Float32Array;
}

/** A NIfTI-1 file with a sform, little endian, packed. Equal content gives equal bytes. */
export function encodeNifti({ shape, affine, data }: NiftiContent): Uint8Array<ArrayBuffer> {
  const size = data.BYTES_PER_ELEMENT;
  const out = new Uint8Array(352 + data.length * size);
  const view = new DataView(out.buffer);
  view.setInt32(0, 348, true);
  for (const [i, n] of [3, ...shape, 1, 1, 1, 1].entries()) view.setInt16(40 + 2 * i, n, true);
  view.setInt16(70, size === 1 ? 2 : size === 2 ? 4 : 16, true);
  view.setInt16(72, 8 * size, true);
  view.setFloat32(76, 1, true);
  for (let c = 0; c < 3; c++) view.setFloat32(80 + 4 * c, Math.hypot(...affine.map((row) => row[c])), true);
  view.setFloat32(108, 352, true);
  view.setFloat32(112, 1, true);
  view.setUint8(123, 2); // millimetres
  view.setInt16(254, 1, true);
  for (const [i, row] of affine.entries()) {
    for (const [c, value] of row.entries()) view.setFloat32(280 + 16 * i + 4 * c, value, true);
  }
  for (const [i, letter] of [...'n+1'].entries()) out[344 + i] = letter.charCodeAt(0);
  for (let i = 0; i < data.length; i++) {
    if (size === 1) out[352 + i] = data[i];
    else if (size === 2) view.setInt16(352 + 2 * i, data[i], true);
    else view.setFloat32(352 + 4 * i, data[i], true);
  }
  return new Uint8Array(gzipSync(out, { mtime: 0 }));
}
