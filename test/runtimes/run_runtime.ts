import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, type RuntimeChoice } from '../../src/launch/launch.ts';
import type { CaseResult } from '../harness/run_cases.ts';
import { DEALT, FILTER, FIXTURES, HALF, MARK } from './marks.ts';

/** The repository. */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Milliseconds from one line of the runner to the next: a case's own limit, and time to start a slow runtime. */
const SILENCE = 200_000;

/** How much of standard error is shown when a runtime dies. */
const TAIL = 4000;

/** What happens to the cases, in the order in which they run. */
export interface RuntimeEvents {
  finished(result: CaseResult): void;
  /** What cases print themselves. */
  printed?(text: string): void;
}

/** What to run. */
export interface RunOptions {
  /** Only cases whose name contains this. */
  readonly filter?: string;
  readonly driver?: string;
  /** Cases of suites in turn only where it is this runtime's turn. */
  readonly dealt?: boolean;
  /** Only a half of the suites. */
  readonly half?: '1/2' | '2/2';
  /** The repository, when this is not one of its source files. */
  readonly root?: string;
}

/** How a runtime ended: null when it ran all its cases, else what happened to it. */
export type Ending = string | null;

/** Splits what a runtime writes into the runner's marked lines and other text. */
class Lines {
  #rest = '';
  readonly #marked: (json: string) => void;
  readonly #other: (text: string) => void;

  constructor(marked: (json: string) => void, other: (text: string) => void) {
    this.#marked = marked;
    this.#other = other;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith(MARK)) this.#marked(line.slice(MARK.length));
      else if (line) this.#other(`${line}\n`);
    }
  }
}

/**
 * Runs the built suites (`dist/test`) in a runtime. A runtime that hangs is killed. Never throws: a runtime that does
 * not start is an ending like any other.
 */
export async function runRuntime(
  runtime: Exclude<RuntimeChoice, 'auto'>,
  events: RuntimeEvents,
  options: RunOptions = {},
): Promise<Ending> {
  const root = options.root ?? ROOT;
  const built = join(root, 'dist/test');
  const stop = new AbortController();
  let current: string | null = null;
  let last = '';
  let errors = '';
  let silent = false;
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  const alive = (): void => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => {
      silent = true;
      stop.abort();
    }, SILENCE);
  };
  const lines = new Lines(
    (json) => {
      alive();
      const message = JSON.parse(json) as { started: string } | CaseResult;
      if ('started' in message) current = message.started;
      else {
        current = null;
        last = message.name;
        events.finished(message);
      }
    },
    (text) => events.printed?.(text),
  );
  alive();
  let ending: Ending;
  try {
    const code = await launch(runtime, { script: join(built, 'suites.js'), page: join(built, 'suites_page') }, [], {
      driver: options.driver,
      env: {
        [FIXTURES]: join(root, 'test'),
        [FILTER]: options.filter ?? '',
        [DEALT]: options.dealt ? '1' : '',
        [HALF]: options.half ?? '',
      },
      signal: stop.signal,
      onStdout: (text) => lines.push(text),
      onStderr: (text) => {
        errors = (errors + text).slice(-TAIL);
      },
    });
    // A page's last lines may be stuck in it, so that the case after the last known one is to blame.
    const during = current === null ? `after "${last}"` : `in "${current}"`;
    if (silent) ending = `${runtime} was killed: it said nothing for ${SILENCE / 1000} s ${during}`;
    else
      ending = code === 0 || (code === 1 && current === null) ? null : `${runtime} ended with code ${code} ${during}`;
  } catch (error) {
    ending = `${runtime} did not start: ${error instanceof Error ? error.message : error}`;
  } finally {
    clearTimeout(watchdog);
  }
  return ending && errors ? `${ending}\n${errors}` : ending;
}
