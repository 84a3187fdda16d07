import { CONTROL_ROW, layerRow, STUDY_ROWS, type StudyRow } from '../reproduction/rows.ts';

/** What stands in the study by default: rivals, the method, what can be taken from it, and each of its blocks alone. */
const NAMES = [
  ...['clip-text', 'clip-memory', 'clip-both', 'winclip+', 'april-gan', 'mvfa'],
  ...['fusionclip', 'single-fusion', 'single-patch', 'fixed-prompt'],
];

/** Rows of the study for a model whose tapped blocks are these, in the order of its tables. */
export function gapRows(layers: readonly number[]): StudyRow[] {
  return [...NAMES.map((name) => STUDY_ROWS.find((row) => row.name === name)!), ...layers.map(layerRow), CONTROL_ROW];
}

/** What is set against each other, first less second, and what the difference says. */
export interface Question {
  readonly first: string;
  readonly second: string;
  readonly asks: string;
}

/** The method itself, in this study. */
export const OWN = 'fusionclip';
/** The model as it is: nothing is trained, no support image is looked at. */
export const ZERO_SHOT = 'clip-text';
/** The rivals that the method must not lose to. */
export const RIVALS = ['april-gan', 'mvfa'] as const;

/** The questions of the study, for the rows that were run. */
export function questionsOf(rows: readonly string[]): Question[] {
  const ask = (second: string, asks: string): Question => ({ first: OWN, second, asks });
  const layers = rows.filter((name) => name.startsWith('layers:'));
  return [
    ask(ZERO_SHOT, 'what adaptation brings'),
    ask('clip-memory', 'beyond the bank alone'),
    ask('clip-both', 'beyond text and bank without training'),
    ask('random weights', 'what pre-training brings'),
    ask('single-fusion', 'what the local branch brings'),
    ask('single-patch', 'what the fusion branch brings'),
    ask('fixed-prompt', 'what learnable prompts bring'),
    ...layers.map((name) => ask(name, 'what the other blocks bring')),
    ask('winclip+', 'against WinCLIP+'),
    ask('april-gan', 'against APRIL-GAN'),
    ask('mvfa', 'against MVFA'),
  ].filter(({ first, second }) => rows.includes(first) && rows.includes(second));
}
