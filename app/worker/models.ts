import { FusionclipError } from '../../src/base/errors.ts';
import { joinPath } from '../../src/base/paths.ts';
import type { ClipWeights } from '../../src/clip/weights.ts';
import type { Backbone } from '../../src/detect/backbone.ts';
import type { RunContext } from '../../src/detect/index.ts';
import type { ModelChoice } from '../protocol/calls.ts';
import { KEPT, type PageFiles } from './files.ts';
import { keptSum } from './kept_sum.ts';

/** Of the model that comes with the page, and where it lies once it was fetched. */
const EMBEDDED_MODEL = 'tiny-clip';
const EMBEDDED = `@embedded/${EMBEDDED_MODEL}`;

/** Address of each of its files; empty when the page was built without it. */
const FILES = import.meta.glob<string>('../../models/tiny-clip/*.{json,txt,safetensors}', {
  query: '?url',
  import: 'default',
  eager: true,
});

/** What is counted of a model of the user's while it is read. */
export const TENSORS = 'tensors of the model';

/** What is counted of it while it is loaded. */
export const LOADED = 'tensors that are loaded';

/** Where models lie that the user brought. */
export const OWN = `${KEPT}/models`;

/** In the folder of a model that is not whole: what was broken off, by a closed page too, is never taken for a model. */
export const PART = 'in part';

/** The models that this page can use: those that come with it, the best first, and the user's. */
export async function modelChoices(files: PageFiles): Promise<ModelChoice[]> {
  const random = { name: 'generated:T:1', title: 'Random weights (small; to try the page)', bytes: null, part: false };
  const embedded = { name: EMBEDDED_MODEL, title: `${EMBEDDED_MODEL} (embedded)`, bytes: null, part: false };
  const out: ModelChoice[] = Object.keys(FILES).length === 0 ? [random] : [embedded, random];
  if (!(await files.stat(OWN))) return out;
  for (const { name } of await files.list(OWN)) {
    const path = joinPath(OWN, name);
    const part = (await files.stat(joinPath(path, PART))) !== null;
    const title = part ? name : await titleOf(files, path, name);
    out.push({ name, title, bytes: await files.size(path), part });
  }
  return out;
}

/**
 * Opens a generated model, the embedded one, which is fetched from the page's own origin at its first use, or one of the
 * user's.
 * @throws FusionclipError `bad_model` for a model that the page has not, `io`
 */
export async function openModel(
  files: PageFiles,
  name: string,
  { signal, onEvent }: Pick<RunContext, 'signal' | 'onEvent'>,
): Promise<Backbone> {
  const [{ openBackbone }, { clipShapes }] = await Promise.all([
    import('../../src/detect/backbone.ts'),
    import('../../src/clip/names.ts'),
  ]);
  if (name.startsWith('generated:')) return openBackbone(files, name);
  const own = joinPath(OWN, name);
  if ((await files.stat(own)) && !(await files.stat(joinPath(own, PART)))) {
    const onProgress = (done: number, total: number) => onEvent?.({ type: 'stage', what: TENSORS, done, total });
    const backbone = await openBackbone(files, own, signal, onProgress, keptSum(files, own));
    const loaded = (done: number, total: number) => onEvent?.({ type: 'stage', what: LOADED, done, total });
    const weights = counted(backbone.weights, clipShapes(backbone.weights.config).size, loaded);
    return { ...backbone, weights, identity: { ...backbone.identity, name } };
  }
  if (name !== EMBEDDED_MODEL || Object.keys(FILES).length === 0) {
    throw new FusionclipError(
      'bad_model',
      `These adapters were trained on ${name}, which this page has not; add that model in the field “Model” first.`,
    );
  }
  if (!(await files.stat(EMBEDDED))) {
    const fetched = await Promise.all(
      Object.entries(FILES).map(async ([path, address]) => [path, await download(address)] as const),
    );
    for (const [path, blob] of fetched)
      files.memory.put(joinPath(EMBEDDED, path.slice(path.lastIndexOf('/') + 1)), blob);
  }
  const backbone = await openBackbone(files, EMBEDDED, signal);
  return { ...backbone, identity: { ...backbone.identity, name } };
}

/** Weights that tell which of the tensors have been read; those read again begin a new count, as a new device has them. */
function counted(weights: ClipWeights, total: number, onRead: (done: number, total: number) => void): ClipWeights {
  const names = new Set<string>();
  return {
    config: weights.config,
    read: async (name) => {
      const values = await weights.read(name);
      if (names.has(name)) names.clear();
      onRead(names.add(name).size, total);
      return values;
    },
    readRows: (name, rows) => weights.readRows(name, rows),
  };
}

/** Removes a model of the user's. */
export async function deleteModel(files: PageFiles, name: string): Promise<void> {
  await files.remove(joinPath(OWN, name));
}

async function titleOf(files: PageFiles, path: string, name: string): Promise<string> {
  try {
    const { openClipModel } = await import('../../src/clip/model_file.ts');
    const model = await openClipModel(files, path);
    const { layers, width, patch } = model.config.vision;
    model.close();
    return `${name} (${layers} ${layers === 1 ? 'layer' : 'layers'} of ${width}, patch ${patch})`;
  } catch (error) {
    if (error instanceof FusionclipError) return `${name} (cannot be read)`;
    throw error;
  }
}

async function download(address: string): Promise<Blob> {
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return await answer.blob();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FusionclipError('io', `The model could not be loaded (${reason}); load the page again.`, { cause });
  }
}
