import { pathBelow } from '../../base/paths.ts';
import type { Inventory } from './inventory.ts';
import type { ProblemKind } from './problem.ts';

/** Warnings that put a result in doubt: it may be good, or bad, for another reason than what images show. */
const DOUBTFUL: readonly ProblemKind[] = [
  'told_apart',
  'unlike_splits',
  'turned_images',
  'misplaced_masks',
  'equal_masks',
];

/** What a reader of results should know of the data: what test has in common with the support side, and what makes numbers doubtful. */
export function findingsOf({ path: set, leaks, problems }: Pick<Inventory, 'path' | 'leaks' | 'problems'>): string[] {
  const doubts = problems.filter(({ kind }) => DOUBTFUL.includes(kind));
  return [
    ...leaks.warnings,
    ...doubts.map(({ path, message }) => (path === set ? message : `${pathBelow(set, path)}: ${message}`)),
  ];
}
