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
}

const cases: TestCase[] = [];
let prefix = '';

/** Groups the cases registered inside `define` under `name`. */
export function suite(name: string, define: () => void): void {
  const outer = prefix;
  prefix = outer ? `${outer} > ${name}` : name;
  define();
  prefix = outer;
}

/** Registers one case; its full name `suite > name` must be unique. @param runtimes null for all of them */
export function test(name: string, run: TestCase['run'], runtimes: TestCase['runtimes'] = null): void {
  const full = prefix ? `${prefix} > ${name}` : name;
  if (cases.some((c) => c.name === full)) throw new Error(`two test cases are called "${full}"`);
  cases.push({ name: full, run, runtimes });
}

/** The cases of a runtime that are registered so far, in order. */
export function registeredCases(runtime: RuntimeName): readonly TestCase[] {
  return cases.filter(({ runtimes }) => runtimes === null || runtimes.includes(runtime));
}

/** Runtimes whose adapters have a feature, for a case that needs it; null: all. Deno's have no subgroups. */
export function runtimesWith(feature: string | undefined): readonly RuntimeName[] | null {
  return feature === undefined ? null : ['node', 'chrome'];
}
