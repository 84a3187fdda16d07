/** How a program is started in another process. */
export interface LaunchOptions {
  /** A choice of `DRIVER_CHOICES`; by default the variable `FUSIONCLIP_DRIVER`, else `auto`. */
  readonly driver?: string;
  /** A number of `machineAdapters`, in place of a driver; by default the variable `FUSIONCLIP_ADAPTER`. */
  readonly adapter?: string;
  /** Threads on which lavapipe computes; by default one for each core. */
  readonly threads?: string;
  /** Environment variables to add. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gets the program's standard output in place of this process's. */
  readonly onStdout?: (text: string) => void;
  /** Gets the program's standard error, and what the launcher has to say. */
  readonly onStderr?: (text: string) => void;
  /** Kills the program at once when it fires. */
  readonly signal?: AbortSignal;
}
