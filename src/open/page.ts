import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { Gpu } from '../gpu/gpu.ts';
import { BlobFiles } from '../host/blob_files.ts';
import { webOf, withWeb } from '../hub/index.ts';
import { EMBEDDED_MODELS } from '../study/embedded.ts';
import { Fusionclip, type OpenOptions } from './fusionclip.ts';
import { withGiven } from './given.ts';
import { packageAddress } from './package_address.ts';

/** Where models that come with the package lie among the files of a page. */
const MODELS = '@models';

/** What a model folder holds that is read. */
const MODEL_FILES = [
  'config.json',
  'preprocessor_config.json',
  'fusionclip.json',
  'vocab.json',
  'merges.txt',
  'model.safetensors',
];

/**
 * Opens the GPU of a page, or of one of its workers. Files are in the memory of the page; the models that come with the package are
 * fetched from beside the library when they are first used.
 * @throws FusionclipError `no_adapter`
 */
export async function open(options: OpenOptions = {}): Promise<Fusionclip> {
  const { models = `${packageAddress(import.meta.url)}/models`, profile, onEvent } = options;
  const { navigator } = globalThis as { navigator?: Partial<Navigator> };
  const openGpu = () => Gpu.create(navigator?.gpu ?? null, { profile });
  const files = withGiven(
    withModels(
      withWeb(
        new BlobFiles(),
        webOf(() => undefined),
      ),
      models,
    ),
  );
  const environment = { runtime: 'page', version: navigator?.userAgent ?? 'unknown' };
  return new Fusionclip({ files, gpu: await openGpu(), openGpu, environment, onEvent });
}

/** Files among which each model that comes with the package lies from the moment on that it is looked for. */
function withModels(files: FileSystem, address: string): FileSystem {
  const names = new Map(EMBEDDED_MODELS.map((name) => [joinPath(MODELS, name), name]));
  const fetched = new Map<string, Promise<void>>();
  const fetchAll = async (place: string, model: string) => {
    for (const name of MODEL_FILES) {
      await files.writeFile(joinPath(place, name), await download(`${address}/${model}/${name}`));
    }
  };
  return {
    ...files,
    ownModels: MODELS,
    async stat(path) {
      const model = names.get(path);
      if (model !== undefined) {
        const fetching = fetched.get(path) ?? fetchAll(path, model);
        fetched.set(path, fetching);
        // The next attempt may meet a better network.
        await fetching.catch((error) => {
          fetched.delete(path);
          throw error;
        });
      }
      return files.stat(path);
    },
  };
}

async function download(address: string): Promise<Uint8Array> {
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FusionclipError(
      'io',
      `${address} could not be fetched (${reason}); put the models folder of the package there, or say where it is: open({ models }).`,
      { cause },
    );
  }
}
