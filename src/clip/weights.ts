import type { ClipConfig } from './config.ts';

/** The weights of a CLIP model under their canonical names, from wherever they come. */
export interface ClipWeights {
  readonly config: ClipConfig;
  /** A whole tensor, row-major. Throws `FusionclipError('bad_model')` when it does not exist or is not finite. */
  read(name: string): Promise<Float32Array<ArrayBuffer>>;
  /** Some rows (first axis) of a tensor, one after the other in the order asked for; rows may repeat. */
  readRows(name: string, rows: ArrayLike<number>): Promise<Float32Array<ArrayBuffer>>;
}

/** The parts one after the other. */
export function concatenated(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const out = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** `[rows, columns]` to `[columns, rows]`. */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c];
  }
  return out;
}
