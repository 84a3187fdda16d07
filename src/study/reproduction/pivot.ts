import type { Entry } from './entries.ts';
import type { Metric } from './paper_items.ts';
import type { Reproduction } from './reproduce.ts';

/** Numbers over all sets of a row, in percent; null where a set lacks one. */
export interface RowMean {
  readonly ours: number | null;
  readonly paper: number | null;
}

/** A table as it is shown: a line a row, a column a set. */
export interface Pivot {
  readonly sets: readonly string[];
  readonly rows: readonly {
    readonly name: string;
    /** Whether its epochs were chosen on the test sets. */
    readonly oracle: boolean;
    /** One for each set. */
    readonly entries: readonly (Entry | null)[];
    /** Null for a single set. */
    readonly mean: RowMean | null;
  }[];
}

/** The entries of a table and metric as rows and columns; rows without any number and reason are left out. */
export function pivotOf({ entries }: Pick<Reproduction, 'entries'>, item: string, metric: Metric): Pivot {
  const own = entries.filter((entry) => entry.item === item && entry.metric === metric);
  const sets = [...new Set(own.map(({ set }) => set))];
  const rows = [...new Set(own.map(({ row }) => row))].map((name) => {
    const line = sets.map((set) => own.find((entry) => entry.row === name && entry.set === set) ?? null);
    return {
      name,
      oracle: line.some((entry) => entry?.selectedBy === 'test-oracle'),
      entries: line,
      mean: sets.length > 1 ? { ours: meanOf(line, 'ours'), paper: meanOf(line, 'paper') } : null,
    };
  });
  return { sets, rows };
}

function meanOf(line: readonly (Entry | null)[], of: 'ours' | 'paper'): number | null {
  const values = line.flatMap((entry) => (of === 'ours' ? entry?.ours?.mean : entry?.paper) ?? []);
  return values.length === line.length ? values.reduce((a, b) => a + b, 0) / values.length : null;
}
