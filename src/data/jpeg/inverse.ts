/** Bits behind the point of the constants, and of what the columns leave for the rows. */
const POINT = 13;
const COLUMN_POINT = 2;

/** A constant with its bits behind the point. */
const fixed = (value: number) => Math.round(value * 2 ** POINT);

const F0298 = fixed(0.298631336);
const F0390 = fixed(0.390180644);
const F0541 = fixed(0.5411961);
const F0765 = fixed(0.765366865);
const F0899 = fixed(0.899976223);
const F1175 = fixed(1.175875602);
const F1501 = fixed(1.50132111);
const F1847 = fixed(1.847759065);
const F1961 = fixed(1.96157056);
const F2053 = fixed(2.053119869);
const F2562 = fixed(2.562915447);
const F3072 = fixed(3.072711026);

const work = new Int32Array(64);

/**
 * Transforms a block of coefficients and writes its samples: the inverse cosine transform of Loeffler, Ligtenberg and
 * Moschytz in whole numbers, rounded as libjpeg's "slow" method does, which Pillow, OpenCV and browsers use too.
 * @param block coefficients from index `at` on, row by row
 * @param table what they are multiplied by
 * @param out samples from index `to` on, `stride` to a row
 */
export function inverse(
  block: Int16Array,
  at: number,
  table: Int32Array,
  out: Uint8ClampedArray,
  to: number,
  stride: number,
): void {
  for (let i = 0; i < 64; i++) work[i] = Math.imul(block[at + i], table[i]);
  for (let x = 0; x < 8; x++) line(x, 8, POINT - COLUMN_POINT);
  for (let y = 0, row = to; y < 8; y++, row += stride) {
    line(8 * y, 1, POINT + COLUMN_POINT + 3);
    for (let x = 0; x < 8; x++) out[row + x] = work[8 * y + x] + 128;
  }
}

/** As {@link inverse}, of a block of which only the first coefficient is not 0. */
export function inverseFlat(
  first: number,
  table: Int32Array,
  out: Uint8ClampedArray,
  to: number,
  stride: number,
): void {
  const value = ((Math.imul(first, table[0]) + 4) >> 3) + 128;
  for (let y = 0, row = to; y < 8; y++, row += stride) {
    for (let x = 0; x < 8; x++) out[row + x] = value;
  }
}

/** Transforms eight numbers of `work` in place, and takes bits behind the point away. */
function line(at: number, step: number, shift: number): void {
  const p1 = at + step;
  const p2 = p1 + step;
  const p3 = p2 + step;
  const p4 = p3 + step;
  const p5 = p4 + step;
  const p6 = p5 + step;
  const p7 = p6 + step;
  const half = 1 << (shift - 1);
  const c0 = work[at];
  const c1 = work[p1];
  const c2 = work[p2];
  const c3 = work[p3];
  const c4 = work[p4];
  const c5 = work[p5];
  const c6 = work[p6];
  const c7 = work[p7];
  if ((c1 | c2 | c3 | c4 | c5 | c6 | c7) === 0) {
    const value = ((c0 << POINT) + half) >> shift;
    for (let i = 0; i < 8; i++) work[at + i * step] = value;
    return;
  }
  const turn = Math.imul(c2 + c6, F0541);
  const even2 = turn - Math.imul(c6, F1847);
  const even3 = turn + Math.imul(c2, F0765);
  const even0 = (c0 + c4) << POINT;
  const even1 = (c0 - c4) << POINT;
  const e0 = even0 + even3 + half;
  const e3 = even0 - even3 + half;
  const e1 = even1 + even2 + half;
  const e2 = even1 - even2 + half;

  const all = Math.imul(c7 + c3 + c5 + c1, F1175);
  const z1 = -Math.imul(c7 + c1, F0899);
  const z2 = -Math.imul(c5 + c3, F2562);
  const z3 = all - Math.imul(c7 + c3, F1961);
  const z4 = all - Math.imul(c5 + c1, F0390);
  const o0 = Math.imul(c7, F0298) + z1 + z3;
  const o1 = Math.imul(c5, F2053) + z2 + z4;
  const o2 = Math.imul(c3, F3072) + z2 + z3;
  const o3 = Math.imul(c1, F1501) + z1 + z4;

  work[at] = (e0 + o3) >> shift;
  work[p7] = (e0 - o3) >> shift;
  work[p1] = (e1 + o2) >> shift;
  work[p6] = (e1 - o2) >> shift;
  work[p2] = (e2 + o1) >> shift;
  work[p5] = (e2 - o1) >> shift;
  work[p3] = (e3 + o0) >> shift;
  work[p4] = (e3 - o0) >> shift;
}
