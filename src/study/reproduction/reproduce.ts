import { type ErrorCode, FusionclipError } from '../../base/errors.ts';
import { joinPath } from '../../base/paths.ts';
import { VERSION } from '../../base/version.ts';
import { openBackbone } from '../../detect/backbone.ts';
import { ORACLE_WARNING } from '../../detect/results.ts';
import { describeAdapter } from '../../gpu/adapter.ts';
import { runSettings } from '../../run/run_config.ts';
import { requireNoRun } from '../../run/run_folder.ts';
import type { TrainContext } from '../../train/train_run.ts';
import type { PhantomCounts } from '../phantom_sets.ts';
import { runStudy } from '../run_study.ts';
import { entriesCsv } from './csv.ts';
import { type Entry, entriesOf } from './entries.ts';
import type { SetName } from './paper.ts';
import { type PaperItem, paperItems } from './paper_items.ts';
import { planOf, type SkippedRow } from './plan.ts';
import { RUNS, recordsOf, type StudyRunRecord } from './records.ts';
import { STUDY_ROWS } from './rows.ts';
import { findSets, phantomSets, type StudySet } from './sets.ts';

/** What is to be reproduced. */
export interface ReproductionRequest {
  /** Folder that holds the sets of BMAD, or the numbers of pictures in phantoms that are made to stand for them. */
  readonly data: string | PhantomCounts;
  /** CLIP, as `--model` takes it. */
  readonly model: string;
  /** Folder of a MedCLIP; without it the rows of MedCLIP are skipped. */
  readonly medclip: string | null;
  /** Folder for runs and results; an interrupted study goes on from it. */
  readonly out: string;
  readonly tables: readonly number[];
  readonly figures: readonly number[];
  /** Null for all that are there. */
  readonly sets: readonly SetName[] | null;
  /** Support images of each class. */
  readonly shots: readonly number[];
  readonly seeds: readonly number[];
  /** Names of {@link STUDY_ROWS}; the control stands beside them in any case. */
  readonly methods: readonly string[];
  /** Settings of all rows that read them, on top of those that suit the model. */
  readonly settings: Readonly<Record<string, string>>;
  /** MiB of GPU memory for features that runs have in common. */
  readonly cache?: number;
}

/** `results.json`. */
export interface Reproduction {
  readonly fusionclip: string;
  /** Whether the sets are phantoms: the paper's numbers are then of other pictures. */
  readonly phantoms: boolean;
  readonly model: { readonly name: string; readonly hash: string };
  readonly medclip: string | null;
  readonly adapter: string;
  readonly sets: readonly StudySet[];
  readonly shots: readonly number[];
  readonly seeds: readonly number[];
  /** Given for all rows; each run has its own. */
  readonly settings: Readonly<Record<string, string>>;
  /** Says so when epochs were chosen on the test sets. */
  readonly warning: string | null;
  /** Says how much is done where not all runs were run; null for a whole reproduction. */
  readonly partial: string | null;
  readonly items: readonly PaperItemFacts[];
  readonly entries: readonly Entry[];
  readonly skipped: readonly SkippedRow[];
  readonly runs: readonly StudyRunRecord[];
}

/** What a table or figure shows; its numbers are among the entries. */
export interface PaperItemFacts extends Pick<PaperItem, 'name' | 'title' | 'kind' | 'metrics' | 'shots'> {
  readonly sets: readonly SetName[];
  /** Names of its rows, without those of brightness alone. */
  readonly rows: readonly string[];
}

/** What became of a reproduction. */
export interface ReproductionOutcome {
  readonly results: Reproduction;
  /** Codes of the runs that failed; null for an error in the program. */
  readonly failures: readonly (ErrorCode | null)[];
  /** Why the results are partial; null when they are whole. */
  readonly stopped: unknown;
}

/**
 * Runs the runs of the paper's tables and figures that are not finished yet, and writes `results.json` and
 * `results.csv`. Runs that fail are in both. When it is stopped, e.g. by Ctrl-C, they have what was finished by then.
 * @throws FusionclipError `io`, `bad_data` for the sets, `bad_model` for a model that cannot be opened
 */
export async function reproduce(context: TrainContext, request: ReproductionRequest): Promise<ReproductionOutcome> {
  const { fs, gpu } = context;
  const { data, out, shots, seeds, medclip } = request;
  await requireNoRun(fs, out);
  // The paper takes BMAD's bytes as they are, nearly blank patches among them.
  const settings = { range: 'full', ...request.settings, 'map.files': 'png16' };
  const backbone = await openBackbone(fs, request.model);
  const sets =
    typeof data === 'string'
      ? await findSets(context, data, request.sets, runSettings(settings).train)
      : await phantomSets(context, joinPath(out, 'data'), data, request.sets);
  const rows = STUDY_ROWS.filter(({ name }) => request.methods.includes(name));
  const blocks = backbone.weights.config.vision.layers;
  const items = paperItems({ tables: request.tables, figures: request.figures, sets, rows, shots, blocks });
  if (items.length === 0) {
    throw new FusionclipError('usage', 'None of the chosen tables and figures is of the chosen sets; choose others.');
  }
  const planRequest = { model: request.model, medclip, seeds, settings };
  const { runs, skipped } = planOf(planRequest, items);
  for (const { reason } of skipped) context.onEvent?.({ type: 'note', text: `Skipped: ${reason}` });
  const outcome = await runStudy(context, runs, joinPath(out, RUNS), { cache: request.cache });
  const done = outcome.finished.length + outcome.failed.length;
  const oracle = outcome.finished.some(({ results }) => results.selectedBy === 'test-oracle');
  const results: Reproduction = {
    fusionclip: VERSION,
    phantoms: typeof data !== 'string',
    model: { name: request.model, hash: backbone.identity.hash },
    medclip,
    adapter: describeAdapter(gpu.facts),
    sets,
    shots,
    seeds,
    settings,
    warning: oracle ? ORACLE_WARNING : null,
    partial: outcome.stopped ? `Stopped after ${done} of ${runs.length} runs; the same command again goes on.` : null,
    items: items.map(factsOf),
    entries: entriesOf(planRequest, items, outcome),
    skipped,
    runs: await recordsOf(fs, out, runs, outcome),
  };
  await fs.writeFile(joinPath(out, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
  await fs.writeFile(joinPath(out, 'results.csv'), entriesCsv(results.entries));
  return { results, failures: outcome.failed.map(({ code }) => code), stopped: outcome.stopped };
}

/** All rows that can be chosen. */
export const ROW_NAMES: readonly string[] = STUDY_ROWS.map(({ name }) => name);

function factsOf({ name, title, kind, metrics, shots, sets, rows }: PaperItem): PaperItemFacts {
  return { name, title, kind, metrics, shots, sets: sets.map((set) => set.name), rows: rows.map((row) => row.name) };
}
