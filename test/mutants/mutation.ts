/** A small wrong change of one file, and the suite that has to notice it (`npm run mutants`). */
export interface Mutation {
  readonly file: string;
  /** Text that stands in the file once. */
  readonly find: string;
  readonly replace: string;
  /**
   * What has to fail: part of a suite's path as `npm run suites` takes it, with ` > ` and part of the cases' names, as they
   * are written in the suite, where some of them will do, or a vitest file that needs no build.
   */
  readonly suite: string;
  /** Why no test can tell the difference. */
  readonly equivalent?: string;
}

/** `find`, `replace`, and where they differ from the others of the list the suite, or why nothing can notice. */
type Row = readonly [find: string, replace: string, more?: { readonly suite?: string; readonly equivalent?: string }];

/** Mutations of one file that one suite has to notice. */
export function mutations(file: string, suite: string, rows: readonly Row[]): Mutation[] {
  return rows.map(([find, replace, more]) => ({ file, find, replace, suite, ...more }));
}
