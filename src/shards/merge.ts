import { csvCells, csvText } from '../base/csv.ts';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { inputName, inputOfLine } from './input.ts';
import { LineWriter } from './line_files.ts';
import { type Part, partPath, readFailure, readPart, type ShardFailure, setAside } from './parts.ts';
import type { Column, Plan, PlanFacts, Shard } from './plan.ts';

/** Cells of every row before the columns of the plan; in a grid a run, the hash of its settings, data and model, and that of its results. */
export function ownColumns({ plan }: Pick<PlanFacts, 'plan'>): readonly [string, string, string] {
  return plan === 'grid' ? ['run', 'settings', 'sha256'] : ['input', 'patient', 'sha256'];
}

/** Takes the rows of the merged results in order. */
export interface RowSink {
  /** Rows as lines of CSV. */
  write(rows: string): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

/** What the merged results are of. */
export interface Merged {
  readonly plan: string;
  readonly shards: number;
  readonly inputs: number;
  readonly images: number;
  /** Rows that were written: each of another input. */
  readonly rows: number;
  /** Rows with an error in place of scores. */
  readonly unread: number;
  /** The first of them. */
  readonly examples: readonly { readonly input: string; readonly error: string }[];
  /** Ids of shards without a part; those that were tried have a reason. */
  readonly missing: readonly { readonly id: string; readonly inputs: number; readonly failure: ShardFailure | null }[];
  /** Shards whose part was damaged, or had other rows than those of their inputs, and was set aside. */
  readonly damaged: readonly string[];
  /** Programs and adapters with the numbers of shards that they did. */
  readonly programs: Readonly<Record<string, number>>;
  readonly adapters: Readonly<Record<string, number>>;
  /** What the parts took together; it is in no file. */
  readonly seconds: number;
}

/** Rows with errors that are named. */
const EXAMPLES = 20;

/**
 * Puts the parts of a plan together, in its order, and proves on the way that every input stands exactly once: the inputs of the
 * plan are each another one and those that its ids are made of, and the rows of each part are those of its inputs, one by one. What
 * is in memory is one shard.
 * @throws FusionclipError `bad_data` for a plan that was changed
 */
export async function mergeParts(fs: FileSystem, plan: Plan, sink: RowSink): Promise<Merged> {
  await plan.check();
  const { facts } = plan;
  const missing: { id: string; inputs: number; failure: ShardFailure | null }[] = [];
  const damaged: string[] = [];
  const examples: { input: string; error: string }[] = [];
  const programs = new Map<string, number>();
  const adapters = new Map<string, number>();
  let [rows, unread, seconds, last] = [0, 0, 0, ''];
  for await (const shard of plan.shards()) {
    const lines = await plan.lines(shard);
    last = requireOrder(plan, lines, last);
    const names = lines.map((line) => nameOf(inputOfLine(line)));
    const part = await takePart(fs, plan, shard, names, damaged);
    if (!part) {
      // That of a part which was there before, and is set aside, is over.
      const failure = damaged.at(-1) === shard.id ? null : await readFailure(fs, plan, shard);
      missing.push({ id: shard.id, inputs: shard.inputs, failure });
      continue;
    }
    const texts = part.rows.split('\n');
    for (const [i, { path }] of names.entries()) {
      // The error is the last cell; a row that has none ends with a comma.
      if (hasError(plan) && !texts[i].endsWith(',')) {
        unread++;
        if (examples.length < EXAMPLES) examples.push({ input: path, error: csvCells(texts[i])[0].at(-1)! });
      }
    }
    rows += lines.length;
    seconds += part.record.seconds;
    count(programs, part.record.fusionclip);
    count(adapters, part.record.adapter);
    await sink.write(part.rows);
  }
  return {
    ...{ plan: facts.hash, shards: facts.shards, inputs: facts.inputs, images: facts.images },
    ...{ rows, unread, examples, missing, damaged, seconds },
    programs: inOrder(programs),
    adapters: inOrder(adapters),
  };
}

/** A sink that writes one CSV. */
export async function csvSink(fs: FileSystem, path: string, columns: readonly Column[]): Promise<RowSink> {
  const writer = await LineWriter.open(fs, path);
  writer.add(csvText([columns.map(({ name }) => name)]));
  return {
    write: async (rows) => {
      if (writer.add(rows)) await writer.flush();
    },
    close: () => writer.close(),
    abort: () => writer.abort(),
  };
}

/** The part of a shard; one that is damaged is set aside, so that it is made again. */
async function takePart(
  fs: FileSystem,
  plan: Plan,
  shard: Shard,
  names: readonly Named[],
  damaged: string[],
): Promise<Part | null> {
  try {
    const part = await readPart(fs, plan, shard);
    if (!part || hasRowsOf(plan, part, names)) return part;
  } catch (error) {
    if (!(error instanceof FusionclipError) || error.code !== 'bad_data') throw error;
  }
  damaged.push(shard.id);
  await setAside(fs, partPath(plan, shard));
  return null;
}

/** An input as its row names it. */
interface Named {
  readonly path: string;
  readonly patient: string;
}

function nameOf({ path, patient }: Named): Named {
  return { path: inputName(path), patient };
}

/** Whether the rows of a part are those of its inputs, one by one, with the columns of the plan. */
function hasRowsOf({ facts }: Plan, { rows }: Part, names: readonly Named[]): boolean {
  const texts = rows.split('\n');
  if (texts.length !== names.length + 1 || texts.at(-1) !== '') return false;
  const cells = ownColumns(facts).length + facts.columns.length;
  return (
    csvCells(texts[0])[0].length === cells &&
    names.every(({ path, patient }, i) => texts[i].startsWith(`${ownCells(path, patient)},`))
  );
}

/** Lines in order are each another one; cells of a grid, in an order of their own, are so by their names, which `planOf` makes unique. */
function requireOrder(plan: Plan, lines: readonly string[], last: string): string {
  if (!plan.facts.sorted) return last;
  let before = last;
  for (const line of lines) {
    if (line <= before && before !== '') {
      const file = joinPath(plan.path, 'inputs.txt');
      throw new FusionclipError('bad_data', `${file} has an input twice or out of order; make the plan again.`);
    }
    before = line;
  }
  return before;
}

/** Text that is its own cell. */
const PLAIN = /^[\w/.][\w/. :-]*$/;

/** The first cells of a row. */
function ownCells(path: string, patient: string): string {
  const plain = PLAIN.test(path) && (patient === '' || PLAIN.test(patient));
  return plain ? `${path},${patient}` : csvText([[path, patient]]).slice(0, -1);
}

function hasError({ facts }: Plan): boolean {
  return facts.columns.at(-1)?.name === 'error';
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function inOrder(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
