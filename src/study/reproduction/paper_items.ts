import { PAPER_SHOTS } from './paper.ts';
import { CONTROL_ROW, layerRow, OWN_ROW, type StudyRow } from './rows.ts';
import type { StudySet } from './sets.ts';

/** What is measured, in percent. */
export type Metric = 'imageAuroc' | 'pixelAuroc' | 'aupro' | 'dice';

/** What metrics are called. */
export const METRIC_NAMES: Readonly<Record<Metric, string>> = {
  imageAuroc: 'image AUROC',
  pixelAuroc: 'pixel AUROC',
  aupro: 'AUPRO',
  dice: 'Dice',
};

/** Tables and figures that can be made. */
export const PAPER_TABLES: readonly number[] = [1, 2, 3];
/** See {@link PAPER_TABLES}. */
export const PAPER_FIGURES: readonly number[] = [4, 5, 6, 7];

/** A table or figure: which runs it needs, and how they are put together. */
export interface PaperItem {
  /** E.g. `Table 1`. */
  readonly name: string;
  readonly title: string;
  /** `table`: rows × sets; `shots` and `layers`: curves over that, a chart for each set and metric; `maps`: pictures. */
  readonly kind: 'table' | 'shots' | 'layers' | 'maps';
  readonly metrics: readonly Metric[];
  readonly sets: readonly StudySet[];
  readonly rows: readonly StudyRow[];
  readonly shots: readonly number[];
}

/** What the choice of items depends on. */
export interface PaperItemRequest {
  readonly tables: readonly number[];
  readonly figures: readonly number[];
  readonly sets: readonly StudySet[];
  /** The chosen rows. */
  readonly rows: readonly StudyRow[];
  readonly shots: readonly number[];
  /** Blocks of the vision tower. */
  readonly blocks: number;
}

/** Support images of each class in all but Figure 4: those of the paper, or the most where it has not been asked for. */
export function tableShots(shots: readonly number[]): number {
  return shots.includes(PAPER_SHOTS) ? PAPER_SHOTS : Math.max(...shots);
}

/** The tables and figures of a request that have any set, in the order of the paper. */
export function paperItems({ tables, figures, sets, rows, shots, blocks }: PaperItemRequest): PaperItem[] {
  const masked = sets.filter(({ kind }) => kind === 'pixel');
  const plain = sets.filter(({ kind }) => kind === 'image');
  const few = [tableShots(shots)];
  const of = (table: number) => [...rows.filter((row) => row.tables.includes(table)), CONTROL_ROW];
  const curves = [...rows.filter(({ byShots }) => byShots), CONTROL_ROW];
  const liver = sets.find(({ name }) => name === 'Liver') ?? sets[0];
  const aurocs: Metric[] = ['imageAuroc', 'pixelAuroc'];
  const layers = [...Array.from({ length: blocks }, (_, i) => layerRow(i + 1)), OWN_ROW];
  const all: PaperItem[] = [
    item('Table 1', 'telling abnormal images from normal ones', 'table', ['imageAuroc'], sets, of(1), few),
    item('Table 2', 'finding the lesion', 'table', ['pixelAuroc', 'aupro', 'dice'], masked, of(2), few),
    item('Table 3', 'the method and what can be taken from it', 'table', aurocs, sets, of(3), few),
    item('Figure 4', 'results by the number of support images', 'shots', aurocs, sets, curves, shots),
    item('Figure 5', 'each block alone, and the usual ones together', 'layers', aurocs, [liver], layers, few),
    item('Figure 6', 'anomaly maps of sets with masks', 'maps', [], masked, of(1), few),
    item('Figure 7', 'anomaly maps of sets with labels alone', 'maps', [], plain, of(1), few),
  ];
  const wanted = [...tables.map((n) => `Table ${n}`), ...figures.map((n) => `Figure ${n}`)];
  return all.filter(({ name, sets: own }) => wanted.includes(name) && own.length > 0);
}

function item(
  name: string,
  title: string,
  kind: PaperItem['kind'],
  metrics: readonly Metric[],
  sets: readonly StudySet[],
  rows: readonly StudyRow[],
  shots: readonly number[],
): PaperItem {
  return { name, title, kind, metrics, sets, rows, shots };
}

/** The sets of an item that have a metric: without masks there is only one. */
export function setsWith({ sets }: PaperItem, metric: Metric): readonly StudySet[] {
  return metric === 'imageAuroc' ? sets : sets.filter(({ kind }) => kind === 'pixel');
}
