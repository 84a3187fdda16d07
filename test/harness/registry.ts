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
  /** Where the whole test runs it. */
  readonly dealt: readonly RuntimeName[];
}

const RUNTIMES = ['deno', 'node', 'chrome'] as const;

const cases: TestCase[] = [];
let prefix = '';
let deal: Deal = (among) => among;
let [turns, dawnTurns] = [0, 0];

/** Which of the runtimes of a case the whole test runs it in. */
type Deal = (among: readonly RuntimeName[]) => readonly RuntimeName[];

/** Deno ten times as often: its software adapter takes a third of Node's time, and a fifth of Chrome's. */
const TURNS: readonly RuntimeName[] = [
  ...(['deno', 'deno', 'node', 'deno', 'deno', 'deno'] as const),
  ...(['deno', 'deno', 'chrome', 'deno', 'deno', 'deno'] as const),
];

/** Node more often: the same Dawn and the same adapter take Chrome twice the time. */
const DAWN_TURNS: readonly RuntimeName[] = ['chrome', 'node', 'node'];

function inTurn(among: readonly RuntimeName[]): readonly RuntimeName[] {
  const order = TURNS.filter((runtime) => among.includes(runtime));
  return order.length === 0 ? among : [order[turns++ % order.length]];
}

function onOneDawn(among: readonly RuntimeName[]): readonly RuntimeName[] {
  const order = DAWN_TURNS.filter((runtime) => among.includes(runtime));
  const one = order.length === 0 ? null : order[dawnTurns++ % order.length];
  return among.filter((runtime) => runtime === 'deno' || runtime === one);
}

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
  dealt(inTurn, name, define);
}

/**
 * A suite of costly kernels: Node and Chrome have one WebGPU (Dawn), one compiler of shaders (Tint) and, without a GPU, one
 * adapter, so the whole test runs each case in Deno and in one of these two in turn.
 */
export function suiteOnOneDawn(name: string, define: () => void): void {
  dealt(onOneDawn, name, define);
}

function dealt(by: Deal, name: string, define: () => void): void {
  const outer = deal;
  deal = by;
  suite(name, define);
  deal = outer;
}

/** Registers one case; its full name `suite > name` must be unique. @param runtimes null for all of them */
export function test(name: string, run: TestCase['run'], runtimes: TestCase['runtimes'] = null): void {
  const full = prefix ? `${prefix} > ${name}` : name;
  if (cases.some((c) => c.name === full)) throw new Error(`two test cases are called "${full}"`);
  const among = RUNTIMES.filter((runtime) => runtimes?.includes(runtime) ?? true);
  cases.push({ name: full, run, runtimes, dealt: deal(among) });
}

/**
 * The cases of a runtime that are registered so far, in order.
 * @param dealt without those that the whole test runs in other runtimes
 * @param half `1/2` or `2/2`: a half of the suites, so that two processes share the work; null: all
 */
export function registeredCases(runtime: RuntimeName, dealt = false, half: string | null = null): readonly TestCase[] {
  return casesOf(cases, runtime, dealt, half);
}

/** What is told of a case to who does not run it. */
export type ListedCase = Pick<TestCase, 'name' | 'runtimes' | 'dealt'>;

/** All cases that are registered so far, to be told. */
export function listedCases(): ListedCase[] {
  return cases.map(({ name, runtimes, dealt }) => ({ name, runtimes, dealt }));
}

/** Those of a list that a runtime runs; parameters as of {@link registeredCases}. */
export function casesOf<T extends ListedCase>(
  all: readonly T[],
  runtime: RuntimeName,
  dealt = false,
  half: string | null = null,
): readonly T[] {
  const chosen = all.filter((one) => (dealt ? one.dealt : (one.runtimes ?? RUNTIMES)).includes(runtime));
  // First letters share the work about evenly; what cases of a suite share stays in one process.
  return half ? chosen.filter((one) => suiteOf(one).charCodeAt(0) % 2 === (half === '1/2' ? 0 : 1)) : chosen;
}

function suiteOf({ name }: ListedCase): string {
  return name.split(' > ', 1)[0];
}

/** Runtimes whose adapters have a feature, for a case that needs it; null: all. Deno's have no subgroups. */
export function runtimesWith(feature: string | undefined): readonly RuntimeName[] | null {
  return feature === undefined ? null : ['node', 'chrome'];
}
