import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { sha256 } from '../data/audit/identical.ts';
import { rangeOf } from '../data/heat_map.ts';
import { patientOfId } from '../data/layout/patients.ts';
import type { DataRules } from '../data/layout/rules.ts';
import { isAbnormalName } from '../data/layout/words.ts';
import { requireCases } from '../decide/conformal.ts';
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
import { volumesToScore } from '../volume/to_score.ts';
import type { SourceOf } from './decider.ts';
import { RULE_KEY, scoringHash } from './decision_file.ts';
import { openData } from './open_data.ts';
import { pixelsOf } from './pictures.ts';
import { imagesToScore } from './predict.ts';
import { volumePaths } from './predict_volumes.ts';
import type { RunContext } from './run_context.ts';
import { dependsOnSet, ScoredSoFar } from './scoring.ts';
import { sliceSource } from './slice_source.ts';
import { sliced } from './sliced.ts';
import { imageHash } from './support_bank.ts';
import { openTensorFile, writeTensorFile } from './tensor_file.ts';
import { adaptersPath, TrainedDetector, type TrainedSource } from './trained.ts';

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
  const rules = { ...train, ...request.rules };
  const given = await givenNormals(context, request.normals, rules, object);
  const { paths } = given;
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
  const sliceOf = sliceSource(set?.volumes ?? null);
  return onDevice(context, async (working) => {
    const trained = await TrainedDetector.open(working, { adapters: path, model: request.model });
    try {
      const normals = await seenImages({ ...working, fs: given.fs }, trained, paths, progress[0], sourceOf);
      const labelledFs = set?.context.fs ?? fs;
      const labelledPaths = samples.map((sample) => sample.path);
      const cases = await seenImages({ ...working, fs: labelledFs }, trained, labelledPaths, progress[1], sliceOf);
      const labels = new Map(samples.map((sample) => [sample.path, sample]));
      const labelledCases = cases.map(({ path: of, score, file }) => {
        const { label, patient } = labels.get(of)!;
        return { score, label, patient, file };
      });
      const weights = await scoringHash(opened.header, trained.file.ranges, opened.tensors);
      const hash = await originHash(weights, normals, labelledCases);
      const rule = makeDecisionRule(normals, labelled && labelledCases, request, { hash, weights, group });
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
  rules: TrainOptions,
  object: string,
): Promise<{ readonly fs: FileSystem; readonly paths: readonly string[]; readonly sourceOf: SourceOf }> {
  const volumes = await volumePaths(context, paths);
  if (volumes.length === 0) {
    return { fs: context.fs, paths: await imagesToScore(context, paths), sourceOf: () => null };
  }
  const found = await volumesToScore(context.fs, volumes, rules, object);
  const sources = found.volumes.map(({ source: { patient, scanner }, stacks }) => ({ patient, scanner, stacks }));
  const slices = found.volumes.flatMap(({ stacks }) => stacks.flatMap(({ slices: all }) => all));
  return { fs: found.fs, paths: slices.filter((path) => path !== null), sourceOf: sliceSource(sources) };
}

/** What is done by now: when the device is lost, the work goes on behind it. */
class SeenSoFar extends ScoredSoFar {
  readonly seen: SeenImage[] = [];
  /** Images of the support set. */
  readonly known: string[] = [];
}

/**
 * Scores images and looks at them; the same bytes count once.
 * @throws FusionclipError `bad_data` for images of the support set
 */
async function seenImages(
  context: RunContext,
  trained: TrainedDetector,
  paths: readonly string[],
  soFar: SeenSoFar,
  sourceOf: SourceOf,
): Promise<SeenImage[]> {
  if (paths.length === 0) return [];
  const { framing } = trained.detector;
  const support = new Set(trained.file.bank.images);
  const { seen, known } = soFar;
  await trained.score(context, paths, {
    soFar,
    keep: false,
    features: true,
    onScored: async ({ id, score, map, features }, image) => {
      if (support.has(imageHash(pixelsOf(image!, framing)))) known.push(id);
      const file = await sha256((await context.fs.readFile(id)).slice());
      const { patient, scanner } = sourceOf(id) ?? { patient: null, scanner: null };
      seen.push({ path: id, file, score, peak: rangeOf(map)[1], patient, ...imageFacts(image!, features, scanner) });
    },
  });
  if (known.length > 0) throw knownImages(known);
  const files = new Set<string>();
  const once = seen.filter(({ file }) => !files.has(file) && files.add(file));
  const twice = paths.length - once.length;
  if (twice > 0) {
    const text = `${twice} of the images ${twice === 1 ? 'is' : 'are'} there twice, byte for byte, and count once.`;
    context.onEvent?.({ type: 'note', text });
  }
  return once;
}

function knownImages([first, ...more]: readonly string[]): FusionclipError {
  const are =
    more.length > 0
      ? `${more.length + 1} of the images (${first}, …) are support images`
      : `${first} is a support image`;
  return new FusionclipError(
    'bad_data',
    `${are} of the run: the weights are fitted to them, so their scores are not those of new images; leave them out.`,
  );
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
