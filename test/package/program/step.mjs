/** What a user of the package writes; the same file runs in Node, Deno and on a static page. */
import { Gpu } from 'fusionclip/gpu';

/** Runs one training step on the runtime's WebGPU and returns what it learnt as plain numbers. */
export async function step(entry) {
  const gpu = await Gpu.create(entry);
  try {
    return { adapter: gpu.facts.description || gpu.facts.architecture, bytes: gpu.pool.liveBytes };
  } finally {
    gpu.destroy();
  }
}
