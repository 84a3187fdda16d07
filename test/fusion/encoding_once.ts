import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';

/** A text tower of either family. */
interface SentenceEncoder {
  encodeSentences(sentences: readonly (readonly number[])[], more: number): Promise<GpuArray>;
}

/** The tower, which remembers what it has encoded: methods ask for the same hundreds of sentences. */
export function encodingOnce<T extends SentenceEncoder>(gpu: Gpu, text: T): T {
  const known = new Map<string, Float32Array<ArrayBuffer>>();
  const encode = text.encodeSentences.bind(text);
  text.encodeSentences = async (sentences, more) => {
    const key = JSON.stringify(sentences);
    using job = gpu.job();
    const values = known.get(key) ?? (await (await job.do(() => encode(sentences, more))).read());
    known.set(key, values);
    const out = job.do(() => GpuArray.from(gpu, values, [sentences.length, values.length / sentences.length]));
    job.pass(out.buffer);
    return out;
  };
  return text;
}
