import * as v from 'valibot';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { parseJson } from '../base/json.ts';
import { VERSION } from '../base/version.ts';
import { firstNonFinite, toFloat32 } from '../clip/half.ts';
import { clipShapes, TensorWeights } from '../clip/index.ts';
import { STORED_CONFIG } from '../clip/stored_config.ts';
import { openSealed, sealedSafetensors } from '../run/sealed_file.ts';
import type { PretrainState } from './pretrainer.ts';

/** What a checkpoint says beside tensors. */
export interface CheckpointFacts {
  /** Settings as texts. */
  readonly settings: Readonly<Record<string, string>>;
  /** A folder of pictures and captions, or null for phantoms. */
  readonly data: string | null;
  readonly merges: readonly string[];
  /** Lines of the log that belong to the steps done. */
  readonly lines: number;
}

const FORMAT = 'pretraining';
/** What the names of an optimiser's moments begin with. */
const MOMENTS = ['exp_avg.', 'exp_avg_sq.'] as const;

/** Writes a state with its facts; equal states give equal bytes. Throws `not_finite` before anything is written. */
export async function writeCheckpoint(
  fs: FileSystem,
  path: string,
  state: PretrainState & { readonly weights: TensorWeights },
  facts: CheckpointFacts,
): Promise<void> {
  const shapes = clipShapes(state.weights.config);
  const tensors = new Map([...state.weights.tensors, ...(state.moments ?? [])]);
  const entries = Array.from(tensors, ([name, values]) => {
    const at = firstNonFinite(values);
    if (at >= 0) {
      throw new FusionclipError('not_finite', `${name} became ${values[at]}, so ${path} was not written; lower --lr.`);
    }
    const shape = shapes.get(MOMENTS.reduce((rest, moment) => rest.replace(moment, ''), name))!;
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return [name, { dtype: 'F32', shape, data }] as const;
  });
  await fs.writeFile(
    path,
    await sealedSafetensors(entries, {
      fusionclip: VERSION,
      what: FORMAT,
      config: JSON.stringify(state.weights.config),
      step: String(state.step),
      facts: JSON.stringify(facts),
    }),
  );
}

/** Reads what {@link writeCheckpoint} wrote. @throws FusionclipError `io`, `bad_model` */
export async function readCheckpoint(
  fs: FileSystem,
  path: string,
): Promise<{ state: PretrainState; facts: CheckpointFacts }> {
  if (!(await fs.stat(path))) {
    throw new FusionclipError('io', `There is no checkpoint at ${path}; start a new run without --resume.`);
  }
  const { file } = await openSealed(fs, path);
  const { config, facts, step } = parseMetadata(file.metadata, path);
  const weights = new Map<string, Float32Array<ArrayBuffer>>();
  const moments = new Map<string, Float32Array<ArrayBuffer>>();
  for (const [name, shape] of clipShapes(config)) {
    const read = async (tensor: string) => {
      const entry = file.tensors.get(tensor);
      if (entry?.dtype !== 'F32' || String(entry.shape) !== String(shape)) {
        throw new FusionclipError('bad_model', `${path} has no tensor ${tensor} [${shape}]; start a new run.`);
      }
      return toFloat32(entry.dtype, await file.read(tensor));
    };
    weights.set(name, await read(name));
    for (const moment of MOMENTS) moments.set(moment + name, await read(moment + name));
  }
  return { state: { step, weights: new TensorWeights(config, weights), moments }, facts };
}

const FACTS = v.object({
  settings: v.record(v.string(), v.string()),
  data: v.nullable(v.string()),
  merges: v.array(v.string()),
  lines: v.pipe(v.number(), v.safeInteger()),
});

function parseMetadata(metadata: ReadonlyMap<string, string>, path: string) {
  const step = Number(metadata.get('step'));
  try {
    if (metadata.get('what') === FORMAT && Number.isSafeInteger(step)) {
      const config = parseJson(STORED_CONFIG, metadata.get('config') ?? '');
      return { config, step, facts: parseJson(FACTS, metadata.get('facts') ?? '') };
    }
  } catch {}
  throw new FusionclipError('bad_model', `${path} is no checkpoint of a pre-training; give another --out.`);
}
