import { csvCells } from '../base/csv.ts';
import type { FileSystem } from '../base/file_system.ts';
import { inputOfLine } from './input.ts';
import { ownColumns } from './merge.ts';
import { readPart } from './parts.ts';
import type { Plan } from './plan.ts';
import type { ArchiveScorer } from './score_archive.ts';

/** What repeating some images has shown. */
export interface Checked {
  readonly images: number;
  /** The adapter that repeated them, and those that had done them. */
  readonly adapter: string;
  readonly adapters: readonly string[];
  /** The largest difference of a score, and where. */
  readonly largest: number;
  readonly at: string | null;
  /** Inputs that are decided otherwise: abnormal or not, or the verdict of a calibration. */
  readonly decisions: readonly { readonly input: string; readonly before: string; readonly now: string }[];
  /** Inputs whose bytes are others by now; they are not compared. */
  readonly changed: readonly string[];
}

/** Columns that decide. */
const DECISIONS = ['abnormal', 'decision'];

/**
 * Scores some images of a plan again, spread over its shards, and compares with the parts: on the adapter that did them the
 * difference is 0. Whole batches are repeated, as which images are in one may change the last bits.
 * @param count images at least, as far as there are so many
 */
export async function checkPlan(fs: FileSystem, plan: Plan, scorer: ArchiveScorer, count: number): Promise<Checked> {
  const batch = plan.facts.plan === 'volumes' ? 1 : await scorer.batch();
  const names = [...ownColumns(plan.facts), ...plan.facts.columns.map(({ name }) => name)];
  const score = names.indexOf('score');
  const deciding = DECISIONS.map((name) => names.indexOf(name)).filter((at) => at >= 0);
  const adapters = new Set<string>();
  const decisions: { input: string; before: string; now: string }[] = [];
  const changed: string[] = [];
  let [images, largest, adapter, at] = [0, 0, '', null as string | null];
  let passed = 0;
  for await (const shard of plan.shards()) {
    // A batch is taken when fewer images are by now than its share of all.
    const starts: number[] = [];
    let taken = images;
    for (let start = 0; start < shard.inputs; start += batch) {
      const size = Math.min(batch, shard.inputs - start);
      passed += size;
      if (taken >= count || taken * plan.facts.inputs >= passed * count) continue;
      starts.push(start);
      taken += size;
    }
    if (starts.length === 0) continue;
    const part = await readPart(fs, plan, shard);
    if (!part) continue;
    adapters.add(part.record.adapter);
    const inputs = (await plan.lines(shard)).map(inputOfLine);
    const rows = csvCells(part.rows);
    for (const start of starts) {
      const paths = inputs.slice(start, start + batch).map(({ path }) => path);
      const again = await scorer.score(paths);
      adapter = again.adapter;
      images += paths.length;
      for (const [i, path] of paths.entries()) {
        const before = rows[start + i];
        const now = [path, '', again.rows[i].sha256, ...again.rows[i].cells];
        if (before[2] !== now[2]) {
          changed.push(path);
          continue;
        }
        const difference = Math.abs(Number(before[score]) - Number(now[score]));
        if (difference > largest) [largest, at] = [difference, path];
        if (deciding.some((column) => before[column] !== now[column])) {
          const text = (cells: readonly string[]) =>
            deciding
              .map((column) => cells[column])
              .join(' ')
              .trim();
          decisions.push({ input: path, before: text(before), now: text(now) });
        }
      }
    }
  }
  return { images, adapter, adapters: [...adapters].sort(), largest, at, decisions, changed };
}
