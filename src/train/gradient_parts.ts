/** Gradients of a part of a batch. */
export interface PartGradients {
  /** Names of the parts of the loss, and their values. */
  readonly names: readonly string[];
  readonly losses: Float32Array<ArrayBuffer>;
  /** Names of the parameters that have a gradient. */
  readonly parameters: readonly string[];
  /** Their gradients, one after the other. */
  readonly gradients: Float32Array<ArrayBuffer>;
}

/** Cuts the items of a batch into parts that follow each other, of almost one size; none is empty. */
export function cutBatch(items: readonly number[], parts: number): number[][] {
  const count = Math.min(parts, items.length);
  const at = (i: number) => Math.ceil((i * items.length) / count);
  return Array.from({ length: count }, (_, i) => items.slice(at(i), at(i + 1)));
}

/**
 * The mean over a batch of what its parts came to, each with the weight of its items, added in the order of the parts: the same bits
 * whoever computed them, and in whatever order they ended.
 */
export function meanOfParts(parts: readonly PartGradients[], counts: readonly number[]): PartGradients {
  const [{ names, parameters, losses, gradients }] = parts;
  const all = counts.reduce((sum, count) => sum + count, 0);
  const mean = { losses: new Float32Array(losses.length), gradients: new Float32Array(gradients.length) };
  for (const [i, part] of parts.entries()) {
    if (part.parameters.join() !== parameters.join()) throw new Error('the parts of a batch reach other parameters');
    const weight = counts[i] / all;
    for (const name of ['losses', 'gradients'] as const) {
      const [to, from] = [mean[name], part[name]];
      for (let k = 0; k < to.length; k++) to[k] += weight * from[k];
    }
  }
  return { names, parameters, ...mean };
}

/** Arrays one after the other. */
export function joined(arrays: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const out = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    out.set(array, at);
    at += array.length;
  }
  return out;
}

/** Who trains: what a team asks of it. */
export interface StepOwner {
  /** Steps done. */
  readonly step: number;
  /** The gradients of some items with the weights as they are. */
  gradients(items: readonly number[]): Promise<PartGradients>;
  /** All weights, one after the other. */
  readWeights(): Promise<Float32Array<ArrayBuffer>>;
}
