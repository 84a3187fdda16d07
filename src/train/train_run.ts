import { keptPath } from '../base/address.ts';
import { FusionclipError } from '../base/errors.ts';
import { joinPath } from '../base/paths.ts';
import type { Inventory } from '../data/layout/inventory.ts';
import { asTrained, type ModelSource, openModel } from '../detect/backbone.ts';
import { requireMapNames } from '../detect/map_names.ts';
import { dataJson, openData } from '../detect/open_data.ts';
import { openDetector } from '../detect/run_context.ts';
import { looksOfRun } from '../detect/run_looks.ts';
import { refuseRulesOfVolumes, requireWholeVolumes, sliced } from '../detect/sliced.ts';
import { chooseShots, readSupport, type Support } from '../detect/support.ts';
import type { RunListener } from '../run/events.ts';
import { type FolderLock, LOCK } from '../run/lock.ts';
import { chooseSettings, settingsLine } from '../run/model_settings.ts';
import { onDevice } from '../run/on_device.ts';
import { headerJson, type RunConfig, runSettings } from '../run/run_config.ts';
import { RunFolder } from '../run/run_folder.ts';
import { STORED_SHOTS, STORED_SOURCE } from '../run/stored.ts';
import { acquiredOf } from '../volume/acquired.ts';
import { lastState, resumable, resumeAdvice, takeFolder } from './broken_run.ts';
import { finishRun, type TrainContext, type TrainOutcome } from './finish_run.ts';
import { sameShots, shotsJson } from './provenance.ts';
import { itemsOf } from './shared_step.ts';

export type { TrainContext, TrainOutcome } from './finish_run.ts';

/** A training run. */
export interface TrainRequest {
  /** Folder of the data set. */
  readonly data: string;
  /** A safetensors file, a folder, `generated:NAME:SEED`, `random:PATH:SEED`, or an open model. */
  readonly model: ModelSource;
  /** Run folder to be made. */
  readonly out: string;
  /** Settings by name, as texts: `FUSION_OPTIONS` and `TRAIN_OPTIONS` say which there are. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether a run that lies in `out` may be replaced. */
  readonly force?: boolean;
  /** In place of the settings' `map.files`, for this run alone. */
  readonly maps?: 'npy' | 'png16' | 'none';
  /** Ids of the test images whose maps are written; all by default. */
  readonly mapsOf?: readonly string[];
}

/**
 * Trains on few images of a data set, chooses weights, evaluates them on the test split, and writes a run folder. Nothing
 * is written before data, model and settings are known to be good. When the device is lost, the run goes on from its last
 * checkpoint on a new one, to the same bits.
 * @throws FusionclipError of every code; `interrupted` after a checkpoint was written; `usage` when another process writes
 * to the folder
 */
export async function trainRun(context: TrainContext, request: TrainRequest): Promise<TrainOutcome> {
  const { fs } = context;
  const { out, force = false } = request;
  try {
    await RunFolder.check(fs, out, force);
  } catch (error) {
    // What another process writes to is refused as that: going on with it, or replacing it, is no help.
    if (await fs.stat(joinPath(out, LOCK))) await (await takeFolder(context, out)).release();
    throw error;
  }
  let lock: FolderLock | null = null;
  let begun = false;
  const enter = async (header: RunConfig, support: Support, inventory: Inventory): Promise<RunFolder> => {
    lock ??= await takeFolder(context, out);
    // Another process may have been there meanwhile.
    await RunFolder.check(fs, out, force);
    const folder = await RunFolder.create(fs, out);
    await folder.writeJson('config.json', headerJson(header));
    await folder.writeJson('shots.json', await shotsJson(support, header));
    await fs.writeFile(folder.file('data.json'), dataJson(inventory));
    begun = true;
    return folder;
  };
  const work = (working: TrainContext) => (begun ? goOn(working, out, request) : begin(working, request, enter));
  try {
    return await onDevice(context, work, () => (begun ? resumeAdvice(out) : 'run again, or with smaller batches'));
  } catch (error) {
    throw begun ? resumable(error, out) : error;
  } finally {
    await (lock as FolderLock | null)?.release();
  }
}

/** A run from its start. @param enter makes the folder, when everything is known to be good */
async function begin(
  outer: TrainContext,
  request: TrainRequest,
  enter: (header: RunConfig, support: Support, inventory: Inventory) => Promise<RunFolder>,
): Promise<TrainOutcome> {
  const given = request.settings ?? {};
  // How data are read no model has a say in.
  const asked = runSettings(given);
  const { context, rules, volumes, set } = await sliced(outer, request.data, asked.train);
  if (!set) refuseRulesOfVolumes(asked.train);
  const { fs } = context;
  const object = asked.fusion['prompt.object'];
  const { dataset, inventory, grey, images, tell } = await openData(context, {
    path: request.data,
    rules,
    object: object === 'auto' ? undefined : object,
  });
  requireWholeVolumes(volumes, dataset);
  const maps = request.maps ?? asked.train['map.files'];
  requireMapNames(
    dataset.splits.test.map(({ id }) => id),
    joinPath(request.out, 'maps'),
    maps,
  );
  const shots = await chooseShots(fs, dataset, asked.train);
  const backbone = await openModel(fs, request.model, context.signal);
  const chosen = chooseSettings(backbone.defaults, given);
  const { settings, sources } = chosen;
  const support = await readSupport(fs, shots, { ...settings.fusion, grey }, settings.train.seed);
  const header: RunConfig = {
    ...settings,
    // Volumes are gone by patient where nothing else is said, and by one window, in whatever is made of the run.
    train: { ...settings.train, group: rules.group, window: rules.window },
    sources,
    kind: dataset.kind,
    object: inventory.object,
    model: backbone.identity,
    data: { path: keptPath(request.data), name: dataset.name },
    grey,
    ...(set && {
      window: { asked: asked.train.window, from: set.window.from },
      acquired: acquiredOf(set.volumes),
    }),
  };
  const items = itemsOf(support, settings, backbone);
  // Everything that can be refused is refused before an older run is removed.
  const detector = await openDetector(context, header, backbone);
  try {
    tell();
    const onEvent = listener(context);
    onEvent({ type: 'note', text: settingsLine(chosen, backbone.identity.name) });
    const folder = await enter(header, support, inventory);
    const { mapsOf } = request;
    const work = { context, folder, maps, mapsOf, onEvent };
    const looks = set ? null : looksOfRun({ dataset, images, grey });
    const run = { ...work, header, backbone, dataset, inventory, looks, support, volumes, items, detector };
    return await finishRun(run, null);
  } finally {
    detector.release();
  }
}

/** What may be said anew when a run goes on. */
export type ResumePlaces = Partial<Pick<TrainRequest, 'data' | 'model' | 'maps' | 'mapsOf'>>;

/**
 * Goes on with a run that was interrupted; the result has the same bits as that of an unbroken run.
 * @param places where data and model lie now, if they were moved; `maps` as in {@link TrainRequest}
 * @throws FusionclipError as {@link trainRun}; `usage` when the run is finished
 */
export async function resumeRun(context: TrainContext, out: string, places: ResumePlaces = {}): Promise<TrainOutcome> {
  await RunFolder.open(context.fs, out);
  const lock = await takeFolder(context, out);
  try {
    return await onDevice(
      context,
      (working) => goOn(working, out, places),
      () => resumeAdvice(out),
    );
  } catch (error) {
    throw resumable(error, out);
  } finally {
    await lock.release();
  }
}

/** A run from its last checkpoint. */
async function goOn(outer: TrainContext, out: string, places: ResumePlaces): Promise<TrainOutcome> {
  const { folder, header: old, finished } = await RunFolder.open(outer.fs, out);
  if (finished) {
    const has = (await outer.fs.stat(folder.file('report.html'))) !== null;
    const how = `fusionclip report ${out} makes ${has ? 'its report again' : 'its report, which is missing'}`;
    throw new FusionclipError('usage', `${out} holds a finished run; there is nothing to resume (${how}).`);
  }
  const backbone = asTrained(old.model, await openModel(outer.fs, places.model ?? old.model.name, outer.signal), out);
  const path = places.data ?? old.data.path;
  const { context, rules, volumes, set } = await sliced(outer, path, old.train);
  const train = { ...old.train, group: rules.group, window: rules.window };
  const header: RunConfig = { ...old, train, data: { ...old.data, path: keptPath(path) } };
  const { fs } = context;
  const { dataset, inventory, grey, images, tell } = await openData(context, {
    path,
    rules,
    object: header.object,
    keeps: true,
    grey: header.grey,
    of: out,
  });
  const shots = await chooseShots(fs, dataset, header.train);
  const support = await readSupport(fs, shots, { ...header.fusion, grey: header.grey }, header.train.seed);
  const drawn = await folder.readJson('shots.json', STORED_SHOTS);
  // A run that was ended before its first file was whole has no list yet.
  if (drawn === null) await folder.writeJson('shots.json', await shotsJson(support, header));
  else if (!(await sameShots(drawn, support, header))) {
    throw new FusionclipError(
      'bad_data',
      `${header.data.path} is not the data set that ${out} was started with: its support images differ in names or pixels; give the old one.`,
    );
  }
  const onEvent = listener(context);
  const state = await lastState(fs, folder, header, onEvent);
  const items = itemsOf(support, header, backbone);
  const detector = await openDetector(context, header, backbone);
  try {
    tell();
    // Where the object's name came from at first: going on changes nothing in what a run leaves.
    const before = await folder.readJson('data.json', STORED_SOURCE);
    await fs.writeFile(folder.file('data.json'), dataJson({ ...inventory, from: before?.from ?? inventory.from }));
    const missing = await folder.metrics.keep(state?.lines ?? 0);
    if (missing > 0) {
      const text = `${folder.metrics.path} was cut short: ${missing} of its lines are missing, and so are their steps in the report.`;
      onEvent({ type: 'note', text });
    }
    const { mapsOf, maps = header.train['map.files'] } = places;
    const work = { context, folder, maps, mapsOf, onEvent };
    const looks = set ? null : looksOfRun({ dataset, images, grey });
    const run = { ...work, header, backbone, dataset, inventory, looks, support, volumes, items, detector };
    return await finishRun(run, state);
  } finally {
    detector.release();
  }
}

function listener({ onEvent }: TrainContext): RunListener {
  return onEvent ?? (() => {});
}
