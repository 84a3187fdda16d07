import { baseName, joinPath } from '../base/paths.ts';
import { VERSION } from '../base/version.ts';
import { objectName } from '../data/layout/object_name.ts';
import { openBackbone } from '../detect/backbone.ts';
import { PHANTOM_FAMILIES, phantom } from '../phantom/index.ts';
import { onDevice } from '../run/on_device.ts';
import type { TrainContext } from '../train/train_run.ts';
import { PHANTOM_SEED, phantomFolder, phantomPlace } from './phantom_sets.ts';
import { settingsFor } from './reproduction/rows.ts';
import { runStudy } from './run_study.ts';
import { describeStudyRun, type FailedStudyRun, type StudyRun } from './study_run.ts';
import { meanOver, type SummaryRow, summarise, summariseIntensity } from './summary.ts';
import { type NamedPicture, type NamingAccuracy, nameZeroShot } from './zero_shot_naming.ts';

/** What the embedded model is evaluated by. */
export interface EmbeddedRequest {
  /** Folder of the model. */
  readonly model: string;
  readonly out: string;
  readonly seeds: readonly number[];
  /** Phantom families. */
  readonly families: readonly string[];
  /** Other data sets (folders) that stand in a table of their own. */
  readonly also: readonly string[];
  readonly shots: number;
  /** Pictures of each phantom set in `valid` and `test`, half of them diseased. */
  readonly valid: number;
  readonly test: number;
  /** Other methods that stand in the table, by name; settings that mean nothing to one are left out for it. */
  readonly methods: readonly string[];
  /** Settings of every run, by name, on top of those that suit the model. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A bound and what was reached. */
export interface Goal {
  readonly what: string;
  readonly bound: number;
  readonly reached: number;
  readonly met: boolean;
}

/** `embedded.json`. */
export interface EmbeddedResults {
  readonly fusionclip: string;
  readonly model: { readonly name: string; readonly hash: string };
  readonly adapter: string;
  readonly seeds: readonly number[];
  readonly shots: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly naming: NamingAccuracy;
  /** On phantoms. */
  readonly rows: readonly SummaryRow[];
  /** On the other sets. */
  readonly others: readonly SummaryRow[];
  readonly goals: readonly Goal[];
  readonly failed: readonly { readonly run: string; readonly reason: string }[];
}

/** The method itself, in tables. */
export const METHOD = 'FusionCLIP-AD';
/** The control: the same method on a model of the same shape whose weights were never trained. */
export const CONTROL = 'random weights';

/** The model that comes with the program (`models/tiny-clip/`), as `--model` knows it. */
export const EMBEDDED_MODEL = 'tiny-clip';
/** One that comes with the program too and has seen nothing medical. */
export const NATURAL_MODEL = 'tiny-clip-natural';
/** All models that come with the program. */
export const EMBEDDED_MODELS: readonly string[] = [EMBEDDED_MODEL, NATURAL_MODEL];

/** What is compared with the method, as changes of its settings. */
const VARIANTS: readonly { readonly method: string; readonly settings: Readonly<Record<string, string>> }[] = [
  { method: METHOD, settings: {} },
  { method: CONTROL, settings: {} },
  { method: 'fixed prompt', settings: { prompt: 'fixed' } },
  { method: 'single fusion', settings: { branches: 'gal' } },
  { method: 'single patch', settings: { branches: 'loc' } },
];

/** Pictures of each family for the naming. */
const NAMED = 60;

/**
 * Evaluates a model by few-shot anomaly detection on phantoms that it has never seen, beside controls, and by naming what
 * they show. Goes on where an earlier call with the same arguments was interrupted.
 * @throws FusionclipError `interrupted`, `device_lost`, and `bad_model` for a model that cannot be opened
 */
export async function studyEmbedded(
  context: TrainContext,
  adapter: string,
  request: EmbeddedRequest,
): Promise<EmbeddedResults> {
  const { fs, onEvent = () => {} } = context;
  const backbone = await openBackbone(fs, request.model);
  const naming = await onDevice(context, (working) => nameFamilies(working, backbone, request.families));
  onEvent({
    type: 'note',
    text: `Zero-shot naming: ${(100 * naming.accuracy).toFixed(1)} % of ${naming.images} phantoms.`,
  });
  const runs: StudyRun[] = [];
  for (const seed of request.seeds) {
    for (const family of request.families) {
      const parent = phantomPlace(request.out, request, seed);
      const data = await phantomFolder(context, parent, request, family, PHANTOM_SEED + seed);
      runs.push(...runsOf(request, family, data, seed));
    }
  }
  const others = request.seeds.flatMap((seed) =>
    request.also.flatMap((data) => runsOf(request, baseName(data), data, seed)),
  );
  // All variants of a set stand together in the table, and the plain method comes first in the run.
  const order = (a: StudyRun, b: StudyRun) => methodIndex(request, a) - methodIndex(request, b);
  const outcome = await runStudy(context, [...runs.sort(order), ...others.sort(order)], joinPath(request.out, 'runs'));
  if (outcome.stopped) throw outcome.stopped;
  const own = (of: readonly StudyRun[]) => outcome.finished.filter(({ run }) => of.includes(run));
  const table = (of: readonly StudyRun[]) => [...summarise(own(of)), ...summariseIntensity(own(of), METHOD)];
  const rows = table(runs);
  const results: EmbeddedResults = {
    fusionclip: VERSION,
    model: { name: request.model, hash: backbone.identity.hash },
    adapter,
    seeds: request.seeds,
    shots: request.shots,
    settings: settingsOf(request),
    naming,
    rows,
    others: table(others),
    goals: goalsOf(rows, naming),
    failed: outcome.failed.map(failure),
  };
  await fs.writeFile(joinPath(request.out, 'embedded.json'), `${JSON.stringify(results, null, 2)}\n`);
  return results;
}

function settingsOf({ shots, settings }: EmbeddedRequest): Record<string, string> {
  return { 'map.files': 'none', shots: String(shots), ...settings };
}

function runsOf(request: EmbeddedRequest, set: string, data: string, seed: number): StudyRun[] {
  const shared = settingsOf(request);
  const own = VARIANTS.map(({ method, settings }) => ({ method, settings: { ...shared, ...settings } }));
  const others = request.methods.map((method) => ({ method, settings: { ...settingsFor(method, shared), method } }));
  return [...own, ...others].map(({ method, settings }) => ({
    set,
    method,
    seed,
    data,
    model: method === CONTROL ? `random:${request.model}:${seed}` : request.model,
    settings,
  }));
}

function methodIndex({ methods }: EmbeddedRequest, { method }: StudyRun): number {
  return [...VARIANTS.map((variant) => variant.method), ...methods].indexOf(method);
}

/** Zero-shot naming on phantoms of a seed that nothing else uses, healthy and diseased ones in turn. */
async function nameFamilies(
  { gpu, onEvent }: TrainContext,
  backbone: Parameters<typeof nameZeroShot>[1],
  families: readonly string[],
): Promise<NamingAccuracy> {
  const nameOf = (family: string) => objectName(PHANTOM_FAMILIES[family].dataset);
  const pictures = families.flatMap((family): NamedPicture[] =>
    Array.from({ length: NAMED }, (_, i) => ({
      image: phantom(family, PHANTOM_SEED, i, { abnormal: i % 2 === 1 }).image,
      name: nameOf(family),
    })),
  );
  const names = [...new Set(Object.keys(PHANTOM_FAMILIES).map(nameOf))];
  return nameZeroShot(gpu, backbone, pictures, names, (done, total) =>
    onEvent?.({ type: 'stage', what: 'pictures named', done, total }),
  );
}

function goalsOf(rows: readonly SummaryRow[], naming: NamingAccuracy): Goal[] {
  const own = rows.filter(({ method }) => method === METHOD);
  const goal = (what: string, bound: number, reached: number): Goal => ({
    what,
    bound,
    reached,
    met: reached >= bound,
  });
  const control = rows.filter(({ method }) => method === CONTROL);
  const better = own.filter(({ set, imageAuroc }) => {
    const other = control.find((row) => row.set === set);
    return other !== undefined && imageAuroc.mean > other.imageAuroc.mean + MARGIN;
  });
  return [
    goal('zero-shot naming, accuracy', 0.95, naming.accuracy),
    goal('image AUROC, mean over the families', 0.9, meanOver(own, 'imageAuroc')),
    goal('pixel AUROC, mean over the families with masks', 0.95, meanOver(own, 'pixelAuroc')),
    goal('AUPRO, mean over the families with masks', 0.75, meanOver(own, 'aupro')),
    goal(`families with an image AUROC ${MARGIN} above random weights`, Math.floor(own.length / 2) + 1, better.length),
  ];
}

/** What counts as clearly better than the control. */
const MARGIN = 0.05;

function failure({ run, reason }: FailedStudyRun): { run: string; reason: string } {
  return { run: describeStudyRun(run), reason };
}
