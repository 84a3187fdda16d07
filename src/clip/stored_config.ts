import * as v from 'valibot';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const channels = v.strictTuple([v.number(), v.number(), v.number()]);
const tower = { width: count, layers: count, heads: count, mlp: count };

/** Shape of a `ClipConfig` in the files of runs and pre-trainings. */
export const STORED_CONFIG = v.object({
  embed: count,
  vision: v.object({ ...tower, patch: count, nativeSize: count }),
  text: v.object({ ...tower, context: count, vocab: count }),
  act: v.picklist(['quickgelu', 'gelu']),
  eot: v.union([v.literal('argmax'), count]),
  pixels: v.optional(v.object({ mean: channels, std: channels })),
});
