import { FusionclipError } from '../../src/base/errors.ts';
import { type Backbone, openBackbone } from '../../src/detect/backbone.ts';
import type { BlobFiles } from '../../src/host/blob_files.ts';
import { EMBEDDED_MODEL } from '../../src/study/index.ts';
import type { ModelChoice } from '../protocol.ts';

/** Address of each of its files; empty when the page was built without it. */
const FILES = import.meta.glob<string>('../../models/tiny-clip/*.{json,txt,safetensors}', {
  query: '?url',
  import: 'default',
  eager: true,
});

/** The models that this page can use, the best first. */
export function modelChoices(): ModelChoice[] {
  const random = { name: 'generated:T:1', title: 'Random weights (small; to try the page)' };
  if (Object.keys(FILES).length === 0) return [random];
  return [{ name: EMBEDDED_MODEL, title: `${EMBEDDED_MODEL} (embedded)` }, random];
}

/**
 * Opens a generated model or the embedded one, which is fetched from the page's own origin at its first use.
 * @throws FusionclipError `bad_model` for a model that the page has not, `io`
 */
export async function openModel(files: BlobFiles, name: string): Promise<Backbone> {
  if (!name.startsWith('generated:') && !modelChoices().some((choice) => choice.name === name)) {
    throw new FusionclipError(
      'bad_model',
      `These adapters were trained on ${name}, which this page has not; use them with fusionclip predict.`,
    );
  }
  if (name === EMBEDDED_MODEL && !(await files.stat(EMBEDDED_MODEL))) {
    for (const [path, address] of Object.entries(FILES)) {
      files.put(`${EMBEDDED_MODEL}/${path.slice(path.lastIndexOf('/') + 1)}`, await download(address));
    }
  }
  return openBackbone(files, name);
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
