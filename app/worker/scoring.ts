import { FusionclipError } from '../../src/base/errors.ts';
import type { RunContext } from '../../src/detect/index.ts';
import { type GivenFile, GREYS, type Waived } from '../protocol/images.ts';
import type { PageFiles } from './files.ts';
import { openModel } from './models.ts';
import type { GivenRecord } from './new_images.ts';
import { GIVEN, withOwnNames, withVolumesInFolders } from './volume_given.ts';
import { readAs } from './waived.ts';

const engine = () => import('./engine.ts');

/** Images without labels as they are scored, and what stands for each in the session's record of them. */
export function givenToScore(files: readonly GivenFile[]): { given: readonly GivenFile[]; paths: readonly string[] } {
  const given = withVolumesInFolders(withOwnNames(files));
  return { given, paths: [...new Set(given.map(({ path }) => path.split('/')[0]))] };
}

/** What images were given, in a few words: by the names that their user knows, not by those of the page's own folders. */
export function givenName(files: readonly GivenFile[]): string {
  return [...new Set(files.map(({ path }) => path.split('/')[0]))].join(', ').slice(0, 60);
}

/** The model that adapters were trained on. */
export async function modelOf(files: PageFiles, adapters: string, context: RunContext) {
  const { openAdapters } = await engine();
  return openModel(files, (await openAdapters(files, adapters)).header.model.name, context);
}

/**
 * Scores images without labels that are in place. Those that cannot be read are left out with a word.
 * @throws FusionclipError that of the first one where none can be read, with what would have to be waived
 */
export async function scoreNewImages(
  context: RunContext,
  files: PageFiles,
  { adapters, out }: { readonly adapters: string; readonly out: string },
  { paths, volume }: GivenRecord,
  waived: Waived,
): Promise<void> {
  const { accept, ...range } = readAs(waived);
  const model = await modelOf(files, adapters, context);
  let areUnlike = true;
  const onBad = ({ message, about }: FusionclipError) => {
    areUnlike &&= about === 'unlike';
    context.onEvent?.({ type: 'note', text: `left out: ${message}` });
  };
  const { predictPaths } = await engine();
  const { predictions } = await predictPaths(context, {
    ...{
      adapters,
      model,
      paths,
      out,
      maps: 'npy',
      strict: false,
      onBad,
      accept: [...GIVEN, ...accept],
      volume,
      ...range,
    },
  });
  const { images } = predictions;
  if (images.some(({ error }) => error === null)) return;
  throw new FusionclipError('bad_image', images[0].error!, areUnlike ? { about: 'unlike', accept: [GREYS] } : {});
}
