/**
 * Elementary functions that give the same bits in every runtime, within some units of the last place: those of `Math` are left to the
 * engine, and Node's, Deno's and Chrome's differ. Only what IEEE 754 rounds (+ − × ÷ √) is used.
 */

const FLOAT = new Float64Array(1);
/** The same eight bytes; the second word has sign and exponent (all engines with WebGPU are little-endian). */
const WORDS = new Uint32Array(FLOAT.buffer);
/** ln 2 in two parts, of which the first times any exponent is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
/** π/2 in two parts, of which the first times any number below 2²⁰ is exact. */
const QUARTER_HIGH = 1.5707963267341256;
const QUARTER_LOW = 6.077100506506192e-11;

/** 1/n! for each n. */
const INVERSE_FACTORIALS = Float64Array.from({ length: 20 }, (_, n) => {
  let product = 1;
  for (let i = 2; i <= n; i++) product *= i;
  return 1 / product;
});

/** 2 to a whole number between −1022 and 1023. */
function powerOfTwo(k: number): number {
  WORDS[0] = 0;
  WORDS[1] = (k + 1023) << 20;
  return FLOAT[0];
}

/** e^x. */
export function exp(x: number): number {
  if (x > 709.79) return Number.POSITIVE_INFINITY;
  if (x < -745.2) return 0;
  if (Number.isNaN(x)) return x;
  const k = Math.round(x / Math.LN2);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 0;
  for (let n = 14; n >= 0; n--) sum = sum * r + INVERSE_FACTORIALS[n];
  // In two steps, as the largest and the smallest results have exponents that no power of two has.
  const half = k >> 1;
  return sum * powerOfTwo(half) * powerOfTwo(k - half);
}

/** Natural logarithm. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  const isSmall = x < 2.2250738585072014e-308;
  FLOAT[0] = isSmall ? x * 18014398509481984 : x; // 2^54
  let exponent = (WORDS[1] >>> 20) - 1023 - (isSmall ? 54 : 0);
  WORDS[1] = (WORDS[1] & 0xfffff) | 0x3ff00000;
  let mantissa = FLOAT[0];
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent++;
  }
  // log m = 2 artanh s
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let sum = 0;
  for (let n = 21; n >= 3; n -= 2) sum = sum * square + 1 / n;
  return exponent * LN2_HIGH + (exponent * LN2_LOW + 2 * s * (square * sum) + 2 * s);
}

/** log(1 + x), also where 1 + x rounds x away. */
export function log1p(x: number): number {
  const one = 1 + x;
  return one === 1 || one === Number.POSITIVE_INFINITY ? x : log(one) * (x / (one - 1));
}

/** Sine of an angle below 10⁵. */
export function sin(x: number): number {
  return quarters(x, 0);
}

/** Cosine of an angle below 10⁵. */
export function cos(x: number): number {
  return quarters(x, 1);
}

/** sin(x + turns π/2) */
function quarters(x: number, turns: number): number {
  const count = Math.round((2 * x) / Math.PI);
  const r = x - count * QUARTER_HIGH - count * QUARTER_LOW;
  const quarter = (count + turns) & 3;
  const odd = quarter & 1;
  let sum = 0;
  // Terms of the sine, or of the cosine, with signs in turn.
  for (let n = 18 + (1 - odd); n >= 0; n -= 2) sum = INVERSE_FACTORIALS[n] - sum * r * r;
  const value = odd ? sum : sum * r;
  return quarter >= 2 ? -value : value;
}

/** Arc tangent. */
export function atan(x: number): number {
  if (Math.abs(x) > 1) return Math.sign(x) * (Math.PI / 2) - atan(1 / x);
  // Twice half the angle, twice.
  let y = x;
  for (let i = 0; i < 2; i++) y = y / (1 + Math.sqrt(1 + y * y));
  let sum = 0;
  for (let n = 25; n >= 1; n -= 2) sum = 1 / n - sum * y * y;
  return 4 * y * sum;
}
