import { type Affine, baseAffine, isFlat, quaternionAffine } from './affine.ts';

/** What one number of a volume is written as. */
export type NumberKind = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'u64' | 'i64' | 'f32' | 'f64';

/** Bytes of a number. */
export const KIND_BYTES: Readonly<Record<NumberKind, number>> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  u64: 8,
  i64: 8,
  f32: 4,
  f64: 8,
};

/** NIfTI's numbers of them. */
const KINDS: Readonly<Record<number, NumberKind>> = {
  2: 'u8',
  4: 'i16',
  8: 'i32',
  16: 'f32',
  64: 'f64',
  256: 'i8',
  512: 'u16',
  768: 'u32',
  1024: 'i64',
  1280: 'u64',
};

/** Types that are no numbers to score, or none that there are here. */
const OTHER_KINDS: Readonly<Record<number, string>> = {
  1: 'single bits',
  32: 'complex numbers',
  128: 'colours',
  1536: 'numbers of 128 bits',
  1792: 'complex numbers',
  2048: 'complex numbers',
  2304: 'colours',
};

/** A file that is whole, but of a kind that is not read; the message says which. */
export class UnreadNifti extends Error {}

/** What the header of a NIfTI file says. */
export interface NiftiHeader {
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
  /** Voxels along each axis, the first the fastest; at least three, and a fourth for volumes over time or directions. */
  readonly shape: readonly number[];
  readonly kind: NumberKind;
  /** Where the numbers begin, in the file that holds them. */
  readonly offset: number;
  /** A value is `slope` times the number, plus `intercept`. */
  readonly slope: number;
  readonly intercept: number;
  /** From voxel (column, row, slice) to millimetres to the right, front and head. */
  readonly affine: Affine;
  /** Where the affine comes from: `none` is a file that says nothing of it. */
  readonly from: 'sform' | 'qform' | 'none';
  /** Whether the numbers lie in the same file, and not in an .img beside it. */
  readonly single: boolean;
}

/** Bytes that hold any header. */
export const HEADER_BYTES = 544;

/** Which of its versions a file begins as, or null; gzip is to be undone before. */
export function niftiVersion(bytes: Uint8Array): 1 | 2 | null {
  const text = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 3));
  if (bytes.length >= 348 && ['n+1', 'ni1'].includes(text(344))) return 1;
  return bytes.length >= 540 && ['n+2', 'ni2'].includes(text(4)) ? 2 : null;
}

/** Millimetres of the units of length: of metres and of thousandths of a millimetre. */
const UNITS: Readonly<Record<number, number>> = { 1: 1000, 3: 0.001 };

/** Millimetres that no voxel of a patient has: then the unit is wrong. */
const MOST_MILLIMETRES = 200;

/** An affine in the unit that a header says (the lowest three bits), which most files leave out. */
function inMillimetres(affine: Affine, units: number): Affine {
  const factor = UNITS[units & 7];
  if (factor === undefined) return affine;
  const scaled = affine.map((row) => row.map((value) => value * factor));
  const widest = Math.max(...[0, 1, 2].map((axis) => Math.hypot(...scaled.map((row) => row[axis]))));
  if (widest > MOST_MILLIMETRES)
    throw new Error(`by the unit that it says its voxels are ${widest.toPrecision(3)} mm wide`);
  return scaled;
}

/**
 * Reads the header at the beginning of a file. Throws an `Error` that says what is wrong, `UnreadNifti` for types that are not
 * read. Slope 0, or one that is no number, means that values are as they are; without sform and qform, voxels lie around the
 * middle of the volume, the first column to the right, as nibabel has it.
 */
export function parseHeader(bytes: Uint8Array): NiftiHeader {
  const version = niftiVersion(bytes);
  if (!version) throw new Error('it is no NIfTI file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = version === 1 ? 348 : 540;
  const little = view.getInt32(0, true) === size;
  if (!little && view.getInt32(0, false) !== size) throw new Error('the length of its header is wrong');
  const first = version === 1;
  const float = (at: number) => (first ? view.getFloat32(at, little) : view.getFloat64(at, little));
  const floats = (at: number, count: number) =>
    Array.from({ length: count }, (_, i) => float(at + i * (first ? 4 : 8)));
  const long = (at: number) => Number(view.getBigInt64(at, little));

  const count = first ? view.getInt16(40, little) : long(16);
  if (!(count >= 1 && count <= 7)) throw new Error(`it has ${count} dimensions`);
  const shape = Array.from({ length: count }, (_, i) => (first ? view.getInt16(42 + 2 * i, little) : long(24 + 8 * i)));
  while (shape.length < 3) shape.push(1);
  if (shape.some((one) => !(one >= 1 && one <= 2 ** 31))) throw new Error('a dimension is not positive');
  const code = view.getInt16(first ? 70 : 12, little);
  const kind = KINDS[code];
  if (!kind)
    throw new UnreadNifti(OTHER_KINDS[code] ? `it holds ${OTHER_KINDS[code]}` : 'its type of numbers is unknown');

  // Their signs mean nothing (nibabel takes them off too), but for the first, which is a side.
  const spacing = floats(first ? 76 : 104, 4).map((one, i) => (i === 0 ? one : Math.abs(one)));
  const offset = first ? view.getFloat32(108, little) : long(168);
  const single = String.fromCharCode(view.getUint8(first ? 345 : 5)) === '+';
  if (!(offset >= 0 && Number.isInteger(offset))) throw new Error('where its numbers begin is no place');
  const slope = float(first ? 112 : 176);
  const intercept = float(first ? 116 : 184);
  const scaled = Number.isFinite(slope) && slope !== 0;
  if (scaled && !Number.isFinite(intercept)) throw new Error('its intercept is no number');

  const [qform, sform] = first
    ? [view.getInt16(252, little), view.getInt16(254, little)]
    : [view.getInt32(344, little), view.getInt32(348, little)];
  let affine: Affine;
  if (sform > 0) {
    const row = (i: number) => floats((first ? 280 : 400) + i * (first ? 16 : 32), 4);
    affine = [row(0), row(1), row(2)];
  } else if (qform > 0) {
    affine = quaternionAffine(floats(first ? 256 : 352, 3), floats(first ? 268 : 376, 3), spacing);
  } else affine = baseAffine(shape, spacing);
  if (affine.some((row) => !row.every(Number.isFinite))) throw new Error('its affine holds what is no number');
  affine = inMillimetres(affine, first ? view.getUint8(123) : view.getInt32(500, little));
  if (isFlat(affine, shape)) throw new Error('by its affine its voxels have no volume');
  return {
    version,
    littleEndian: little,
    shape,
    kind,
    offset: single && offset < size + 4 ? size + 4 : offset,
    slope: scaled ? slope : 1,
    intercept: scaled ? intercept : 0,
    affine,
    from: sform > 0 ? 'sform' : qform > 0 ? 'qform' : 'none',
    single,
  };
}
