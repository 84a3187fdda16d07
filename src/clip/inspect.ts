import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { type ClipConfig, presetOf } from './config.ts';
import { openClipModel, openModelWeights } from './model_file.ts';
import { resolveNames, type TensorNaming } from './names.ts';

/** A tensor as it lies in a file. */
export interface TensorFacts {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: number;
}

/** What a weights file holds, and what that is as a CLIP model. */
export interface ModelInspection {
  /** The safetensors file, or the index of several. */
  readonly file: string;
  readonly tensors: ReadonlyMap<string, TensorFacts>;
  readonly metadata: ReadonlyMap<string, string>;
  /** Tensors and bytes by type. */
  readonly dtypes: ReadonlyMap<string, { readonly tensors: number; readonly bytes: number }>;
  readonly bytes: number;
  /** Numbers in the tensors. */
  readonly parameters: number;
  /** Null when it is no CLIP model with a vision transformer. */
  readonly naming: TensorNaming | null;
  /** Canonical names of the tensors that are not there. */
  readonly missing: readonly string[];
  /** Null when the model cannot be run. */
  readonly config: ClipConfig | null;
  /** Name of the preset with this configuration, e.g. `ViT-L-14`; null when none has it. */
  readonly preset: string | null;
  readonly actKnown: boolean;
  /** Why the model cannot be run: a sentence, or null when it can. */
  readonly problem: string | null;
}

/**
 * Looks into a model file, and says what is wrong with it in place of refusing it.
 * @param path as `openClipModel` takes it
 * @throws FusionclipError `io`, and `bad_model` for what is no safetensors file
 */
export async function inspectModel(fs: FileSystem, path: string): Promise<ModelInspection> {
  const { file, weights } = await openModelWeights(fs, path);
  const tensors = new Map<string, TensorFacts>();
  const dtypes = new Map<string, { tensors: number; bytes: number }>();
  let total = 0;
  let parameters = 0;
  for (const [name, { dtype, shape, bytes }] of weights.tensors) {
    tensors.set(name, { dtype, shape, bytes });
    const sum = dtypes.get(dtype) ?? { tensors: 0, bytes: 0 };
    dtypes.set(dtype, { tensors: sum.tensors + 1, bytes: sum.bytes + bytes });
    total += bytes;
    parameters += shape.reduce((a, b) => a * b, 1);
  }
  const facts = { file, tensors, metadata: weights.metadata, dtypes, bytes: total, parameters };
  let naming: TensorNaming | null = null;
  let missing: readonly string[] = [];
  try {
    ({ naming, missing } = resolveNames(new Map([...tensors].map(([name, { shape }]) => [name, shape])), file));
    const model = await openClipModel(fs, path);
    model.close();
    const { config, actKnown } = model;
    return { ...facts, naming, missing, config, preset: presetOf(config, actKnown), actKnown, problem: null };
  } catch (error) {
    if (!(error instanceof FusionclipError)) throw error;
    return { ...facts, naming, missing, config: null, preset: null, actKnown: false, problem: error.message };
  }
}
