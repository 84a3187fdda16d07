import * as v from 'valibot';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { parseJson } from '../base/json.ts';
import { FileTensors, faulty } from '../clip/file_tensors.ts';
import { GeneratedTensors } from '../clip/generate.ts';
import { openModelWeights, readText } from '../clip/model_file.ts';
import type { SafetensorsFile } from '../clip/safetensors.ts';
import {
  isMedClip,
  MEDCLIP_PRESETS,
  type MedClipConfig,
  type MedClipHints,
  medClipConfig,
  noMedClip,
} from './config.ts';
import { checkMedClip, medClipShapes, medClipTensors } from './names.ts';
import type { MedClipWeights } from './stage_tower.ts';
import { promptVocabulary, WordPiece } from './word_piece.ts';

const heads = v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(1)));
/** What counts in a `config.json`: that of BERT, or of both towers. */
const CONFIG = v.object({
  num_attention_heads: heads,
  text_config: v.nullish(v.object({ num_attention_heads: heads })),
});
const TOKENIZER_CONFIG = v.object({ do_lower_case: v.nullish(v.boolean()) });

/** A MedCLIP file that was opened and checked; tensors are read when asked for. */
export class MedClipFile extends FileTensors implements MedClipWeights {
  readonly config: MedClipConfig;
  readonly #fs: FileSystem;
  /** Where the vocabulary lies, with a slash at its end. */
  readonly folder: string;

  constructor(fs: FileSystem, path: string, folder: string, weights: SafetensorsFile, config: MedClipConfig) {
    super(path, weights, medClipTensors(config), medClipShapes(config));
    this.config = config;
    this.#fs = fs;
    this.folder = folder;
  }

  /** The tokenizer of the `vocab.txt` beside the weights. Throws `bad_model` when it is not there or of another size. */
  async tokenizer(): Promise<WordPiece> {
    const { vocab, context } = this.config.text;
    const file = `${this.folder}vocab.txt`;
    const text = await readText(this.#fs, file);
    if (text === undefined) {
      throw new FusionclipError(
        'bad_model',
        `There is no ${file}: put the vocab.txt of Bio_ClinicalBERT beside the weights.`,
      );
    }
    const { do_lower_case } = await readConfig(this.#fs, `${this.folder}tokenizer_config.json`, TOKENIZER_CONFIG);
    const tokenizer = WordPiece.fromText(text, do_lower_case ?? true, context);
    if (tokenizer.size !== vocab) {
      const advice = 'take the vocab.txt that the model was trained with';
      throw faulty(file, `it has ${tokenizer.size} lines where the model has ${vocab} tokens`, advice);
    }
    return tokenizer;
  }
}

/** Whether the path of a model holds a MedCLIP model; only the file's header is read. Throws `bad_model`, `io`. */
export async function holdsMedClip(fs: FileSystem, path: string): Promise<boolean> {
  const { weights } = await openModelWeights(fs, path);
  return isMedClip(weights.tensors.keys());
}

/**
 * Opens a MedCLIP model: a safetensors file with the names of the published checkpoints, or its folder, with
 * `vocab.txt` beside it. Sizes come from the shapes; `config.json` says the heads of the text tower where they are not
 * 64 wide.
 * @throws FusionclipError `bad_model`, or `io` when there is no such path
 */
export async function openMedClip(fs: FileSystem, path: string): Promise<MedClipFile> {
  const { file, weights } = await openModelWeights(fs, path);
  const shapes = new Map([...weights.tensors].map(([name, { shape }]) => [name, shape]));
  if (!isMedClip(shapes.keys())) throw noMedClip(file, 'is no MedCLIP model');
  const folder = /^(.*[/\\])?/.exec(file)![0] || './';
  const json = await readConfig(fs, `${folder}config.json`, CONFIG);
  const hints: MedClipHints = {
    textHeads: json.text_config?.num_attention_heads ?? json.num_attention_heads ?? undefined,
  };
  const config = medClipConfig(shapes, file, hints);
  checkMedClip(config, shapes, file);
  return new MedClipFile(fs, file, folder, weights, config);
}

/** A generated MedCLIP model: nothing is made before it is read. */
export class GeneratedMedClip extends GeneratedTensors implements MedClipWeights {
  readonly config: MedClipConfig;

  constructor(config: MedClipConfig, seed: number) {
    super(medClipShapes(config), seed);
    this.config = config;
  }
}

/** A preset with generated weights and a vocabulary of the prompts, or null when there is no preset of that name. */
export function generatedMedClip(
  name: string,
  seed: number,
): { weights: GeneratedMedClip; tokenizer: WordPiece } | null {
  const preset = MEDCLIP_PRESETS.get(name);
  if (!preset) return null;
  const vocabulary = promptVocabulary();
  const config = preset(vocabulary.length);
  return {
    weights: new GeneratedMedClip(config, seed),
    tokenizer: new WordPiece(vocabulary, true, config.text.context),
  };
}

/** A file of settings, or none of them where there is no file. */
async function readConfig<S extends typeof CONFIG | typeof TOKENIZER_CONFIG>(
  fs: FileSystem,
  file: string,
  schema: S,
): Promise<Partial<v.InferOutput<S>>> {
  const text = await readText(fs, file);
  if (text === undefined) return {};
  try {
    return parseJson(schema, text);
  } catch (cause) {
    if (cause instanceof SyntaxError)
      throw new FusionclipError('bad_model', `${file} is not JSON; download it again.`, { cause });
    throw noMedClip(file, (cause as Error).message);
  }
}
