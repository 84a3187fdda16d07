/** Where a program runs; stored with every run. */
export interface Environment {
  /** E.g. `deno`. */
  readonly runtime: string;
  readonly version: string;
}
