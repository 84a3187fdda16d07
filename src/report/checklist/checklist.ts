import { visible } from '../../base/visible.ts';
import { CLAIM } from './claim.ts';
import type { ChecklistItem, ChecklistRun } from './known.ts';
import { TRIPOD } from './tripod.ts';

/** The checklists by the names that `--checklist` takes. */
export const CHECKLISTS = {
  claim: { title: 'CLAIM, 2024 update', source: 'https://doi.org/10.1148/ryai.240300', items: CLAIM },
  tripod: { title: 'TRIPOD+AI, 2024', source: 'https://doi.org/10.1136/bmj-2023-078378', items: TRIPOD },
} as const satisfies Record<string, { title: string; source: string; items: readonly ChecklistItem[] }>;

/** What the head of a filled checklist holds. */
export const CHECKLIST = /^# (CLAIM|TRIPOD)[\s\S]*items the program knows/;

/** A name of {@link CHECKLISTS}. */
export type ChecklistName = keyof typeof CHECKLISTS;

/** How much of a checklist a run fills. */
export interface FilledChecklist {
  readonly text: string;
  /** Items of which the program knows all, a part, and nothing. */
  readonly all: number;
  readonly part: number;
  readonly none: number;
}

/** A checklist as Markdown: what the program knows of a run, and what is left for the author (`TODO`). */
export function fillChecklist(name: ChecklistName, run: ChecklistRun): FilledChecklist {
  const { title, source, items } = CHECKLISTS[name];
  let [all, part, none] = [0, 0, 0];
  const rows = (items as readonly ChecklistItem[]).map(({ number, asks, known, author }) => {
    const text = known?.(run) ?? null;
    const left = author ?? (text === null ? 'not known of this run' : null);
    if (text === null) none++;
    else if (left === null) all++;
    else part++;
    return `| ${number} | ${cell(asks)} | ${text === null ? '' : cell(text)} | ${left === null ? '' : `**TODO** ${cell(left)}`} | |`;
  });
  const { method, data } = run.results;
  const head = [
    `# ${title}: ${cell(method)} on ${cell(data)}`,
    '',
    `Of ${items.length} items the program knows ${all}, a part of ${part}, and nothing of ${none}. What is asked stands here in other words than in`,
    `the checklist, which is what counts: <${source}>. Nothing here is a judgement of the study.`,
    '',
    '| item | asks for | known of this run | left for the author | page |',
    '| --- | --- | --- | --- | --- |',
  ];
  return { text: `${[...head, ...rows].join('\n')}\n`, all, part, none };
}

/** A text in a table of Markdown. */
function cell(text: string): string {
  return visible(text).replace(/[|\\`*_<>[\]]/g, (one) => `\\${one}`);
}
