import type { Gpu } from '../../src/gpu/gpu.ts';
import { assembleTokens, assembleTokensBackward, splitTokens } from '../../src/kernels/assemble_tokens.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** Two images of 240 px through ViT-L/14. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const [batch, count, width] = [2, 289, 1024];
  const patches = filled(gpu, batch, count, width);
  const cls = filled(gpu, width);
  const positions = filled(gpu, count + 1, width);
  const bytes = 8 * patches.size;
  const need = { patches: true, cls: true, positions: true };
  const x = assembleTokens(patches, cls, positions);
  yield single('forward', x.size, bytes, () => assembleTokens(patches, cls, positions));
  yield single('backward', x.size, bytes, () => assembleTokensBackward(x, need));
  yield single('split', 0, bytes, () => splitTokens(x));
}

bench('assemble_tokens', cases);
