import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { JsonLines } from '../base/json_lines.ts';
import { joinPath } from '../base/paths.ts';
import { LEAST_VOCABULARY } from '../clip/bpe_training.ts';
import {
  type ClipConfig,
  GeneratedClipModel,
  learnMerges,
  tokenizerOfMerges,
  writeModelFolder,
} from '../clip/index.ts';
import { RECOMMENDATIONS } from '../detect/model_defaults.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { FolderLock, namesIn } from '../run/lock.ts';
import { onDevice } from '../run/on_device.ts';
import type { Team } from '../train/index.ts';
import { writeModelBill } from './bill.ts';
import { type CheckpointFacts, readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import type { PairStepEvent } from './events.ts';
import { openPairFolder } from './folder_pairs.ts';
import { initialLaw } from './initial.ts';
import { type PretrainOptions, pretrainOptions, pretrainTexts } from './options.ts';
import { captionsOf, type PairSource } from './pairs.ts';
import { phantomPairs } from './phantom_pairs.ts';
import { Pretrainer, type PretrainState } from './pretrainer.ts';
import { scenePairs } from './scene_pairs.ts';

/** What a pre-training works with. */
export interface PretrainContext {
  readonly fs: FileSystem;
  readonly gpu: Gpu;
  /** Opens a device in place of one that was lost; see `onDevice`. Without it a lost device ends the run. */
  readonly renewGpu?: (lost: Gpu) => Promise<Gpu>;
  /** Gets what happens. */
  readonly onEvent?: (event: { readonly type: 'note'; readonly text: string }) => void;
  /** Called after each step. */
  readonly onStep?: (event: PairStepEvent) => void;
  readonly signal?: AbortSignal;
  /** Has workers open a training, to compute parts of its batches. */
  readonly team?: (training: object) => Promise<Team>;
}

/** What to train. */
export interface PretrainRequest {
  /** Folder of the model. */
  readonly out: string;
  /** A folder of pictures and captions in place of phantoms. */
  readonly data?: string;
  /** Settings as texts; see {@link PRETRAIN_OPTIONS}. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A finished pre-training. */
export interface PretrainResult {
  readonly config: ClipConfig;
  readonly steps: number;
  /** Of the last step; NaN when a finished run was resumed. */
  readonly loss: number;
  /** All settings as texts. */
  readonly settings: Readonly<Record<string, string>>;
  /** The folder of pictures and captions, or null for phantoms. */
  readonly data: string | null;
}

/** Settings that suit such models: chosen with one of them, on phantoms that nothing else is trained or evaluated on. */
const RECOMMENDED = {
  settings: { 'prompt.nctx': 4, 'score.cls': 'equal', epochs: 10, batch: 22, 'eval.every': 5 },
};

const CHECKPOINT = 'checkpoint/latest.safetensors';
const LOG = 'metrics.jsonl';

/**
 * Trains a CLIP model from nothing and writes it into a folder as Hugging Face lays it out, with the log and the last
 * checkpoint. Every checkpoint but that of the start comes with a whole model. When the device is lost, the training goes
 * on from its last checkpoint on a new one, to the same bits.
 * @throws FusionclipError `usage`, `io`, `bad_data`, `not_finite`; `interrupted` when the signal fired, after a checkpoint
 */
export async function pretrain(context: PretrainContext, request: PretrainRequest): Promise<PretrainResult> {
  const { fs } = context;
  const { out, data = null, settings = {} } = request;
  const options = pretrainOptions(settings);
  const requireEmpty = async () => {
    const stat = await fs.stat(out);
    if (stat && (stat.kind === 'file' || (await namesIn(fs, out)).length > 0)) {
      throw new FusionclipError(
        'usage',
        `${out} is not empty; give another folder with --out, or go on with --resume.`,
      );
    }
  };
  await requireEmpty();
  const source = await openSource(fs, options, data);
  return inFolder(context, out, async (working, begun) => {
    if (begun) return goOn(working, out);
    await requireEmpty();
    const merges = learnMerges(source.captions, options.vocab - LEAST_VOCABULARY);
    const facts = { settings: pretrainTexts(options), data, merges, lines: 0 };
    return train(working, out, options, source, facts, firstState(options, merges));
  });
}

/** Where a training with these settings and merges of its vocabulary begins. */
export function firstState(options: PretrainOptions, merges: readonly string[]): PretrainState {
  const config = configOf(options, LEAST_VOCABULARY + merges.length);
  const weights = new GeneratedClipModel(config, options.seed, (name, shape) => initialLaw(config, name, shape));
  return { step: 0, weights, moments: null };
}

/** Goes on with an interrupted run; its settings stay, and so do the bits it would have given without the interruption. */
export async function resumePretrain(context: PretrainContext, out: string): Promise<PretrainResult> {
  await readCheckpoint(context.fs, joinPath(out, CHECKPOINT)); // no folder is made where none is
  return inFolder(context, out, (working) => goOn(working, out));
}

async function goOn(context: PretrainContext, out: string): Promise<PretrainResult> {
  const { fs } = context;
  const { state, facts } = await readCheckpoint(fs, joinPath(out, CHECKPOINT));
  const options = pretrainOptions(facts.settings);
  const source = await openSource(fs, options, facts.data);
  return train(context, out, options, source, facts, state);
}

/** Does the work while no other process writes to the folder, and goes on with it when the device is lost. */
async function inFolder(
  context: PretrainContext,
  out: string,
  work: (context: PretrainContext, begun: boolean) => Promise<PretrainResult>,
): Promise<PretrainResult> {
  const { fs, onEvent } = context;
  const resume = `go on with fusionclip pretrain --resume --out ${out}`;
  const lock = await FolderLock.take(fs, out, (text) => onEvent?.({ type: 'note', text }));
  const hasCheckpoint = async () => (await fs.stat(joinPath(out, CHECKPOINT))) !== null;
  let begun = false;
  const attempt = async (working: PretrainContext, losses: number) => {
    try {
      return await work(working, losses > 0 && begun);
    } catch (error) {
      begun = await hasCheckpoint();
      throw error;
    }
  };
  try {
    return await onDevice(context, attempt, () => (begun ? resume : 'run again, or with smaller batches'));
  } catch (error) {
    if (!(error instanceof FusionclipError) || error.code !== 'io' || !begun) throw error;
    throw new FusionclipError('io', `${error.message.replace(/\.$/, '')}; then ${resume}.`, { cause: error });
  } finally {
    await lock.release();
  }
}

/** Opens pictures with captions: a folder of them, or what is drawn. */
export async function openSource(fs: FileSystem, options: PretrainOptions, data: string | null): Promise<PairSource> {
  if (data !== null) return openPairFolder(fs, data, options.seed);
  if (options.pictures === 'scenes') return scenePairs(options.seed);
  return phantomPairs(options.families, options['without-kinds'], options.seed);
}

function configOf(options: PretrainOptions, vocab: number): ClipConfig {
  const { width, layers, heads, patch, embed, context, act, stages } = options;
  const textWidth = options['text-width'];
  return {
    embed,
    vision: { width, layers, heads, mlp: 4 * width, patch, nativeSize: stages[0].size },
    text: {
      width: textWidth,
      layers: options['text-layers'],
      heads: options['text-heads'],
      mlp: 4 * textWidth,
      context,
      vocab,
    },
    act,
    eot: vocab - 1,
  };
}

async function train(
  context: PretrainContext,
  out: string,
  options: PretrainOptions,
  source: PairSource,
  facts: CheckpointFacts,
  state: PretrainState,
): Promise<PretrainResult> {
  const tokenizer = tokenizerOfMerges(facts.merges, options.context);
  const { fs, gpu, onStep, onEvent, signal } = context;
  const team = await openTeam(context, options, source, facts);
  const trainer = await Pretrainer.create(gpu, options, source, tokenizer, state, team).catch((error) => {
    team?.close();
    throw error;
  });
  const log = new JsonLines(fs, joinPath(out, LOG));
  let loss = Number.NaN;
  const writeModel = async ({ weights, step }: PretrainState) => {
    await fs.writeFile(joinPath(out, RECOMMENDATIONS), `${JSON.stringify(RECOMMENDED, null, 2)}\n`);
    await writeModelFolder(fs, out, weights, facts.merges, { step: String(step) });
  };
  const save = async () => {
    const now = await trainer.state();
    await log.flush();
    await writeCheckpoint(fs, joinPath(out, CHECKPOINT), now, { ...facts, lines: log.lines });
    await writeModel(now);
  };
  try {
    // From here on there is something to go on from, whatever happens.
    if (!state.moments) await writeCheckpoint(fs, joinPath(out, CHECKPOINT), await trainer.state(), facts);
    const missing = await log.keep(facts.lines);
    if (missing > 0)
      onEvent?.({ type: 'note', text: `${log.path} was cut short: ${missing} of its lines are missing.` });
    const finished = await trainer.run({
      signal,
      onCheckpoint: save,
      onStep: (event) => {
        loss = event.loss;
        log.add(event);
        onStep?.(event);
      },
    });
    if (!finished) {
      await save();
      throw new FusionclipError(
        'interrupted',
        `Interrupted after step ${trainer.step} of ${trainer.steps}; go on with fusionclip pretrain --resume --out ${out}.`,
      );
    }
    // A process that was killed between the last checkpoint and its model left the model before it.
    if (state.step === trainer.steps) await writeModel(await trainer.state());
    const { settings, data } = facts;
    const result = { config: trainer.model.config, steps: trainer.steps, loss, settings, data };
    await writeModelBill(fs, out, result);
    return result;
  } finally {
    // What is left is of steps behind the last checkpoint; on a full disk it cannot be written, and need not be.
    await log.flush().catch(() => {});
    trainer.release();
    team?.close();
  }
}

/** Has the workers of a run open it; null where it has none. @throws FusionclipError `usage` for a run whose batches are in one part */
async function openTeam(
  { team }: PretrainContext,
  { parts }: PretrainOptions,
  source: PairSource,
  { settings, data, merges }: CheckpointFacts,
): Promise<Team | null> {
  if (!team) return null;
  if (parts > 1) return team({ pretraining: { settings, data, merges, captions: await captionsOf(source) } });
  const text = '--workers share the parts of a batch, and this run has one; pre-train with --parts 2 or more.';
  throw new FusionclipError('usage', text);
}
