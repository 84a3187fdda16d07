import * as v from 'valibot';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const sums = { width: count, layers: count, patch: count };

/** Shape of a `MedClipConfig` in the files of runs. */
export const STORED_MEDCLIP_CONFIG = v.object({
  embed: count,
  vision: v.variant('kind', [
    v.object({
      kind: v.literal('swin'),
      ...sums,
      window: count,
      stages: v.array(v.object({ blocks: count, width: count, heads: count, mlp: count })),
    }),
    v.object({
      kind: v.literal('resnet'),
      ...sums,
      stem: v.object({ width: count, side: count }),
      stages: v.array(v.object({ blocks: count, width: count, inner: count })),
    }),
  ]),
  text: v.object({
    width: count,
    layers: count,
    heads: count,
    mlp: count,
    vocab: count,
    positions: count,
    context: count,
  }),
});
