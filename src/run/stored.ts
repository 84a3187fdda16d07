import * as v from 'valibot';
import { STORED_CONFIG } from '../clip/stored_config.ts';
import { STORED_MEDCLIP_CONFIG } from '../medclip/stored_config.ts';
import { SETTING_SOURCES } from './setting_sources.ts';

/** Shapes of what a run stores as JSON and reads again: files may come from anywhere. */

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const number = v.number();
/** JSON writes NaN, a measure of nothing, as null. */
const measure = v.pipe(
  v.nullable(number),
  v.transform((value) => value ?? Number.NaN),
);

const texts = v.array(v.string());

const pair = v.strictTuple([number, number]);

/** How values become grey levels; runs of before there was a choice took the whole range of a file's type. */
const STORED_GREY = v.object({
  how: v.picklist(['range', 'percentile']),
  ranges: v.object({
    uint8: v.optional(pair),
    uint16: v.optional(pair),
    int16: v.optional(pair),
    float32: v.optional(pair),
  }),
  given: v.boolean(),
  profile: v.nullable(v.array(number)),
  limit: number,
});

/** `config.json`, and `header` of a checkpoint. */
export const STORED_HEADER = v.object({
  kind: v.picklist(['pixel', 'image']),
  object: v.string(),
  model: v.object({
    hash: v.string(),
    name: v.string(),
    sha256: v.optional(v.string()),
    config: v.union([STORED_CONFIG, STORED_MEDCLIP_CONFIG]),
  }),
  data: v.object({ path: v.string(), name: v.string() }),
  settings: v.record(v.string(), v.string()),
  sources: v.optional(v.record(v.string(), v.picklist(SETTING_SOURCES))),
  grey: v.optional(STORED_GREY),
  window: v.optional(v.object({ asked: v.string(), from: v.string() })),
  acquired: v.optional(
    v.object({
      ...{ modalities: texts, bodyParts: texts, planes: texts },
      ...{ pixels: v.nullable(pair), bits: v.array(count) },
    }),
  ),
});

const choice = v.object({
  candidate: count,
  epoch: count,
  step: count,
  score: v.nullable(v.object({ image: measure, pixel: v.nullable(number), value: measure })),
});

/** `state` of a checkpoint. */
export const STORED_STATE = v.object({
  step: count,
  candidate: count,
  best: v.nullable(choice),
  lines: count,
  due: v.optional(v.boolean()),
  losses: v.array(measure),
});

const threshold = v.nullable(v.object({ value: number, f1: measure, from: v.picklist(['valid', 'support']) }));
const labelled = v.object({
  of: v.picklist(['valid', 'support', 'test']),
  normal: v.array(measure),
  abnormal: v.array(measure),
});

const KEYS = v.array(v.string());

/** How an image looked. */
const look = v.object({
  label: v.nullable(v.picklist([0, 1])),
  ...{ width: count, height: count, brightness: number },
  file: v.object({
    format: v.string(),
    coloured: v.boolean(),
    ...{ steps: v.nullable(number), grain: v.nullable(number), warmth: v.nullable(number) },
  }),
  values: v.object({ bits: count, filled: v.nullable(number) }),
  fit: v.nullable(v.object({ own: number, turned: v.array(number) })),
});

/** How the images of a run looked. */
export const STORED_LOOKS = v.object({ images: v.array(look), pattern: v.array(number) });

/** `inference` of an adapters file. */
export const STORED_INFERENCE = v.object({
  thresholds: v.object({ image: threshold, pixel: threshold }),
  ranges: v.nullable(v.object({ zeroMap: pair, fewMap: pair, zeroMean: pair, fewMean: pair })),
  selectedBy: v.string(),
  mapScale: v.optional(v.nullable(number)),
  scores: v.optional(v.nullable(labelled)),
  testScores: v.optional(v.nullable(labelled)),
  /** Hashes of the normal support images. */
  images: v.optional(v.array(v.string())),
  seen: v.optional(v.nullable(v.object({ abnormal: KEYS, chosen: KEYS, test: KEYS }))),
  looks: v.optional(v.nullable(STORED_LOOKS)),
});

const session = {
  adapter: v.optional(v.string()),
  runtime: v.optional(v.string()),
  version: v.optional(v.string()),
  started: v.optional(v.string()),
  fromStep: v.optional(number),
  seconds: v.optional(number),
};

/** `env.json`; whatever else it holds is kept. */
export const STORED_ENVIRONMENT = v.looseObject({
  ...session,
  earlier: v.optional(v.array(v.looseObject(session))),
});

/** `shots.json`; whatever else it holds is kept. */
export const STORED_SHOTS = v.looseObject({ seed: number, normal: v.array(v.string()), abnormal: v.array(v.string()) });

/** What a resumed run takes of `data.json`: where the object's name in the prompts came from at first. */
export const STORED_SOURCE = v.looseObject({
  from: v.optional(v.picklist(['given', 'known', 'folder', 'none', 'run'])),
});
