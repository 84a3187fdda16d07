import { FusionclipError } from '../base/errors.ts';
import { CLIP_PIXELS, type PixelStatistics } from './preprocess.ts';

/** `quickgelu` is x·sigmoid(1.702x), `gelu` the exact one with erf. */
export type Activation = 'quickgelu' | 'gelu';

/** Sizes of one tower: `heads` divides `width`, `mlp` is the hidden width of its feed-forward layers. */
export interface TowerConfig {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly mlp: number;
}

/** All that is needed to lay out and run a CLIP model with a vision transformer. */
export interface ClipConfig {
  /** Width of the space that pictures and sentences share. */
  readonly embed: number;
  /** `patch` and `nativeSize` in pixels; the position table has `(nativeSize / patch)² + 1` rows. */
  readonly vision: TowerConfig & { readonly patch: number; readonly nativeSize: number };
  /** `context` and `vocab` in tokens. */
  readonly text: TowerConfig & { readonly context: number; readonly vocab: number };
  readonly act: Activation;
  /**
   * Which position of a sentence is its embedding: that of the largest id (`argmax`: OpenAI, open_clip and old Hugging
   * Face files), or the first with this id.
   */
  readonly eot: 'argmax' | number;
  /** What its images are normalised with, where that is not CLIP's own: see {@link pixelStatistics}. */
  readonly pixels?: PixelStatistics;
}

/** What a model's images are normalised with. */
export function pixelStatistics({ pixels }: Pick<ClipConfig, 'pixels'>): PixelStatistics {
  return pixels ?? CLIP_PIXELS;
}

/** What a configuration file or a user says about a model beyond its shapes. */
export interface ConfigHints {
  readonly act?: Activation;
  readonly visionHeads?: number;
  readonly textHeads?: number;
  readonly nativeSize?: number;
  readonly eot?: 'argmax' | number;
  /** Per channel, of pictures in [0, 1]. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

function vit(
  embed: number,
  [width, layers, patch, nativeSize]: readonly [number, number, number, number],
  [textWidth, textLayers]: readonly [number, number],
  act: Activation = 'quickgelu',
): ClipConfig {
  return {
    embed,
    vision: { width, layers, heads: width / 64, mlp: 4 * width, patch, nativeSize },
    text: {
      width: textWidth,
      layers: textLayers,
      heads: textWidth / 64,
      mlp: 4 * textWidth,
      context: 77,
      vocab: 49408,
    },
    act,
    eot: 'argmax',
  };
}

/** Models by name. `T` is the small model of the golden results; `ViT-B-16-plus-240` is WinCLIP's (LAION, exact GELU). */
export const PRESETS: ReadonlyMap<string, ClipConfig> = new Map([
  ['T', vit(96, [128, 4, 14, 112], [128, 3])],
  ['ViT-B-32', vit(512, [768, 12, 32, 224], [512, 12])],
  ['ViT-B-16', vit(512, [768, 12, 16, 224], [512, 12])],
  ['ViT-B-16-plus-240', vit(640, [896, 12, 16, 240], [640, 12], 'gelu')],
  ['ViT-L-14', vit(768, [1024, 24, 14, 224], [768, 12])],
  ['ViT-L-14-336', vit(768, [1024, 24, 14, 336], [768, 12])],
]);

/** A preset; `ViT-L/14@336px`, `ViT-L/14-336` and other case are understood. Throws `FusionclipError('usage')`. */
export function presetConfig(name: string): ClipConfig {
  const plain = (text: string) => text.toLowerCase().replace(/[/@_]/g, '-').replace(/px$/, '');
  for (const [key, config] of PRESETS) {
    if (plain(key) === plain(name)) return config;
  }
  throw new FusionclipError('usage', `"${name}" is no known model: use one of ${[...PRESETS.keys()].join(', ')}.`);
}

/** The preset that has these sizes and, if it is known, this activation; null when none has. */
export function presetOf(config: ClipConfig, actKnown: boolean): string | null {
  const key = ({ embed, vision, text }: ClipConfig) => JSON.stringify([embed, sorted(vision), sorted(text)]);
  for (const [name, preset] of PRESETS) {
    if (key(preset) === key(config) && (!actKnown || preset.act === config.act)) return name;
  }
  return null;
}

function sorted(sizes: object): [string, number][] {
  return Object.entries(sizes).sort();
}

/**
 * The configuration that a set of canonical tensor names and shapes implies. Heads are 64 wide and the activation is
 * QuickGELU (OpenAI's) unless a hint says otherwise: shapes alone tell neither.
 *
 * @param shapes canonical names (names.ts)
 * @throws FusionclipError `bad_model` when a tensor that tells a size is missing or of the wrong rank
 */
export function configFromShapes(
  shapes: ReadonlyMap<string, readonly number[]>,
  file: string,
  hints: ConfigHints = {},
): ClipConfig {
  const shape = (name: string, rank: number): readonly number[] => {
    const found = shapes.get(name);
    if (!found) throw misfit(file, `has no tensor ${name}`);
    if (found.length !== rank || found.some((extent) => extent < 1)) {
      throw misfit(file, `has ${name} of shape [${found.join(', ')}] where ${rank} axes are expected`);
    }
    return found;
  };
  const tower = (prefix: string, width: number, heads: number | undefined): TowerConfig => {
    const [mlp] = shape(`${prefix}.0.mlp.c_fc.weight`, 2);
    let layers = 1;
    while (shapes.has(`${prefix}.${layers}.mlp.c_fc.weight`)) layers++;
    const count = heads ?? width / 64;
    if (!Number.isSafeInteger(count) || count < 1 || width % count !== 0) {
      throw misfit(file, `has a width of ${width}, which ${heads ?? 'width/64'} attention heads do not divide`);
    }
    const each = width / count;
    if (each % 4 !== 0 || each > 128) {
      throw misfit(file, `has attention heads ${each} wide, and those of a multiple of 4 up to 128 are computed here`);
    }
    return { width, layers, heads: count, mlp };
  };

  const [width, channels, patch, patchY] = shape('visual.conv1.weight', 4);
  if (channels !== 3 || patch !== patchY) throw misfit(file, 'does not take RGB pictures in square patches');
  const grid = Math.sqrt(shape('visual.positional_embedding', 2)[0] - 1);
  if (!Number.isSafeInteger(grid) || grid < 1) throw misfit(file, 'has a position table that is no square grid');
  const nativeSize = hints.nativeSize ?? grid * patch;
  if (Math.floor(nativeSize / patch) !== grid) {
    throw misfit(file, `has a ${grid}x${grid} position table, its configuration says ${nativeSize} px`);
  }
  const [vocab, textWidth] = shape('token_embedding.weight', 2);
  return {
    embed: shape('visual.proj', 2)[1],
    vision: { ...tower('visual.transformer.resblocks', width, hints.visionHeads), patch, nativeSize },
    text: {
      ...tower('transformer.resblocks', textWidth, hints.textHeads),
      context: shape('positional_embedding', 2)[0],
      vocab,
    },
    act: hints.act ?? 'quickgelu',
    eot: hints.eot ?? 'argmax',
    ...ownPixels(hints, file),
  };
}

/** Statistics other than CLIP's own, if the hints have any. */
function ownPixels({ mean = CLIP_PIXELS.mean, std = CLIP_PIXELS.std }: ConfigHints, file: string): Partial<ClipConfig> {
  if (std.some((s) => s <= 0)) throw misfit(file, `normalises its images by a standard deviation of ${std}`);
  const same = `${mean} ${std}` === `${CLIP_PIXELS.mean} ${CLIP_PIXELS.std}`;
  return same ? {} : { pixels: { mean, std } };
}

/** A file that says something this program does not compute. */
export function misfit(file: string, what: string): FusionclipError {
  return new FusionclipError('bad_model', `${file} ${what}; use a CLIP model with a vision transformer.`);
}
