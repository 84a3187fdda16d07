import type { DeviceGpu } from '../../src/gpu/gpu.ts';
import type { Host, RuntimeName } from '../../src/host/host.ts';

/** What a case gets: the host it runs in and, on first use, one shared device. */
export interface TestContext {
  readonly host: Host;
  /** The runtime's device; a case fails when there is no adapter. The runner checks live bytes after every case. */
  gpu(): Promise<DeviceGpu>;
  /** A file under `test/`, e.g. `golden/seed1/clip_T.json`. */
  fixture(path: string): Promise<Uint8Array<ArrayBuffer>>;
}

/** One behaviour, run in every runtime that it concerns. */
export interface TestCase {
  readonly name: string;
  readonly run: (t: TestContext) => void | Promise<void>;
  /** Where it runs; null for all. */
  readonly runtimes: readonly RuntimeName[] | null;
  /** The one runtime that the whole test runs it in; null: each of `runtimes`. */
  readonly turn: RuntimeName | null;
}

const RUNTIMES = ['deno', 'node', 'chrome'] as const;

const cases: TestCase[] = [];
let prefix = '';
let inTurn = false;
let turns = 0;

/** Groups the cases registered inside `define` under `name`. */
export function suite(name: string, define: () => void): void {
  const outer = prefix;
  prefix = outer ? `${outer} > ${name}` : name;
  define();
  prefix = outer;
}

/**
 * A suite of costly cases of what stands above the kernels, which are tested in every runtime themselves: the whole test
 * gives each case to one runtime in turn, so that it stays under ten minutes; `npm run suites` runs all in the runtime that
 * it is given.
 */
export function suiteInTurn(name: string, define: () => void): void {
  const outer = inTurn;
  inTurn = true;
  suite(name, define);
  inTurn = outer;
}

/** Registers one case; its full name `suite > name` must be unique. @param runtimes null for all of them */
export function test(name: string, run: TestCase['run'], runtimes: TestCase['runtimes'] = null): void {
  const full = prefix ? `${prefix} > ${name}` : name;
  if (cases.some((c) => c.name === full)) throw new Error(`two test cases are called "${full}"`);
  const among = RUNTIMES.filter((runtime) => runtimes?.includes(runtime) ?? true);
  cases.push({ name: full, run, runtimes, turn: inTurn ? among[turns++ % among.length] : null });
}

/**
 * The cases of a runtime that are registered so far, in order.
 * @param dealt without those whose turn is another runtime's
 */
export function registeredCases(runtime: RuntimeName, dealt = false): readonly TestCase[] {
  return cases.filter(
    ({ runtimes, turn }) => (runtimes?.includes(runtime) ?? true) && (!dealt || turn === null || turn === runtime),
  );
}

/** Runtimes whose adapters have a feature, for a case that needs it; null: all. Deno's have no subgroups. */
export function runtimesWith(feature: string | undefined): readonly RuntimeName[] | null {
  return feature === undefined ? null : ['node', 'chrome'];
}
