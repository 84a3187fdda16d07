import { galleryItems as picturesOf } from '../../src/report/gallery_item.ts';
import type { MapStrip } from '../../src/report/reproduction/map_strips.ts';
import {
  PAPER_FIGURES,
  PAPER_SETS,
  PAPER_TABLES,
  type Reproduction,
  STUDY_ROWS,
  type StudySet,
} from '../../src/study/index.ts';
import { entriesOf } from '../../src/study/reproduction/entries.ts';
import { paperItems } from '../../src/study/reproduction/paper_items.ts';
import { planOf } from '../../src/study/reproduction/plan.ts';
import { noise } from '../harness/close.ts';
import { madeResults } from '../study/made_results.ts';
import { madeRun } from './made_run.ts';

/** What a made reproduction is like. */
export interface MadeReproduction {
  readonly selectedBy?: 'valid' | 'test-oracle';
  /** Name of a row whose runs all failed. */
  readonly failing?: string;
}

/** A reproduction of everything on six sets that no GPU has computed, with the maps of one image. */
export async function madeReproduction({ selectedBy = 'valid', failing }: MadeReproduction = {}): Promise<{
  readonly results: Reproduction;
  readonly strips: ReadonlyMap<string, readonly MapStrip[]>;
}> {
  const sets = PAPER_SETS.map((name, i): StudySet => {
    const kind = i < 3 ? 'image' : 'pixel';
    return {
      name,
      folder: `/bmad/${name}`,
      kind,
      test: { normal: 40, abnormal: 40 },
      shown: ['test/Ungood/img/1.png'],
    };
  });
  const request = {
    model: 'made.safetensors',
    medclip: null,
    seeds: [1, 2, 3],
    settings: { epochs: '3' },
  };
  const choice = { tables: PAPER_TABLES, figures: PAPER_FIGURES, sets, rows: STUDY_ROWS, shots: [2, 4, 8], blocks: 6 };
  const items = paperItems(choice);
  const { runs, skipped } = planOf(request, items);
  const broken = runs.filter(({ method }) => method === failing);
  const finished = runs
    .filter(({ method }) => method !== failing)
    .map((run, i) => {
      const [image, pixel] = noise(i, 2);
      const masks = sets.some(({ name, kind }) => name === run.set && kind === 'pixel');
      const at = 0.7 + 0.02 * (run.shots ?? 0);
      return { run, results: madeResults(at + 0.1 * image, masks ? at + 0.08 * pixel : null, selectedBy) };
    });
  const failed = broken.map((run) => ({ run, reason: 'The loss is NaN; lower it.', code: 'not_finite' as const }));
  const run = madeRun();
  const [, prediction] = run.predictions;
  const [picture] = await picturesOf(run, [prediction]);
  const rows = items.find(({ kind }) => kind === 'maps')!.rows;
  const maps = rows.map(({ name }) => ({ row: name, picture }));
  return {
    results: {
      fusionclip: '0',
      phantoms: true,
      model: { name: request.model, hash: '0123' },
      medclip: null,
      adapter: 'an adapter',
      sets,
      shots: [2, 4, 8],
      seeds: request.seeds,
      settings: request.settings,
      warning: selectedBy === 'test-oracle' ? 'select test-oracle: an upper bound and no result.' : null,
      partial: null,
      items: items.map((one) => ({
        ...one,
        sets: one.sets.map(({ name }) => name),
        rows: one.rows.map(({ name }) => name),
      })),
      entries: entriesOf(request, items, { finished, failed, stopped: null }),
      skipped,
      runs: [],
    },
    strips: new Map([['Figure 6', [{ set: 'Brain', id: prediction.id, maps }]]]),
  };
}
