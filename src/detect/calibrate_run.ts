import { counted } from '../base/counted.ts';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { sha256 } from '../data/audit/identical.ts';
import { rangeOf } from '../data/heat_map.ts';
import type { Sample } from '../data/layout/dataset.ts';
import { patientOfId } from '../data/layout/patients.ts';
import type { DataRules } from '../data/layout/rules.ts';
import { isAbnormalName } from '../data/layout/words.ts';
import { requireCases, requireShare } from '../decide/conformal.ts';
import {
  type DecisionRule,
  type DecisionWishes,
  type LabelledCase,
  makeDecisionRule,
  type NormalCase,
} from '../decide/decision_rule.ts';
import { imageFacts } from '../decide/image_facts.ts';
import { onDevice } from '../run/on_device.ts';
import type { TrainOptions } from '../run/options.ts';
import type { SliceRules } from '../volume/sliced_volume.ts';
import { volumesToScore } from '../volume/to_score.ts';
import type { AdapterFile } from './adapters_file.ts';
import type { SourceOf } from './decider.ts';
import { RULE_KEY, scoringHash } from './decision_file.ts';
import { type KnownImage, knownClauses, knownImages } from './known_images.ts';
import { openData } from './open_data.ts';
import { otherNormalsText } from './other_normals.ts';
import { imagesToScore } from './predict.ts';
import { volumePaths } from './predict_volumes.ts';
import type { RunContext } from './run_context.ts';
import { dependsOnSet, ScoredSoFar } from './scoring.ts';
import { sliceSource } from './slice_source.ts';
import { sliced } from './sliced.ts';
import { openTensorFile, writeTensorFile } from './tensor_file.ts';
import { adaptersPath, TrainedDetector, type TrainedSource } from './trained.ts';
import { trainedOn } from './trained_on.ts';

/** Trained weights and the images that decisions are to be calibrated on. */
export interface CalibrateRequest extends Omit<TrainedSource, 'settings'>, DecisionWishes {
  /** Normal images that training has not seen: files, and folders that are searched at any depth. */
  readonly normals: readonly string[];
  /** A labelled data set that training has not seen, for the probability and a sensitivity; null for none. */
  readonly labelled: string | null;
  /** How the labelled set is read, where that is not as the run has it; `group` tells patients in both. */
  readonly rules?: Partial<DataRules>;
}

/** An image of a calibration, looked at and scored. */
interface SeenImage extends NormalCase {
  readonly path: string;
  /** SHA-256 of its file. */
  readonly file: string;
  /** As `imageKey` has it. */
  readonly key: string;
}

/**
 * Calibrates decisions on images that training has not seen, and stores the rule in the adapters file, in place of an older one.
 * @throws FusionclipError `bad_data` for too few images, with the number needed, and for images of the support set; `usage` for
 * settings whose scores depend on the other images
 */
export async function calibrateRun(context: RunContext, request: CalibrateRequest): Promise<DecisionRule> {
  const { fs } = context;
  const path = await adaptersPath(fs, request.adapters);
  const opened = await openTensorFile(fs, path, 'adapters');
  const { fusion, train, object } = opened.header;
  if (dependsOnSet(fusion)) {
    throw new FusionclipError(
      'usage',
      'With these settings (fuse mvfa, score.cls april) the score of an image depends on the images beside it, so it cannot be calibrated; train with others.',
    );
  }
  const trained = trainedOn(opened.header, request.rules?.window);
  const rules = { ...train, ...request.rules, trained };
  const given = await givenNormals(context, request.normals, rules, object);
  const { paths } = given;
  if (rules.group === null && paths.every((id) => given.sourceOf(id) === null)) tellPatients(context, paths);
  requireShare(request.alpha, 'alpha');
  if (request.sensitivity !== null) requireShare(request.sensitivity, 'sensitivity');
  refuseAbnormal(paths, request.normals);
  // Before any work is done.
  requireCases(paths.length, request.alpha);
  const set = request.labelled === null ? null : await sliced(context, request.labelled, rules);
  const labelled =
    set && (await openData(set.context, { path: request.labelled!, rules: set.rules, object, keeps: true }));
  labelled?.tell();
  const samples = labelled ? [...labelled.dataset.splits.valid, ...labelled.dataset.splits.test] : [];
  const progress = [new SeenSoFar(), new SeenSoFar()];
  const group = rules.group;
  const patientOf = patientOfId(group);
  const sourceOf: SourceOf = (id) => given.sourceOf(id) ?? { patient: patientOf(id), scanner: null };
  const sliceOf = sliceSource(set?.set?.volumes ?? null);
  return onDevice(context, async (working) => {
    const trained = await TrainedDetector.open(working, { adapters: path, model: request.model, decides: true });
    try {
      const normals = await seenImages({ ...working, fs: given.fs }, trained, paths, progress[0], sourceOf);
      const labelledFs = set?.context.fs ?? fs;
      const labelledPaths = samples.map((sample) => sample.path);
      const cases = await seenImages({ ...working, fs: labelledFs }, trained, labelledPaths, progress[1], sliceOf);
      refuseBoth(normals, progress[1].seen, samples);
      tellSeen(context, trained.file, normals, path);
      const other = otherNormalsText(
        trained.file,
        normals.map(({ score }) => score),
      );
      if (other) context.onEvent?.({ type: 'note', text: other });
      const labels = new Map(samples.map((sample) => [sample.path, sample]));
      const labelledCases = cases.map(({ path: of, score, file }) => {
        const { label, patient } = labels.get(of)!;
        return { score, label, patient, file };
      });
      const weights = await scoringHash(opened.header, trained.file.ranges, opened.tensors);
      const hash = await originHash(weights, normals, labelledCases);
      const images = [...normals, ...cases].map(({ key }) => key);
      const origin = { hash, weights, group, images: [...new Set(images)].sort() };
      const rule = makeDecisionRule(normals, labelled && labelledCases, request, origin);
      tellHighest(context, normals, rule);
      const { format: _, checksum: __, what: ___, header: ____, ...kept } = Object.fromEntries(opened.metadata);
      await writeTensorFile(fs, path, { what: 'adapters', header: opened.header }, [...opened.tensors], {
        ...kept,
        [RULE_KEY]: JSON.stringify(rule),
      });
      return rule;
    } finally {
      trained.release();
    }
  });
}

/** The normal images: pictures, or the slices of DICOM series and NIfTI volumes with their patients. */
async function givenNormals(
  context: RunContext,
  paths: readonly string[],
  rules: TrainOptions & SliceRules,
  object: string,
): Promise<{ readonly fs: FileSystem; readonly paths: readonly string[]; readonly sourceOf: SourceOf }> {
  const volumes = await volumePaths(context, paths);
  if (volumes.length === 0) {
    return { fs: context.fs, paths: await imagesToScore(context, paths), sourceOf: () => null };
  }
  const found = await volumesToScore(context.fs, volumes, rules, object);
  for (const text of found.notes) context.onEvent?.({ type: 'note', text });
  const sources = found.volumes.map(({ source: { patient, scanner }, stacks }) => ({ patient, scanner, stacks }));
  const slices = found.volumes.flatMap(({ stacks }) => stacks.flatMap(({ slices: all }) => all));
  return { fs: found.fs, paths: slices.filter((path) => path !== null), sourceOf: sliceSource(sources) };
}

/** What is done by now: when the device is lost, the work goes on behind it. */
class SeenSoFar extends ScoredSoFar {
  readonly seen: SeenImage[] = [];
  /** Images that the weights depend on. */
  readonly known: KnownImage[] = [];
}

/**
 * Scores images and looks at them; one that is there twice counts once, for it says nothing new.
 * @throws FusionclipError `bad_data` for images of the support set, and those that weights were chosen by
 */
async function seenImages(
  context: RunContext,
  trained: TrainedDetector,
  paths: readonly string[],
  soFar: SeenSoFar,
  sourceOf: SourceOf,
): Promise<SeenImage[]> {
  if (paths.length === 0) return [];
  const knownAs = knownImages({ ...trained.file, rule: null });
  const { seen, known } = soFar;
  await trained.score(context, paths, {
    soFar,
    keep: false,
    features: true,
    onScored: async ({ id, score, map, features, key }, image) => {
      const as = knownAs(key);
      if (as) known.push({ id, as });
      const file = await sha256((await context.fs.readFile(id)).slice());
      const { patient, scanner } = sourceOf(id) ?? { patient: null, scanner: null };
      const peak = rangeOf(map)[1];
      seen.push({ path: id, file, key: key!, score, peak, patient, ...imageFacts(image!, features, scanner) });
    },
  });
  refuseKnown(known);
  const keys = new Set<string>();
  const once = seen.filter(({ key }) => !keys.has(key) && keys.add(key));
  const twice = paths.length - once.length;
  if (twice > 0) {
    const text = `${twice} of the images ${twice === 1 ? 'is' : 'are'} there twice, pixel for pixel as the model sees them, and count once.`;
    context.onEvent?.({ type: 'note', text });
  }
  return once;
}

function refuseKnown(known: readonly KnownImage[]): void {
  const [clause] = knownClauses(known);
  if (clause) throw new FusionclipError('bad_data', `${clause}; leave them out.`);
}

/** Refuses an image that is normal in one place and labelled abnormal in another: one of them is wrong. */
function refuseBoth(normals: readonly SeenImage[], labelled: readonly SeenImage[], samples: readonly Sample[]): void {
  const ill = new Set(samples.filter(({ label }) => label === 1).map(({ path }) => path));
  const normal = new Map(
    [...labelled.filter(({ path }) => !ill.has(path)), ...normals].map((one) => [one.key, one.path]),
  );
  const both = labelled.find(({ key, path }) => ill.has(path) && normal.has(key));
  if (!both) return;
  throw new FusionclipError(
    'bad_data',
    `${normal.get(both.key)} is normal, and the same image is labelled abnormal as ${both.path}; take it out where it is wrong.`,
  );
}

/** Says so where names tell patients, and nobody asked for them: images of one patient are not as many cases. */
function tellPatients({ onEvent }: RunContext, paths: readonly string[]): void {
  const named = paths.map(patientOfId('auto')).filter((patient) => patient !== null);
  const patients = new Set(named).size;
  if (patients === named.length) return;
  const text = `By their names ${named.length} of the normal images may be of ${counted(patients, 'patient')} (--group auto); without that each image counts as a case of its own.`;
  onEvent?.({ type: 'note', text });
}

/** Says what is known, or not known, of normal images and the run. */
function tellSeen({ onEvent }: RunContext, { seen }: AdapterFile, normals: readonly SeenImage[], path: string): void {
  if (seen === null) {
    const text = `${path} was made before it was kept which images weights are chosen by, so whether some of these are among them is not known.`;
    onEvent?.({ type: 'note', text });
    return;
  }
  const test = new Set(seen.test);
  const count = normals.filter(({ key }) => test.has(key)).length;
  if (count === 0) return;
  const are =
    count === 1 ? 'One of the normal images is a test image' : `${count} of the normal images are test images`;
  const text = `${are} of the run: what eval and report say of the errors on the test images leaves them out.`;
  onEvent?.({ type: 'note', text });
}

/** Names the normal images that look most abnormal: an abnormal one among them costs sensitivity, and nobody else would find it. */
function tellHighest({ onEvent }: RunContext, normals: readonly SeenImage[], { alpha }: DecisionRule): void {
  const highest = [...normals]
    .sort((a, b) => b.score - a.score)
    .slice(0, Math.max(1, Math.min(3, alpha * normals.length)));
  const names = highest.map(({ path, score }) => `${path} (${score.toPrecision(4)})`).join(', ');
  const text = `The most abnormal looking of the normal images: ${names}. Look at them: an abnormal one among the normals hides others like it.`;
  onEvent?.({ type: 'note', text });
}

/** Refuses folders that say of themselves that they are not normal; what lies above the given ones says nothing of them. */
function refuseAbnormal(paths: readonly string[], given: readonly string[]): void {
  const above = (path: string) => {
    const root = given.find((one) => path === one || path.startsWith(one.endsWith('/') ? one : `${one}/`)) ?? '';
    return root.split('/').filter((part) => part !== '').length - 1;
  };
  const found = paths.find((path) => {
    const folders = path
      .split('/')
      .filter((part) => part !== '')
      .slice(0, -1);
    return folders.slice(Math.max(0, above(path))).some(isAbnormalName);
  });
  if (found === undefined) return;
  throw new FusionclipError(
    'bad_data',
    `${found} lies in a folder of abnormal images by its name, and a calibration takes normal ones; give the folder of these with --normals, and a labelled set with --labelled.`,
  );
}

async function originHash(
  weights: string,
  normals: readonly SeenImage[],
  labelled: readonly (LabelledCase & { readonly file: string })[],
): Promise<string> {
  const all = [
    ...normals.map(({ file }) => `normal ${file}`),
    ...labelled.map(({ label, file }) => `labelled ${label} ${file}`),
  ];
  return sha256(new TextEncoder().encode([weights, ...all.sort()].join('\n')));
}
