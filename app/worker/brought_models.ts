/** Models that the user brings: from a disk, or from a hub where the page's policy lets it reach one. */
import { FusionclipError } from '../../src/base/errors.ts';
import { joinPath } from '../../src/base/paths.ts';
import type { SumKeeper } from '../../src/detect/backbone.ts';
import type { GivenFile } from '../protocol/images.ts';
import type { PageFiles } from './files.ts';
import { keptSum } from './kept_sum.ts';
import { modelChoices, OWN, PART, TENSORS } from './models.ts';
import { withinPolicy } from './policy.ts';

/** Makes a listener for the progress of some work. */
type Stage = (what: string) => (done: number, total: number) => void;

/** Where a model lies until it is known to be one. */
const NEW = '@new';

/** Bytes that are copied at a time. */
const SLICE = 8 * 2 ** 20;

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
  stage: Stage,
  signal: AbortSignal,
): Promise<string> {
  const single = list.length === 1 && list[0].path.endsWith('.safetensors');
  const named = single ? [{ path: 'model.safetensors', blob: list[0].blob }] : list;
  return stored(files, given.replace(/\.safetensors$/, ''), async (name, target) => {
    await files.remove(NEW);
    for (const { path, blob } of named) files.memory.put(joinPath(NEW, name, path), blob);
    try {
      const { openBackbone } = await import('../../src/detect/backbone.ts');
      let found: Parameters<SumKeeper['put']> | null = null;
      const sums: SumKeeper = {
        get: async () => null,
        put: async (...sum) => {
          found = sum;
        },
      };
      await openBackbone(files, joinPath(NEW, name), signal, stage(TENSORS), sums);
      // What another attempt has left may be of another model.
      await files.remove(target);
      await begin(files, target);
      const total = named.reduce((sum, { blob }) => sum + blob.size, 0);
      const onProgress = stage('bytes of the model');
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
      if (found) await keptSum(files, target).put(...(found as Parameters<SumKeeper['put']>));
    } catch (error) {
      await files.remove(target);
      if (!single || !(error instanceof FusionclipError)) throw error;
      // Said of the file as its user knows it.
      const message = error.message.replaceAll(joinPath(NEW, name, named[0].path), list[0].path);
      throw new FusionclipError(error.code, message, { cause: error });
    } finally {
      await files.remove(NEW);
    }
  });
}

/**
 * Fetches a model of a hub into the page's storage, and checks it. What has come stays when it is broken off, listed as a
 * part, and the same name goes on with it.
 * @param hub address of the hub, which the page's policy has to name
 * @param text `ORG/NAME`, `ORG/NAME@REVISION`, or an address of the hub
 * @returns the name that it has from now on
 * @throws FusionclipError `usage`, `io`, `bad_model` for anything but a CLIP model
 */
export async function fetchModel(
  files: PageFiles,
  hub: string,
  text: string,
  stage: Stage,
  signal: AbortSignal,
): Promise<string> {
  const { parseHubName, pullFolder, webOf } = await import('../../src/hub/index.ts');
  const web = webOf((name) => (name === 'HF_ENDPOINT' ? hub : undefined));
  const asked = parseHubName(text.trim(), web.endpoint);
  if (!asked) {
    const place = new URL(hub).host;
    throw new FusionclipError(
      'usage',
      `“${text}” names no model of ${place}; write it as ORG/NAME or ORG/NAME@REVISION.`,
    );
  }
  const { repository, revision } = asked.id;
  return stored(files, `${repository}${revision === 'main' ? '' : `@${revision}`}`, async (_, target) => {
    await begin(files, target);
    await withinPolicy(hub, signal, (both) =>
      pullFolder(files, web, target, asked.id, [], { signal: both, onProgress: stage('bytes that are fetched') }),
    );
    try {
      const { openBackbone } = await import('../../src/detect/backbone.ts');
      await openBackbone(files, target, signal, stage(TENSORS), keptSum(files, target));
    } catch (error) {
      // Whole, and no model that can be used.
      if (!signal.aborted) await files.remove(target);
      throw error;
    }
  });
}

/** Has a model stored under a free name, by one tab at a time; it counts as a model when that is done. */
async function stored(
  files: PageFiles,
  given: string,
  store: (name: string, target: string) => Promise<void>,
): Promise<string> {
  const name = given.replace(/[/\\]/g, '-');
  const same = (await modelChoices(files)).find((choice) => choice.name === name);
  if (same && !same.part) {
    const way = same.bytes === null ? 'it comes with the page: rename the new one' : 'delete it, or rename the new one';
    throw new FusionclipError('usage', `There is a model called ${name} already; ${way}.`);
  }
  const target = joinPath(OWN, name);
  const lock = await files.lock(target, 'This model');
  try {
    await store(name, target);
    await files.remove(joinPath(target, PART));
  } finally {
    await lock.release(false);
  }
  return name;
}

async function begin(files: PageFiles, target: string): Promise<void> {
  await files.writeFile(joinPath(target, PART), '');
}
