import type { FileSystem } from '../../base/file_system.ts';
import { joinPath } from '../../base/paths.ts';
import type { Reproduction } from '../../study/index.ts';
import type { PaperItemFacts } from '../../study/reproduction/reproduce.ts';
import { type GalleryItem as Picture, galleryItems as picturesOf } from '../gallery_item.ts';
import { readRun } from '../read_run.ts';

/** A test image with the maps of several rows. */
export interface MapStrip {
  readonly set: string;
  readonly id: string;
  readonly maps: readonly { readonly row: string; readonly picture: Picture }[];
}

/**
 * The maps of a figure, read from the run folders of the first seed; rows without a finished run are left out.
 * @param out folder of the study
 * @throws FusionclipError `bad_data` for a damaged run folder
 */
export async function mapStrips(
  fs: FileSystem,
  out: string,
  { sets, runs }: Reproduction,
  item: PaperItemFacts,
): Promise<MapStrip[]> {
  const strips: MapStrip[] = [];
  for (const { name, shown } of sets.filter((set) => item.sets.includes(set.name))) {
    const maps = new Map<string, { row: string; picture: Picture }[]>(shown.map((id) => [id, []]));
    for (const row of item.rows) {
      const own = runs.find(
        (run) => run.set === name && run.row === row && item.shots.includes(run.shots) && run.failed === null,
      );
      if (!own) continue;
      const run = await readRun(fs, joinPath(out, own.folder));
      const chosen = run.predictions.filter(({ id }) => maps.has(id));
      for (const picture of await picturesOf(run, chosen)) maps.get(picture.prediction.id)!.push({ row, picture });
    }
    strips.push(...[...maps].filter(([, all]) => all.length > 0).map(([id, all]) => ({ set: name, id, maps: all })));
  }
  return strips;
}
