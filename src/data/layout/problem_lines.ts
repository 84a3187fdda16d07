import { pathBelow } from '../../base/paths.ts';
import type { Problem } from './problem.ts';

/** Problems of one kind that are told in full. */
const TOLD = 4;

/** Others of that kind that are named. */
const NAMED = 12;

/**
 * Problems as lines of text: errors, which need a decision, before warnings; of each kind some in full and the others by name, so that many of
 * one kind hide no other one.
 * @param path the data set, which names are relative to
 */
export function problemLines({
  path: set,
  problems,
}: {
  readonly path: string;
  readonly problems: readonly Problem[];
}): string[] {
  return (['error', 'warning'] as const).flatMap((severity) => {
    const own = problems.filter((one) => one.severity === severity);
    const kinds = [...new Set(own.map(({ kind }) => kind))];
    return kinds.flatMap((kind) => {
      const alike = own.filter((one) => one.kind === kind);
      // In place of a single name its sentence can stand as well.
      const told = alike.length === TOLD + 1 ? alike : alike.slice(0, TOLD);
      const others = alike.slice(told.length);
      const lines = told.map(
        ({ path, message }) => `${severity}: ${message.includes(path) ? message : `${path}: ${message}`}`,
      );
      return others.length === 0 ? lines : [...lines, `${severity}: ${moreLine(others, set)}`];
    });
  });
}

function moreLine(others: readonly Problem[], set: string): string {
  const names = others.slice(0, NAMED).map(({ path }) => pathBelow(set, path));
  const more = others.length > NAMED ? `, … (data check --json has all)` : '';
  return `${others.length} more like these: ${names.join(', ')}${more}`;
}
