import { sha256 } from '../base/sha256.ts';
import type { NamedTensors } from '../clip/index.ts';

/** What reading all weights of a model shows. */
export interface WeightSum {
  /** SHA-256 of every tensor as float32, its name and shape, and of `more`. */
  readonly sha256: string;
  /** What looks like damage, for people; null where nothing does. */
  readonly damage: string | null;
}

/** Tensors of one kind that a sentence names. */
const NAMED = 3;

/**
 * Reads all weights of a model. Equal weights have one sum, whatever file and format holds them.
 * @param shapes all tensors
 * @param more what no shape tells
 * @param onProgress called after each tensor
 * @throws what the signal was fired with
 */
export async function weightSum(
  weights: NamedTensors,
  shapes: ReadonlyMap<string, readonly number[]>,
  more: string,
  signal?: AbortSignal,
  onProgress?: (done: number, total: number) => void,
): Promise<WeightSum> {
  const lines = [more];
  const [zeros, equal]: [string[], string[]] = [[], []];
  let done = 0;
  for (const [name, shape] of shapes) {
    signal?.throwIfAborted();
    const values = await weights.read(name);
    lines.push(
      `${name}[${shape}] ${await sha256(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))}`,
    );
    // A bias may well be zero, and a norm's weight one; no matrix that was trained has one value alone.
    const isMatrix = shape.length > 1 && values.length > 1;
    if (values.every((value) => value === 0) && (isMatrix || name.endsWith('.weight'))) zeros.push(name);
    else if (isMatrix && values.every((value) => value === values[0])) equal.push(name);
    onProgress?.(++done, shapes.size);
  }
  const said = (names: readonly string[], what: string) => {
    const rest = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
    return names.length === 0 ? [] : [`${names.slice(0, NAMED).join(', ')}${rest} ${what}`];
  };
  const signs = [...said(zeros, 'hold nothing but zeros'), ...said(equal, 'hold one value alone')];
  return { sha256: await sha256(new TextEncoder().encode(lines.join('\n'))), damage: signs.join('; ') || null };
}
