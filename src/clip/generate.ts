/**
 * Models without weight files: every parameter is a pure function of its name and a seed (`ruleUniform`), with a spread
 * that keeps activations in the range of a trained CLIP. Golden results, tests and benchmarks run on them.
 */

import { log } from '../base/elementary.ts';
import { FusionclipError } from '../base/errors.ts';
import type { FileWriter } from '../base/file_system.ts';
import { ruleUniform } from '../base/rule.ts';
import type { ClipConfig } from './config.ts';
import { packHalf } from './half.ts';
import { clipShapes, huggingFaceSource, sourceShape, type TensorNaming } from './names.ts';
import { SafetensorsWriter } from './safetensors_writer.ts';
import { type ClipWeights, type NamedTensors, transposed } from './weights.ts';

/** Numbers made and written at a time: 4 MiB of float32. */
const CHUNK = 1 << 20;

/** The values of a tensor are spread evenly over `offset ± amplitude`. */
export interface ParameterLaw {
  readonly offset: number;
  readonly amplitude: number;
}

/**
 * The law of a parameter, from its canonical name; the adapters, prompts and heads of the anomaly detectors included.
 *
 * @param fanIn input width, which the shape of the bias of a linear head (`april.6.bias`) does not tell
 * @throws FusionclipError `bad_model` when no law is known for the name
 */
export function parameterLaw(name: string, shape: readonly number[], fanIn?: number): ParameterLaw {
  const around = (offset: number, amplitude: number): ParameterLaw => ({ offset, amplitude });
  const [owner, leaf] = name.split('.').slice(-2);
  const last = leaf ?? owner;
  if (name === 'logit_scale') return around(log(100), 0);
  if (name.startsWith('prompt.')) return around(0, 0.02 * Math.sqrt(3));
  if (/^(adapter|mvfa|april)\./.test(name)) {
    const inputs = fanIn ?? (last === 'bias' ? undefined : shape.at(-1));
    if (inputs === undefined) throw unlawful(name, 'needs the input width of its layer');
    return around(0, 1 / Math.sqrt(inputs));
  }
  if (last === 'running_var') return around(1, 0.5);
  if (last === 'running_mean') return around(0, 0.1);
  if (last === 'relative_bias') return around(0, 0.5);
  // Norms of layers and of batches; a downsampling's second layer is one.
  if (last === 'weight' && shape.length === 1) return around(1, 0.1);
  if (last === 'bias' || last === 'in_proj_bias') return around(0, 0.02);
  if (name === 'token_embedding.weight') return around(0, 0.035);
  if (last === 'positional_embedding') return around(0, 0.02);
  if (last === 'class_embedding') return around(0, 0.05);
  // The projections multiply from the right, so their inputs are the first axis.
  if (last === 'proj' || last === 'text_projection') return around(0, Math.sqrt(3 / shape[0]));
  if (last === 'weight' || last === 'in_proj_weight') return around(0, Math.sqrt(3 / size(shape.slice(1))));
  throw unlawful(name, 'is unknown');
}

/** One whole parameter, row-major float32. `fanIn` and errors as in {@link parameterLaw}. */
export function generateTensor(
  name: string,
  shape: readonly number[],
  seed: number,
  fanIn?: number,
): Float32Array<ArrayBuffer> {
  const { offset, amplitude } = parameterLaw(name, shape, fanIn);
  return ruleUniform(name, seed, size(shape), offset, amplitude);
}

/** Generated tensors in memory: nothing is made before it is read, and of tables only the rows asked for. */
export class GeneratedTensors implements NamedTensors {
  readonly seed: number;
  private readonly shapes: ReadonlyMap<string, readonly number[]>;
  private readonly law: (name: string, shape: readonly number[]) => ParameterLaw;

  /** @param law in place of {@link parameterLaw}, e.g. that of a model that is to be trained */
  constructor(
    shapes: ReadonlyMap<string, readonly number[]>,
    seed: number,
    law: GeneratedTensors['law'] = parameterLaw,
  ) {
    this.shapes = shapes;
    this.seed = seed;
    this.law = law;
  }

  async read(name: string): Promise<Float32Array<ArrayBuffer>> {
    const shape = this.shape(name);
    const { offset, amplitude } = this.law(name, shape);
    return ruleUniform(name, this.seed, shape, offset, amplitude);
  }

  async readRows(name: string, rows: ArrayLike<number>): Promise<Float32Array<ArrayBuffer>> {
    const shape = this.shape(name);
    const width = size(shape.slice(1));
    const { offset, amplitude } = this.law(name, shape);
    const out = new Float32Array(rows.length * width);
    for (let i = 0; i < rows.length; i++) {
      if (!(Number.isInteger(rows[i]) && rows[i] >= 0 && rows[i] < shape[0])) {
        throw new FusionclipError('bad_model', `The generated ${name} has ${shape[0]} rows and no row ${rows[i]}.`);
      }
      out.set(ruleUniform(name, this.seed, width, offset, amplitude, rows[i] * width), i * width);
    }
    return out;
  }

  private shape(name: string): readonly number[] {
    const shape = this.shapes.get(name);
    if (!shape) throw unlawful(name, 'is not part of this model');
    return shape;
  }
}

/** A generated model. */
export class GeneratedClipModel extends GeneratedTensors implements ClipWeights {
  readonly config: ClipConfig;

  /** @param law as `GeneratedTensors` takes it */
  constructor(config: ClipConfig, seed: number, law?: (name: string, shape: readonly number[]) => ParameterLaw) {
    super(clipShapes(config), seed, law);
    this.config = config;
  }
}

/** How {@link generateModel} writes a model. */
export interface GenerateOptions {
  readonly naming?: TensorNaming;
  readonly dtype?: 'f32' | 'f16';
}

/** One tensor of the file: a stretch of the numbers of a canonical tensor. */
interface Piece {
  readonly name: string;
  readonly shape: readonly number[];
  readonly canonical: string;
  /** Index of its first number in the canonical tensor. */
  readonly start: number;
  readonly transpose: boolean;
}

/**
 * Writes a generated model as a safetensors file, a few megabytes at a time: ViT-L/14 needs no more memory than the
 * model T. Closes the writer, or aborts it when anything fails. The same arguments give the same bytes.
 *
 * @param onProgress called after every piece with the bytes of weights written and to write
 */
export async function generateModel(
  config: ClipConfig,
  seed: number,
  { naming = 'openai', dtype = 'f32' }: GenerateOptions,
  file: FileWriter,
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  const shapes = clipShapes(config);
  const pieces = [...shapes].flatMap(([name, shape]) => filePieces(name, shape, naming));
  const total = pieces.reduce((bytes, { shape }) => bytes + size(shape), 0) * (dtype === 'f16' ? 2 : 4);
  let done = 0;
  try {
    const writer = await SafetensorsWriter.begin(
      file,
      pieces.map(({ name, shape }) => [name, { dtype: dtype.toUpperCase(), shape }]),
      // Python's loaders ask for "format"; "activation" is what no shape tells.
      { format: 'pt', activation: config.act, generator: 'fusionclip', seed: String(seed) },
    );
    for (const { shape, canonical, start, transpose } of pieces) {
      const { offset, amplitude } = parameterLaw(canonical, shapes.get(canonical)!);
      const count = size(shape);
      // A transposed tensor is a projection, small enough to be made whole.
      const step = transpose ? count : CHUNK;
      for (let at = 0; at < count; at += step) {
        const length = Math.min(step, count - at);
        const made = ruleUniform(canonical, seed, length, offset, amplitude, start + at);
        const values = transpose ? transposed(made, shape[1], shape[0]) : made;
        const bytes = dtype === 'f16' ? packHalf(values) : new Uint8Array(values.buffer);
        await writer.write(bytes);
        done += bytes.length;
        onProgress?.(done, total);
      }
    }
    await writer.finish();
  } catch (error) {
    await file.abort();
    throw error;
  }
}

function filePieces(canonical: string, shape: readonly number[], naming: TensorNaming): Piece[] {
  if (naming === 'openai') return [{ name: canonical, shape, canonical, start: 0, transpose: false }];
  const source = huggingFaceSource(canonical);
  const { tensors, transpose } = source;
  const part = sourceShape(source, shape);
  return tensors.map((name, i) => ({ name, shape: part, canonical, start: i * size(part), transpose }));
}

function size(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function unlawful(name: string, what: string): FusionclipError {
  return new FusionclipError('bad_model', `The parameter ${name} cannot be generated: it ${what}.`);
}
