import { joinPath } from '../../src/base/paths.ts';
import { decodeImage } from '../../src/data/decode.ts';
import { decodeNpyMap } from '../../src/data/raw_map.ts';
import { mapNames } from '../../src/detect/map_names.ts';
import type { RunPictures, RunSources } from '../../src/report/pictures.ts';
import type { RunConfig } from '../../src/run/run_config.ts';
import { accepting } from '../../src/volume/accept.ts';
import type { SlicePlace } from '../../src/volume/sliced_volume.ts';
import type { PageFiles } from './files.ts';
import { readGiven } from './new_images.ts';
import { imagesOf, runOf } from './sessions.ts';
import { GIVEN } from './volume_given.ts';

/**
 * Pictures of images that were given without labels: their ids are their paths, in memory or in the session's folder. Slices of
 * volumes have a path of their own.
 */
export async function unlabelledPictures(
  files: PageFiles,
  session: string,
  ids: readonly string[],
  header: RunConfig,
): Promise<RunPictures & RunSources> {
  const names = mapNames(ids);
  const places = new Map(ids.map((id, i) => [id, joinPath(runOf(session), 'maps', `${names[i]}.npy`)]));
  const bytesOf = async (path: string) => ((await files.stat(path)) ? files.readFile(path) : null);
  const volumes = await slicesOf(files, session, header);
  const readSource = async (id: string) => {
    const place = volumes.slices.get(id) ?? null;
    if (place) return { bytes: await volumes.read(id), place };
    const bytes = (await bytesOf(id)) ?? (await bytesOf(joinPath(imagesOf(session), id)));
    return bytes && { bytes, place };
  };
  return {
    slices: volumes.slices,
    source: readSource,
    async image(id) {
      const source = await readSource(id);
      return source && decodeImage(source.bytes, id, header.grey);
    },
    async map(id) {
      const bytes = await bytesOf(places.get(id)!);
      return bytes && decodeNpyMap(bytes, id);
    },
    mask: async () => null,
  };
}

/** What `volumes.json` says was scored is looked for in memory first, then in the session's folder. */
async function slicesOf(files: PageFiles, session: string, { train, object }: RunConfig) {
  const slices = new Map<string, SlicePlace>();
  const none = { slices, read: (id: string) => files.readFile(id) };
  if (!(await files.stat(joinPath(runOf(session), 'volumes.json')))) return none;
  const { paths, accept, volume = train.volume } = await readGiven(files, session);
  const [first] = paths;
  const prefix = (await files.stat(first)) ? '' : `${imagesOf(session)}/`;
  if (!(await files.stat(prefix + first))) return none;
  const { volumesToScore } = await import('../../src/volume/to_score.ts');
  const given = paths.map((path) => prefix + path);
  const rules = { ...accepting(train, [...GIVEN, ...accept]), volume };
  const { fs, places } = await volumesToScore(files, given, rules, object, {
    unseen: true,
  });
  for (const [path, place] of places) slices.set(path, place);
  return { slices, read: (id: string) => fs.readFile(id) };
}
