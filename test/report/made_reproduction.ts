import { exhibits as picturesOf } from '../../src/report/exhibit.ts';
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
import { exhibitsOf } from '../../src/study/reproduction/exhibits.ts';
import { planOf } from '../../src/study/reproduction/plan.ts';
import { noise } from '../harness/close.ts';
import { madeResults } from '../study/made_results.ts';
import { madeRun } from './made_run.ts';

/** What a made reproduction is like. */
export interface MadeReproduction {
  readonly selectedBy?: 'valid' | 'test-oracle';
  /** Name of a row whose cells all failed. */
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
    settings: { suited: {}, given: { epochs: '3' } },
  };
  const choice = { tables: PAPER_TABLES, figures: PAPER_FIGURES, sets, rows: STUDY_ROWS, shots: [2, 4, 8], blocks: 6 };
  const exhibits = exhibitsOf(choice);
  const { cells, skipped } = planOf(request, exhibits);
  const broken = cells.filter(({ method }) => method === failing);
  const finished = cells
    .filter(({ method }) => method !== failing)
    .map((cell, i) => {
      const [image, pixel] = noise(i, 2);
      const masks = sets.some(({ name, kind }) => name === cell.set && kind === 'pixel');
      const at = 0.7 + 0.02 * (cell.shots ?? 0);
      return { cell, results: madeResults(at + 0.1 * image, masks ? at + 0.08 * pixel : null, selectedBy) };
    });
  const failed = broken.map((cell) => ({ cell, reason: 'The loss is NaN; lower it.', code: 'not_finite' as const }));
  const run = madeRun();
  const [, prediction] = run.predictions;
  const [picture] = await picturesOf(run, [prediction]);
  const rows = exhibits.find(({ kind }) => kind === 'maps')!.rows;
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
      exhibits: exhibits.map((one) => ({
        ...one,
        sets: one.sets.map(({ name }) => name),
        rows: one.rows.map(({ name }) => name),
      })),
      entries: entriesOf(request, exhibits, { finished, failed, stopped: null }),
      skipped,
      cells: [],
    },
    strips: new Map([['Figure 6', [{ set: 'Brain', id: prediction.id, maps }]]]),
  };
}
