import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { advice, nearestNames } from '../base/nearest.ts';
import { joinPath } from '../base/paths.ts';
import { type ClipConfig, type ConfigHints, configFromShapes, misfit } from './config.ts';
import { readConfig, readPreprocessor } from './config_file.ts';
import { joined, type KeyRemarks, requireSizes } from './config_keys.ts';
import { FileTensors, faulty } from './file_tensors.ts';
import { cachedSnapshot, parseModelId } from './model_cache.ts';
import { refuseForeignFormat } from './model_format.ts';
import { checkShapes, resolveNames, type TensorNaming, type TensorSource } from './names.ts';
import type { SafetensorsFile } from './safetensors.ts';
import { openShards, openWeightsFile, SHARD_INDEX } from './safetensors_shards.ts';
import { Tokenizer } from './tokenizer.ts';
import type { ClipWeights } from './weights.ts';

/** A model file that was opened and checked; tensors are read when asked for. */
export interface ClipModelFile extends ClipWeights {
  /** The safetensors file, or the index of several. */
  readonly path: string;
  /** Where its other files lie, with a slash at the end; null where none belong to it. */
  readonly folder: string | null;
  readonly naming: TensorNaming;
  /** Whether a configuration, the file or the caller named the activation; if not it is assumed to be QuickGELU. */
  readonly actKnown: boolean;
  /** Keys of its configuration that nobody here knows. */
  readonly unknownKeys: readonly string[];
  /** Canonical names. */
  readonly names: readonly string[];
  /** Shape of a canonical tensor. */
  shape(name: string): readonly number[];
  /** The folder's own tokenizer, else OpenAI's if the vocabulary has its size. Throws `FusionclipError('bad_model')`. */
  tokenizer(): Promise<Tokenizer>;
  /** Forgets the file; reading afterwards is an error. */
  close(): void;
}

const WEIGHT_FILES = ['model.safetensors', 'open_clip_model.safetensors'];
const PICKLES = ['pytorch_model.bin', 'open_clip_pytorch_model.bin'];

/**
 * Opens a CLIP model: a safetensors file with OpenAI's or Hugging Face's names, its folder,
 * or the id of one in the model cache (`ORG/NAME`, `ORG/NAME@REVISION`). A folder is as Hugging Face lays it out
 * (`model.safetensors`, or `model.safetensors.index.json` with the files it names, `config.json`, tokenizer files,
 * `preprocessor_config.json`; `open_clip_config.json` as well).
 *
 * @param overrides what the caller knows better than the files, e.g. the activation
 * @throws FusionclipError `bad_model`, or `io` when there is no such path
 */
export async function openClipModel(fs: FileSystem, path: string, overrides: ConfigHints = {}): Promise<ClipModelFile> {
  const { file, folder, weights } = await openModelWeights(fs, path);
  const { naming, sources, shapes, missing } = resolveNames(
    new Map([...weights.tensors].map(([name, { shape }]) => [name, shape])),
    file,
  );
  const { hints: own, remarks, from } = await folderHints(fs, folder, naming);
  const hints = { ...metadataHints(weights), ...defined(own), ...defined(overrides) };
  if (missing.includes('token_embedding.weight') && missing.includes('transformer.resblocks.0.ln_1.weight')) {
    throw new FusionclipError(
      'bad_model',
      `${file} holds a vision tower alone; take the whole CLIP model, with its text tower.`,
    );
  }
  if (missing.length > 0) throw misfit(file, `has no tensor ${missing[0]}`);
  const config = configFromShapes(shapes, file, hints);
  checkShapes(config, shapes, file);
  requireSizes(remarks, config, from);
  const facts = { naming, config, actKnown: hints.act !== undefined, unknownKeys: remarks.unknown };
  return new SafetensorsModel(fs, file, folder, weights, sources, shapes, facts);
}

/** The weights that a path means, opened, and, if the files beside them belong to them, their folder. */
export async function openModelWeights(
  fs: FileSystem,
  path: string,
): Promise<{ file: string; folder: string | null; weights: SafetensorsFile }> {
  const { file, folder } = await findWeights(fs, path);
  return { file, folder, weights: await (SHARD_INDEX.test(file) ? openShards : openWeightsFile)(fs, file) };
}

async function findWeights(fs: FileSystem, path: string): Promise<{ file: string; folder: string | null }> {
  const stat = await fs.stat(path);
  if (!stat) {
    const own = fs.ownModels && /^[\w-]+$/.test(path) ? joinPath(fs.ownModels, path) : null;
    if (own && (await fs.stat(own))) return findWeights(fs, own);
    const id = parseModelId(path);
    const snapshot = id && fs.modelCache ? await cachedSnapshot(fs, fs.modelCache, id) : null;
    if (snapshot) return findWeights(fs, snapshot);
    const fetched = id ? `fetch it with fusionclip model pull ${path}, or ` : '';
    const where = id && fs.modelCache ? ` nor in the cache ${fs.modelCache}` : '';
    const names = await ownNames(fs);
    const others = names.length > 0 ? `, or one that comes with the program: ${names.join(', ')}` : '';
    const help = advice(nearestNames(path, names), `${fetched}give a safetensors file or its folder${others}.`);
    throw new FusionclipError('io', `There is no model at ${path}${where}: ${help}`);
  }
  if (stat.kind === 'file') {
    const [, folder, base] = /^(.*[/\\])?(.*)$/.exec(path)!;
    return { file: path, folder: WEIGHT_FILES.includes(base.replace(/\.index\.json$/, '')) ? folder || './' : null };
  }
  const folder = /[/\\]$/.test(path) ? path : `${path}/`;
  const names = (await fs.list(path)).filter(({ kind }) => kind === 'file').map(({ name }) => name);
  const others = names.filter((name) => name.endsWith('.safetensors'));
  const chosen =
    WEIGHT_FILES.find((name) => names.includes(name)) ??
    names.find((name) => SHARD_INDEX.test(name)) ??
    (others.length === 1 ? others[0] : undefined);
  if (chosen) return { file: folder + chosen, folder };
  const pickle = PICKLES.find((name) => names.includes(name));
  if (pickle) refuseForeignFormat(folder + pickle, new Uint8Array());
  const what = others.length > 1 ? `${others.length} safetensors files` : 'no safetensors file';
  throw faulty(path, `the folder has ${what}`, 'give the path of the file itself');
}

/** The models that come with the program. */
async function ownNames(fs: FileSystem): Promise<string[]> {
  if (!fs.ownModels || !(await fs.stat(fs.ownModels))) return [];
  return (await fs.list(fs.ownModels)).filter(({ kind }) => kind === 'directory').map(({ name }) => name);
}

/** Files this program generates say their activation, which no shape could. */
function metadataHints({ metadata }: SafetensorsFile): ConfigHints {
  const act = metadata.get('activation');
  return act === 'gelu' || act === 'quickgelu' ? { act } : {};
}

/** What the files beside the weights say, and the configuration that says sizes. */
async function folderHints(
  fs: FileSystem,
  folder: string | null,
  naming: TensorNaming,
): Promise<{ hints: ConfigHints; remarks: KeyRemarks; from: string }> {
  let found: { hints: ConfigHints; remarks: KeyRemarks } = { hints: {}, remarks: { sizes: [], unknown: [] } };
  if (folder === null) return { ...found, from: '' };
  // Some folders hold a model in both forms, each with its own configuration.
  const files = ['config.json', 'open_clip_config.json'];
  if (naming === 'openai') files.reverse();
  let from = folder;
  for (const name of files) {
    const text = await readText(fs, folder + name);
    if (text === undefined) continue;
    from = folder + name;
    found = readConfig(text, from);
    break;
  }
  const preprocessor = await readText(fs, `${folder}preprocessor_config.json`);
  if (preprocessor === undefined || found.hints.mean) return { ...found, from };
  const { hints, remarks } = readPreprocessor(preprocessor, `${folder}preprocessor_config.json`);
  return { hints: { ...found.hints, ...defined(hints) }, remarks: joined([found.remarks, remarks]), from };
}

/** The text of a file, or undefined when there is none. */
export async function readText(fs: FileSystem, path: string): Promise<string | undefined> {
  if ((await fs.stat(path))?.kind !== 'file') return undefined;
  return new TextDecoder().decode(await fs.readFile(path));
}

class SafetensorsModel extends FileTensors implements ClipModelFile {
  readonly naming: TensorNaming;
  readonly config: ClipConfig;
  readonly actKnown: boolean;
  readonly unknownKeys: readonly string[];
  private readonly fs: FileSystem;
  readonly folder: string | null;

  constructor(
    fs: FileSystem,
    path: string,
    folder: string | null,
    weights: SafetensorsFile,
    sources: ReadonlyMap<string, TensorSource>,
    shapes: ReadonlyMap<string, readonly number[]>,
    { naming, config, actKnown, unknownKeys }: Pick<ClipModelFile, 'naming' | 'config' | 'actKnown' | 'unknownKeys'>,
  ) {
    super(path, weights, sources, shapes);
    this.fs = fs;
    this.folder = folder;
    this.naming = naming;
    this.config = config;
    this.actKnown = actKnown;
    this.unknownKeys = unknownKeys;
  }

  async tokenizer(): Promise<Tokenizer> {
    const { vocab, context } = this.config.text;
    let own: Tokenizer | undefined;
    if (this.folder !== null) {
      const [tokenizer, vocabFile, merges, config] = await Promise.all(
        ['tokenizer.json', 'vocab.json', 'merges.txt', 'tokenizer_config.json'].map((name) =>
          readText(this.fs, this.folder + name),
        ),
      );
      const complete = tokenizer !== undefined || (vocabFile !== undefined && merges !== undefined);
      if (complete) own = Tokenizer.fromHuggingFace({ tokenizer, vocab: vocabFile, merges, config });
    }
    const found = own ?? (await Tokenizer.openai());
    if (found.end >= vocab || found.start >= vocab || (!own && found.size !== vocab)) {
      const advice = 'put its vocab.json and merges.txt, or tokenizer.json, beside it';
      throw faulty(
        this.path,
        `its ${vocab} tokens are not those of the ${own ? 'given' : 'built-in'} vocabulary`,
        advice,
      );
    }
    const { eot } = this.config;
    if (eot !== 'argmax' && eot !== found.end) {
      throw faulty(
        this.path,
        `its configuration reads a sentence at the token ${eot}, and its tokenizer ends sentences with ${found.end}`,
        'give both the same end of text (eos_token_id, or eos_id of open_clip)',
      );
    }
    return found.context === context ? found : found.withContext(context);
  }
}

function defined(hints: ConfigHints): ConfigHints {
  return Object.fromEntries(Object.entries(hints).filter(([, value]) => value !== undefined));
}
