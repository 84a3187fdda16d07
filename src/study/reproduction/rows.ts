import { FUSION_OPTIONS } from '../../fusion/index.ts';
import { isRead } from '../../fusion/presets.ts';
import type { PaperRow } from './paper.ts';

/** Settings by name, as texts. */
export type Settings = Readonly<Record<string, string>>;

/** A line of the tables: a method with settings. A further comparison is one more entry of {@link STUDY_ROWS}. */
export interface StudyRow {
  /** Name in tables, in `--methods`, and of the runs' folders. */
  readonly name: string;
  /** As `--method` takes it. */
  readonly method: string;
  /** On top of the settings of all rows. */
  readonly settings: Settings;
  /** Where the paper has numbers for it. */
  readonly paper: PaperRow | null;
  /** Tables of the paper that it stands in. */
  readonly tables: readonly number[];
  /** Whether it is a curve of Figure 4: only for what reads support images. */
  readonly byShots: boolean;
  /** Which model it runs on; `random` is of the shape of `clip` and was never trained. */
  readonly model: 'clip' | 'medclip' | 'random';
  /** Whether results depend on drawn support images or initial weights; else one run stands for all seeds. */
  readonly drawn: boolean;
}

/** The method itself. */
export const OWN_ROW: StudyRow = row('fusionclip', 'FusionCLIP-AD', { tables: [1, 2, 3], byShots: true });

/** The control: the same method on weights that were never trained. It stands everywhere, whatever is chosen. */
export const CONTROL_ROW: StudyRow = { ...OWN_ROW, name: 'random weights', paper: null, model: 'random' };

/** What can be chosen, in the order of the tables. */
export const STUDY_ROWS: readonly StudyRow[] = [
  // Which of the three readings of CLIP, and which of the two of WinCLIP, its numbers are of the paper does not say.
  row('clip-text', 'CLIP', { drawn: false }),
  row('clip-memory', 'CLIP'),
  row('clip-both', 'CLIP'),
  row('medclip', 'MedCLIP', { model: 'medclip' }),
  row('winclip', 'WinCLIP', { drawn: false }),
  row('winclip+', 'WinCLIP', { byShots: true }),
  row('april-gan', 'APRIL-GAN', { byShots: true }),
  row('mvfa', 'MVFA', { byShots: true }),
  OWN_ROW,
  row('single-fusion', 'single fusion', { tables: [3] }),
  row('single-patch', 'single patch', { tables: [3] }),
  row('fixed-prompt', 'fixed prompt', { tables: [3] }),
  // Beyond the paper.
  variant('calibrated', { fuse: 'calib' }),
  variant('top-k', { 'score.image': 'topk:100' }),
  variant('guided', { 'map.upsample': 'guided' }),
  variant('normal-only', { 'shots.abnormal': '0' }),
];

/** The method on one block alone, for Figure 5. */
export function layerRow(layer: number): StudyRow {
  return row(`layers:${layer}`, null, { tables: [] });
}

/** The settings of a row: those that were given for all, as far as they mean something to its method, and its own. */
export function settingsOf({ method, settings }: StudyRow, given: Settings): Record<string, string> {
  return { ...settingsFor(method, given), ...settings, method };
}

/** Those of the settings that mean something to a method; settings of the training do to all. */
export function settingsFor(method: string, settings: Settings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).filter(([name]) => !(name in FUSION_OPTIONS) || isRead(method, name)),
  );
}

/** The method itself with other settings, in Tables 1 and 2. */
function variant(name: string, settings: StudyRow['settings']): StudyRow {
  return { ...OWN_ROW, name, settings, paper: null, tables: [1, 2], byShots: false };
}

/** A method under its own name and with its own settings, in Tables 1 and 2. */
function row(method: string, paper: PaperRow | null, more: Partial<StudyRow> = {}): StudyRow {
  const plain = { name: method, method, settings: {}, paper, tables: [1, 2], byShots: false };
  return { ...plain, model: 'clip', drawn: true, ...more };
}
