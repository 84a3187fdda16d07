import { FusionclipError } from '../../src/base/errors.ts';
import { joinPath } from '../../src/base/paths.ts';
import type { Backbone } from '../../src/detect/backbone.ts';
import type { GivenFile, ModelChoice } from '../protocol.ts';
import { KEPT, type PageFiles } from './files.ts';

/** Of the model that comes with the page, and where it lies once it was fetched. */
const EMBEDDED_MODEL = 'tiny-clip';
const EMBEDDED = `@embedded/${EMBEDDED_MODEL}`;

/** Address of each of its files; empty when the page was built without it. */
const FILES = import.meta.glob<string>('../../models/tiny-clip/*.{json,txt,safetensors}', {
  query: '?url',
  import: 'default',
  eager: true,
});

/** Where models lie that the user brought. */
const OWN = `${KEPT}/models`;

/** Where a model lies until it is known to be one. */
const NEW = '@new';

/** Bytes that are copied at a time. */
const SLICE = 8 * 2 ** 20;

/** The models that this page can use: those that come with it, the best first, and the user's. */
export async function modelChoices(files: PageFiles): Promise<ModelChoice[]> {
  const random = { name: 'generated:T:1', title: 'Random weights (small; to try the page)', bytes: null };
  const embedded = { name: EMBEDDED_MODEL, title: `${EMBEDDED_MODEL} (embedded)`, bytes: null };
  const out: ModelChoice[] = Object.keys(FILES).length === 0 ? [random] : [embedded, random];
  if (!(await files.stat(OWN))) return out;
  for (const { name } of await files.list(OWN)) {
    const path = joinPath(OWN, name);
    out.push({ name, title: await titleOf(files, path, name), bytes: await files.size(path) });
  }
  return out;
}

/**
 * Opens a generated model, the embedded one, which is fetched from the page's own origin at its first use, or one of the
 * user's.
 * @throws FusionclipError `bad_model` for a model that the page has not, `io`
 */
export async function openModel(files: PageFiles, name: string, signal?: AbortSignal): Promise<Backbone> {
  const { openBackbone } = await import('../../src/detect/backbone.ts');
  if (name.startsWith('generated:')) return openBackbone(files, name);
  const own = joinPath(OWN, name);
  if (await files.stat(own)) {
    const backbone = await openBackbone(files, own, signal);
    return { ...backbone, identity: { ...backbone.identity, name } };
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

/**
 * Checks a model and stores it: a safetensors file, or the files of a model folder, sharded or not.
 * @param given name of the file or folder
 * @returns the name that it has from now on
 * @throws FusionclipError `bad_model` for anything but a CLIP model, and `io`, above all when the storage is full
 */
export async function addModel(
  files: PageFiles,
  given: string,
  list: readonly GivenFile[],
  onProgress: (done: number, total: number) => void,
): Promise<string> {
  const name = given.replace(/\.safetensors$/, '').replace(/[/\\]/g, '-');
  const same = (await modelChoices(files)).find((choice) => choice.name === name);
  if (same) {
    const way = same.bytes === null ? 'it comes with the page: rename the new one' : 'delete it, or rename the new one';
    throw new FusionclipError('usage', `There is a model called ${name} already; ${way}.`);
  }
  const single = list.length === 1 && list[0].path.endsWith('.safetensors');
  const named = single ? [{ path: 'model.safetensors', blob: list[0].blob }] : list;
  await files.remove(NEW);
  for (const { path, blob } of named) files.memory.put(joinPath(NEW, name, path), blob);
  const target = joinPath(OWN, name);
  try {
    const { openBackbone } = await import('../../src/detect/backbone.ts');
    await openBackbone(files, joinPath(NEW, name));
    const total = named.reduce((sum, { blob }) => sum + blob.size, 0);
    let done = 0;
    for (const { path, blob } of named) {
      const writer = await files.createWriter(joinPath(target, path));
      for (let at = 0; at < blob.size; at += SLICE) {
        await writer.write(new Uint8Array(await blob.slice(at, at + SLICE).arrayBuffer()));
        onProgress(Math.min(total, done + at + SLICE), total);
      }
      await writer.close();
      done += blob.size;
    }
  } catch (error) {
    await files.remove(target);
    if (!single || !(error instanceof FusionclipError)) throw error;
    // Said of the file as its user knows it.
    const message = error.message.replaceAll(joinPath(NEW, name, named[0].path), list[0].path);
    throw new FusionclipError(error.code, message, { cause: error });
  } finally {
    await files.remove(NEW);
  }
  return name;
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
