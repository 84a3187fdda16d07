import type { Gpu } from '../../src/gpu/gpu.ts';
import { uploadIndex } from '../../src/kernels/gather_rows.ts';
import { meanGroups, meanGroupsBackward, meanRows, meanRowsBackward } from '../../src/kernels/mean_groups.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** The 420-sentence ensemble of two classes, and the patches of two images. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const sentences = filled(gpu, 420, 768);
  const starts = uploadIndex(gpu, [0, 245, 420]);
  const classes = filled(gpu, 2, 768);
  const patches = filled(gpu, 2, 289, 768);
  const { size } = sentences;
  yield single('groups of sentences', size, 4 * size, () => meanGroups(sentences, starts));
  yield single('its backward', size, 4 * size, () => meanGroupsBackward(classes, starts, 420));
  yield single('mean of patches', patches.size, 4 * patches.size, () => meanRows(patches));
  yield single('its backward', patches.size, 4 * patches.size, () => meanRowsBackward(classes, 289));
}

bench('mean_groups', cases);
