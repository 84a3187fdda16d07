/** The sets as the paper's tables name them, in their order. */
export const PAPER_SETS = ['HIS', 'Chest', 'OCT', 'Brain', 'Liver', 'RESC'] as const;

/** One of {@link PAPER_SETS}. */
export type SetName = (typeof PAPER_SETS)[number];

/** Systems of the paper's tables and rows of its ablation. */
export type PaperRow =
  | 'CLIP'
  | 'MedCLIP'
  | 'WinCLIP'
  | 'APRIL-GAN'
  | 'MVFA'
  | 'FusionCLIP-AD'
  | 'single fusion'
  | 'single patch'
  | 'fixed prompt';

/** Support images of each class in Tables 1 to 3. */
export const PAPER_SHOTS = 4;

/** Sets with lesion masks: the columns of Table 2. */
export const MASK_SETS: readonly SetName[] = ['Brain', 'Liver', 'RESC'];

/** Tables 1 and 3: image AUROC in percent, in the order of {@link PAPER_SETS}. */
const IMAGE: Readonly<Record<PaperRow, readonly number[]>> = {
  CLIP: [63.48, 70.74, 98.59, 74.31, 56.74, 84.54],
  MedCLIP: [75.89, 84.06, 81.39, 76.87, 60.65, 66.58],
  WinCLIP: [67.49, 70.0, 97.89, 66.85, 67.19, 88.83],
  'APRIL-GAN': [76.11, 77.43, 99.41, 89.18, 53.05, 94.7],
  MVFA: [82.71, 81.95, 99.38, 92.44, 81.18, 96.18],
  'FusionCLIP-AD': [83.48, 82.07, 99.29, 92.77, 85.55, 95.8],
  'single fusion': [81.78, 81.93, 99.33, 93.04, 84.77, 95.63],
  'single patch': [82.49, 81.72, 99.08, 92.57, 82.91, 96.2],
  'fixed prompt': [83.05, 81.98, 99.21, 92.7, 85.3, 95.35],
};

/** Table 2: pixel AUROC in percent, in the order of {@link MASK_SETS}. */
const PIXEL: Readonly<Partial<Record<PaperRow, readonly number[]>>> = {
  CLIP: [93.44, 97.2, 95.03],
  MedCLIP: [90.91, 94.45, 88.98],
  WinCLIP: [94.16, 96.75, 96.68],
  'APRIL-GAN': [94.67, 96.24, 97.98],
  MVFA: [97.3, 99.73, 98.97],
  'FusionCLIP-AD': [96.73, 99.8, 97.68],
};

/** Numbers of support images that Figure 4 goes through. */
export const FIGURE_SHOTS: readonly number[] = [2, 4, 8, 16];

/**
 * Points of Figure 4 in percent at {@link FIGURE_SHOTS}: a transcription by others whose 4-shot column equals the tables.
 * It has MVFA's image AUROC of Chest at 8 shots as 883.89, which is left out.
 */
const BY_SHOTS: readonly {
  readonly row: PaperRow;
  readonly metric: 'imageAuroc' | 'pixelAuroc';
  readonly values: Readonly<Partial<Record<SetName, readonly (number | null)[]>>>;
}[] = [
  {
    row: 'APRIL-GAN',
    metric: 'imageAuroc',
    values: {
      HIS: [69.57, 76.11, 81.7, 81.16],
      Chest: [69.84, 77.43, 73.69, 78.62],
      OCT: [99.21, 99.41, 99.75, 99.93],
      Brain: [78.45, 89.18, 88.41, 94.03],
      Liver: [57.8, 53.05, 62.38, 82.94],
      RESC: [89.44, 94.7, 91.36, 95.96],
    },
  },
  {
    row: 'MVFA',
    metric: 'imageAuroc',
    values: {
      HIS: [82.61, 82.71, 85.1, 82.62],
      Chest: [81.32, 81.95, null, 85.72],
      OCT: [97.98, 99.38, 99.64, 99.66],
      Brain: [92.72, 92.44, 92.61, 94.4],
      Liver: [81.08, 81.18, 85.9, 83.85],
      RESC: [91.36, 96.18, 96.57, 97.25],
    },
  },
  {
    row: 'APRIL-GAN',
    metric: 'pixelAuroc',
    values: {
      Brain: [94.02, 94.67, 95.5, 96.17],
      Liver: [95.87, 96.24, 97.56, 99.64],
      RESC: [96.39, 97.98, 97.36, 98.47],
    },
  },
  {
    row: 'MVFA',
    metric: 'pixelAuroc',
    values: {
      Brain: [96.55, 97.3, 97.21, 97.7],
      Liver: [96.57, 99.73, 99.79, 99.73],
      RESC: [98.11, 98.97, 99.0, 99.07],
    },
  },
];

/** The published number in percent, or null where none is known; the paper has neither AUPRO nor Dice. */
export function paperValue(row: PaperRow | null, metric: string, set: SetName, shots: number): number | null {
  if (row === null) return null;
  if (shots === PAPER_SHOTS && metric === 'imageAuroc') return IMAGE[row][PAPER_SETS.indexOf(set)];
  if (shots === PAPER_SHOTS && metric === 'pixelAuroc') return PIXEL[row]?.[MASK_SETS.indexOf(set)] ?? null;
  const curve = BY_SHOTS.find((one) => one.row === row && one.metric === metric);
  return curve?.values[set]?.[FIGURE_SHOTS.indexOf(shots)] ?? null;
}
