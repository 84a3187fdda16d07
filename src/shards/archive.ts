import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { sha256 } from '../base/sha256.ts';
import type { RangeSetting } from '../data/range/rule.ts';
import { openAdapters } from '../detect/adapters_file.ts';
import { asTrained, type ModelSource, openModel } from '../detect/backbone.ts';
import { type ThresholdChoice, worthOf } from '../detect/image_threshold.ts';
import { dependsOnSet } from '../detect/scoring.ts';
import { adaptersPath } from '../detect/trained.ts';
import type { FusionOptions } from '../fusion/index.ts';
import { parseAccept } from '../volume/accept.ts';
import { SHARD_SIZE, ShardCutter, type ShardSize } from './cut.ts';
import { type Input, inputLine, inputOfLine } from './input.ts';
import { LineSorter } from './line_sorter.ts';
import { isWhole, type ListRequest, listInputs, listsVolumes } from './list_inputs.ts';
import { PathsOnce } from './paths_once.ts';
import { type Column, type Plan, type PlanHead, PlanWriter, SORT } from './plan.ts';

/** An archive that is to be scored. */
export interface ArchiveRequest extends ListRequest, ThresholdChoice {
  readonly out: string;
  /** The run folder, or the file of adapters. */
  readonly adapters: string;
  /** Where the backbone lies now, if it was moved. */
  readonly model: ModelSource | null;
  readonly range: RangeSetting;
  /** What series may have against them, beside what the run accepts. */
  readonly accept?: string;
  readonly size?: ShardSize;
}

/** Columns of the scores of pictures. */
export const PICTURE_COLUMNS: readonly Column[] = [
  { name: 'score', type: 'number' },
  { name: 'abnormal', type: 'boolean' },
  ...(['scoreMax', 'scoreMean', 'mapLow', 'mapHigh', 'abnormalShare'] as const).map(asNumber),
  { name: 'decision', type: 'text' },
  ...(['pValue', 'probability', 'markedShare'] as const).map(asNumber),
  { name: 'error', type: 'text' },
];

/** Columns of the scores of volumes: those of the volume with the highest score, where an input has several. */
export const VOLUME_COLUMNS: readonly Column[] = [
  { name: 'score', type: 'number' },
  { name: 'abnormal', type: 'boolean' },
  { name: 'volume', type: 'text' },
  ...(['volumes', 'scored', 'slice'] as const).map(asNumber),
  { name: 'place', type: 'text' },
  { name: 'millilitres', type: 'number' },
  { name: 'window', type: 'text' },
  { name: 'remarks', type: 'text' },
  { name: 'error', type: 'text' },
];

/** The weights in the folder of a plan: with it and the model a worker has all. */
export const ADAPTERS = 'adapters.safetensors';

/**
 * Plans the scoring of an archive: lists the inputs once, cuts them into shards, patients whole, and puts the trained weights beside them.
 * Scores of an image must not depend on the others, as which are together is a matter of the plan.
 * @throws FusionclipError `usage` for settings whose scores do, and as listing and opening do
 */
export async function planArchive(fs: FileSystem, request: ArchiveRequest): Promise<Plan> {
  const { out, sources, threshold = null, at = null, range, accept = '', size } = request;
  parseAccept(accept); // a word that is none is found now
  const path = await adaptersPath(fs, request.adapters);
  const file = await openAdapters(fs, path);
  const { header } = file;
  requireAlone(header.fusion, request.adapters);
  worthOf(file, { threshold, at }); // a threshold that cannot be met is found now
  const model = request.model ?? header.model.name;
  asTrained(header.model, await openModel(fs, model), path);
  const weights = await fs.readFile(path);
  const adapters = await sha256(weights);
  const volumes = await listsVolumes(fs, sources);
  const head: PlanHead = {
    plan: volumes ? 'volumes' : 'archive',
    config: { adapters, model: header.model.hash, threshold, at, range, ...(accept !== '' && { accept }) },
    places: {
      model: typeof model === 'string' ? await wholePath(fs, model) : model.identity.name,
      root: request.root === null ? '' : await wholePath(fs, request.root),
    },
    columns: [...(volumes ? VOLUME_COLUMNS : PICTURE_COLUMNS)],
    sorted: true,
  };
  return writePlan(fs, out, head, request.root === null ? listInputs(fs, request) : belowRoot(fs, request), {
    size,
    weights,
  });
}

/**
 * Sorts inputs, each once, cuts them into shards and writes the plan; what is in memory (`most` as {@link LineSorter} takes it) does
 * not grow with their number.
 * @throws FusionclipError `bad_data` where there is none, or one is two patients', and as `PlanWriter`, `ShardCutter` and the listing do
 */
export async function writePlan(
  fs: FileSystem,
  out: string,
  head: PlanHead,
  listed: AsyncIterable<readonly Input[]>,
  { size = SHARD_SIZE, weights = null, most }: { size?: ShardSize; weights?: Uint8Array | null; most?: number } = {},
): Promise<Plan> {
  const writer = await PlanWriter.open(fs, out, head);
  const sorter = new LineSorter(fs, joinPath(out, SORT), most);
  const once = new PathsOnce(fs, joinPath(out, SORT, 'paths'));
  try {
    let count = 0;
    let areKnown = false;
    for await (const inputs of listed) {
      for (const input of inputs) {
        areKnown ||= input.patient !== '';
        if (sorter.add(inputLine(input))) await sorter.spill();
      }
      count += inputs.length;
    }
    if (count === 0) throw new FusionclipError('bad_data', 'There is nothing to score; give another path.');
    const cutter = new ShardCutter(size);
    for await (const lines of sorter.sorted()) {
      for (const line of lines) {
        const shard = cutter.add(line, inputOfLine(line));
        if (shard) await writer.add(shard);
        if (areKnown) await once.add(line);
      }
    }
    for (const shard of cutter.end()) await writer.add(shard);
    await once.check();
    await once.close();
    await sorter.close();
    if (weights) await fs.writeFile(joinPath(out, ADAPTERS), weights);
    return await writer.close(sorter.duplicates);
  } catch (error) {
    // What has failed a disk may fail these too, each by itself; what came first is the news.
    await once.close().catch(() => {});
    await sorter.close().catch(() => {});
    await writer.abort().catch(() => {});
    throw error;
  }
}

/** As {@link listInputs}. @throws FusionclipError `usage` where nothing lies below the root, so that it would mean nothing */
async function* belowRoot(fs: FileSystem, request: ArchiveRequest): AsyncGenerator<Input[]> {
  let isBelow = false;
  for await (const inputs of listInputs(fs, request)) {
    isBelow ||= inputs.some(({ path }) => !isWhole(path));
    yield inputs;
  }
  if (isBelow) return;
  throw new FusionclipError('usage', `--root: no input lies below ${request.root}; correct it or leave it out.`);
}

/** Makes sure that the score of an image does not depend on the others. @throws FusionclipError `usage` */
export function requireAlone(fusion: FusionOptions, run: string): void {
  if (!dependsOnSet(fusion)) return;
  const text = `${run} rescales scores by the extremes of the images that are scored together (fuse mvfa, score.cls april), so shards of an archive would not compare; train with --fuse calib or mean.`;
  throw new FusionclipError('usage', text);
}

/** A path that is the same from every working folder; a name of a model stays. */
export async function wholePath(fs: FileSystem, path: string): Promise<string> {
  return fs.absolutePath && (await fs.stat(path)) ? fs.absolutePath(path) : path;
}

function asNumber(name: string): Column {
  return { name, type: 'number' };
}
