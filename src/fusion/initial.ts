import { cos, log } from '../base/elementary.ts';
import { ruleStream } from '../base/rule.ts';

/**
 * Normal random numbers with standard deviation `deviation`, a pure function of name, seed and index: Box–Muller over
 * pairs of the counter-based stream.
 */
export function gaussianTensor(
  name: string,
  shape: readonly number[],
  seed: number,
  deviation: number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(shape.reduce((a, b) => a * b, 1));
  const stream = ruleStream(name, seed);
  for (let i = 0; i < out.length; i++) {
    const u = (stream(2 * i) + 0.5) / 2 ** 32;
    const v = (stream(2 * i + 1) + 0.5) / 2 ** 32;
    out[i] = deviation * Math.sqrt(-2 * log(u)) * cos(2 * Math.PI * v);
  }
  return out;
}
