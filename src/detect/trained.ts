import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { FULL, givenRule, type RangeSetting, sameLevels } from '../data/range/rule.ts';
import { remembersSupport } from '../fusion/presets.ts';
import { commonVariants } from '../kernels/common_variants.ts';
import { stage } from '../run/events.ts';
import { ADAPTERS, runBelow } from '../run/run_folder.ts';
import { type AdapterFile, openAdapters } from './adapters_file.ts';
import { asTrained, type ModelSource, openModel } from './backbone.ts';
import type { Detector } from './detector.ts';
import { calibrateAgain, rescoredOptions, sameBank, supportAgain } from './rescore.ts';
import { openDetector, type RunContext } from './run_context.ts';
import {
  type FileChoices,
  fileBatches,
  type ScoredSet,
  ScoredSoFar,
  type ScoringOptions,
  scoreSet,
} from './scoring.ts';
import { bankSentence, needsImages } from './support_bank.ts';
import { SupportSet } from './support_set.ts';
import { restoreTensors } from './tensor_file.ts';

/** What trained weights are used with. */
export interface TrainedSource {
  /** Path of `checkpoint/adapters.safetensors`, or of its run folder. */
  readonly adapters: string;
  /** Where the backbone lies now, if it was moved. */
  readonly model?: ModelSource;
  /** Settings of the method, as texts, in place of those of the run, as far as training does not depend on them. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How values of image files are read, in place of how the run reads them. */
  readonly range?: RangeSetting;
  /** Whether scores are to be decided on, so that they must not depend on the runtime; with a calibration they are anyway. */
  readonly decides?: boolean;
}

/** How files are scored. */
export interface ScoreChoices
  extends Pick<ScoringOptions, 'soFar' | 'onScored' | 'keep' | 'features'>,
    Omit<FileChoices, 'say'> {}

/** A trained detector, ready to score images. Release it after use. */
export class TrainedDetector {
  /** As it is used: with the settings, thresholds and ranges of now. */
  readonly file: AdapterFile;
  readonly detector: Detector;
  readonly memory: SupportSet;
  readonly #restore: () => void;

  /** @param restore undoes what was set on the device */
  private constructor(file: AdapterFile, detector: Detector, memory: SupportSet, restore: () => void) {
    this.file = file;
    this.detector = detector;
    this.memory = memory;
    this.#restore = restore;
  }

  /** Opens weights and their backbone. @throws FusionclipError `io`, `bad_model`, and `usage` for settings that cannot change */
  static async open(context: RunContext, source: TrainedSource): Promise<TrainedDetector> {
    const { fs, signal } = context;
    const path = await adaptersPath(fs, source.adapters);
    const stored = await openAdapters(fs, path);
    signal?.throwIfAborted();
    const { settings = {} } = source;
    const { model } = stored.header;
    const backbone = asTrained(model, await openModel(fs, source.model ?? model.name, signal), path);
    const fusion = rescoredOptions(stored.header, settings, source.adapters, backbone.defaults);
    const grey = givenRule(source.range ?? 'auto') ?? stored.header.grey;
    const header = { ...stored.header, fusion, grey };
    if (backbone.note) context.onEvent?.({ type: 'note', text: backbone.note });
    const restore = stored.rule || source.decides ? withCommonVariants(context) : () => {};
    let detector: Detector;
    try {
      detector = await openDetector(context, header, backbone);
    } catch (error) {
      restore();
      throw error;
    }
    try {
      const own = fusion.method === stored.header.fusion.method;
      if (own) restoreTensors(path, new Map(detector.method.parameters.map((p) => [p.name, p.value])), stored.weights);
      const changed = String(Object.values(fusion)) !== String(Object.values(stored.header.fusion));
      // Scores of images that are read in another way are others too.
      const otherwise = changed || !sameLevels(grey ?? FULL, stored.header.grey ?? FULL);
      const rule = otherwise ? null : stored.rule;
      const looks = sameLevels(grey ?? FULL, stored.header.grey ?? FULL) ? stored.looks : null;
      const file = { ...stored, header, rule, looks, selectedBy: own ? stored.selectedBy : 'none' };
      const { bank, staleRule } = stored;
      context.onEvent?.({ type: 'note', text: bankSentence(bank, path) });
      if (staleRule || (otherwise && stored.rule)) {
        const text = `The calibration in ${path} is of other ${staleRule ? 'weights' : 'settings'}, so it is not used.`;
        context.onEvent?.({ type: 'note', text });
      }
      const needed = remembersSupport(fusion.method);
      const kept =
        !needed || bank.kind === 'pixels' || (bank.kind === 'features' && sameBank(stored.header.fusion, fusion));
      const support = changed || !kept ? await supportAgain(fs, header, bank) : null;
      if (!kept && !support)
        throw needsImages(path, bank, changed ? 'These settings need' : 'It needs', header.data.path);
      const normals = kept ? bank.pixels.map((pixels) => ({ pixels, mask: null })) : support!.normal;
      const features = needed ? bank.features : new Map();
      const memory = new SupportSet(detector, normals, [], kept ? features : null);
      if (changed) {
        try {
          const again = await calibrateAgain(fs, detector, header, support, memory);
          // What the run has scored of its test split it has scored with other settings.
          Object.assign(file, again, { testScores: null });
        } catch (error) {
          memory.release();
          throw error;
        }
        context.onEvent?.({ type: 'note', text: changedNote(file.thresholds, support !== null) });
      }
      return new TrainedDetector(file, detector, memory, restore);
    } catch (error) {
      detector.release();
      restore();
      throw error;
    }
  }

  /**
   * Scores image files; with `fuse mvfa` the ranges are those of the given images. Throws `io`, `bad_image`.
   */
  async score(
    context: RunContext,
    paths: readonly string[],
    { soFar = new ScoredSoFar(), onBad, leave, pattern, ...options }: ScoreChoices = {},
  ): Promise<ScoredSet> {
    const { detector, file } = this;
    const say = (text: string) => context.onEvent?.({ type: 'note', text });
    // Sums of other batches have other last bits: what is decided on must not depend on the images beside it.
    const batch = options.features ? 1 : file.header.train['eval.batch'];
    const batches = fileBatches(context.fs, detector, paths.slice(soFar.count), batch, { onBad, say, leave, pattern });
    const progress = stage(context.onEvent ?? (() => {}), 'scores');
    const onProgress = (done: number) => progress(done, paths.length);
    const scored = await this.memory.withScorer(
      ({ images }) =>
        scoreSet(detector, images, batches, {
          ...{ soFar, ranges: file.ranges, signal: context.signal, onProgress },
          ...options,
        }),
      { known: file.ranges, signal: context.signal },
    );
    // What was left out behind the last image belongs to no batch.
    if (leave) progress(paths.length, paths.length);
    return scored;
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.memory.release();
    this.detector.release();
    this.#restore();
  }
}

/** Sets variants that every runtime on the adapter has, until what is returned is called. */
function withCommonVariants({ gpu }: RunContext): () => void {
  const before = gpu.tuning;
  const common = { ...before, ...commonVariants(gpu.facts) };
  gpu.tuning = common;
  return () => {
    if (gpu.tuning === common) gpu.tuning = before;
  };
}

/** What a user should know of thresholds for settings that are not the run's own. */
function changedNote({ image }: AdapterFile['thresholds'], hasSupport: boolean): string {
  if (image) return 'The settings are not those of the run, so thresholds were chosen anew on its data set.';
  const why = hasSupport ? 'has too few labelled images' : 'is not there';
  return `The settings are not those of the run, and its data set ${why}, so there are no thresholds.`;
}

/** The adapters of a run folder, or the path itself. */
export async function adaptersPath(fs: FileSystem, path: string): Promise<string> {
  const stat = await fs.stat(path);
  if (!stat) throw new FusionclipError('io', `There is no run at ${path}; check the path.`);
  if (stat.kind === 'file') return path;
  const file = joinPath(path, ADAPTERS);
  if (await fs.stat(file)) return file;
  if (await fs.stat(joinPath(path, 'config.json'))) {
    const again = `fusionclip train --resume --out ${path}`;
    const lost = (await fs.stat(joinPath(path, 'results.json'))) !== null;
    const text = lost
      ? `The run in ${path} has lost its ${ADAPTERS}; remove its results.json, and ${again} makes both again.`
      : `The run in ${path} is not finished: it has no ${ADAPTERS}; ${again} goes on with it.`;
    throw new FusionclipError('io', text);
  }
  const advice = (await runBelow(fs, path)) || '; give what fusionclip train --out was given, or its adapters file';
  throw new FusionclipError('io', `${path} is no run folder: it has no config.json${advice}.`);
}
