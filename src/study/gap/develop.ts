import { textColumns } from '../../base/columns.ts';
import { FusionclipError } from '../../base/errors.ts';
import { joinPath } from '../../base/paths.ts';
import { openBackbone } from '../../detect/backbone.ts';
import { type MeanInterval, meanInterval, type PairedDifference, pairedDifference } from '../../metrics/paired.ts';
import { runSettings } from '../../run/run_config.ts';
import type { TrainContext } from '../../train/train_run.ts';
import { PHANTOM_SEED, phantomFolder, phantomPlace } from '../phantom_sets.ts';
import { planOf } from '../reproduction/plan.ts';
import { OWN_ROW, type StudyRow } from '../reproduction/rows.ts';
import { runStudy } from '../run_study.ts';
import { describeStudyRun, type FinishedStudyRun } from '../study_run.ts';
import { familyRows } from './family_words.ts';
import type { GapRequest } from './gap.ts';
import { OWN } from './gap_rows.ts';
import { intervalText, signedText } from './text.ts';

/** The seeds that the study reports: nothing may be chosen on them. */
export const REPORTED_SEEDS: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8];
/** What is developed on where nothing else is said. */
export const DEVELOPMENT = { seeds: [901, 902, 903, 904], families: ['brain', 'liver'], shots: [4] } as const;

/** One change of each kind that the paper leaves open, against the settings that suit the model. */
export const USUAL_TRIALS =
  'lr.adapter=3e-4&lr.prompt=3e-4; lr.adapter=3e-3&lr.prompt=3e-3; temperature=10; temperature=50; loss.alpha=0.1,0.1; ' +
  'loss.detOnSeg=true; epochs=3; epochs=30; prompt.init=words:a photo of a; fuse=mean; fuse=calib; score.cls=none; branch.weights=1,0.25';

/** A change of settings, and what it did to the method. */
export interface TrialRow {
  /** As it was given; `as it is` for no change. */
  readonly trial: string;
  readonly shots: number;
  /** Image AUROC over families and seeds. */
  readonly imageAuroc: MeanInterval;
  /** Less that of no change, on the same phantoms, draw and seed; null for no change itself. */
  readonly gain: PairedDifference | null;
}

/** `develop.json`. */
export interface DevelopResults extends Pick<GapRequest, 'seeds' | 'families' | 'shots' | 'valid' | 'test'> {
  readonly model: string;
  /** The best first. */
  readonly rows: readonly TrialRow[];
  readonly failed: readonly { readonly run: string; readonly reason: string }[];
  readonly finished: number;
  readonly total: number;
}

const AS_IT_IS = 'as it is';

/**
 * Tries settings of the method on seeds that the study does not report, one trial beside the other on the same phantoms, draws and
 * initial weights. Goes on where an earlier call was interrupted.
 * @param trials settings with `=`, several of one trial with `&` between them, trials with `;`
 * @throws FusionclipError `usage` for reported seeds and for settings that there are not; as `studyGap`
 */
export async function developGap(context: TrainContext, request: GapRequest, trials: string): Promise<DevelopResults> {
  const { fs } = context;
  const { model, out, seeds, families, shots, valid, test } = request;
  const reported = seeds.filter((seed) => REPORTED_SEEDS.includes(seed));
  if (reported.length > 0) {
    throw new FusionclipError(
      'usage',
      `Seeds ${reported.join(', ')} are reported, so nothing can be chosen on them; give others, e.g. --seeds ${DEVELOPMENT.seeds.join(',')}.`,
    );
  }
  const rows = trialRows(trials, request.settings);
  const backbone = await openBackbone(fs, model);
  const rowsOf = new Map(
    families.map((family) => [family, familyRows(context, backbone, family, rows, request.settings)]),
  );
  const settings = { 'map.files': 'none', ...request.settings };
  const sets: { readonly name: string; readonly folder: string; readonly seed: number }[] = [];
  for (const seed of seeds) {
    for (const name of families) {
      const parent = phantomPlace(out, request, seed);
      sets.push({
        name,
        seed,
        folder: await phantomFolder(context, parent, { valid, test }, name, PHANTOM_SEED + seed),
      });
    }
  }
  const runs = sets.flatMap(
    ({ seed, ...set }) =>
      planOf({ model, medclip: null, seeds: [seed], settings }, [{ rows: rowsOf.get(set.name)!, sets: [set], shots }])
        .runs,
  );
  const outcome = await runStudy(context, runs, joinPath(out, 'develop'));
  const results: DevelopResults = {
    ...{ model, seeds, families, shots, valid, test },
    rows: summariseTrials(
      outcome.finished,
      rows.map(({ name }) => name),
      shots,
    ),
    failed: outcome.failed.map(({ run, reason }) => ({ run: describeStudyRun(run), reason })),
    ...{ finished: outcome.finished.length, total: runs.length },
  };
  await fs.writeFile(joinPath(out, 'develop.json'), `${JSON.stringify(results, null, 2)}\n`);
  if (outcome.stopped) throw outcome.stopped;
  return results;
}

/** A row for no change, and one for each trial. @throws FusionclipError `usage` */
export function trialRows(trials: string, given: Readonly<Record<string, string>>): StudyRow[] {
  const texts = trials.split(';').map((one) => one.trim());
  const changes = texts.filter((one) => one !== '').map((trial) => ({ trial, settings: settingsOfTrial(trial) }));
  const rows = [{ trial: AS_IT_IS, settings: {} }, ...changes].map(({ trial, settings }) => {
    runSettings({ method: OWN, ...given, ...settings }); // wrong values are found before anything is run
    return { ...OWN_ROW, name: trial, settings };
  });
  const twice = rows.find(({ name }, i) => rows.findIndex((one) => one.name === name) !== i);
  if (twice) throw new FusionclipError('usage', `The trial ${twice.name} is given twice; leave one out.`);
  return rows;
}

function settingsOfTrial(trial: string): Record<string, string> {
  return Object.fromEntries(
    trial.split('&').map((part) => {
      const at = part.indexOf('=');
      if (at > 0) return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
      throw new FusionclipError('usage', `A trial is NAME=VALUE, several with & between them, not "${trial}".`);
    }),
  );
}

/** Trials with their gain over no change, pair by pair; the best mean first. Pairs are a family and a seed. */
export function summariseTrials(
  finished: readonly FinishedStudyRun[],
  trials: readonly string[],
  shots: readonly number[],
): TrialRow[] {
  const found = (trial: string, each: number) =>
    finished.filter(({ run }) => run.method === trial && run.shots === each);
  return shots.flatMap((each) => {
    const base = found(AS_IT_IS, each);
    const rows = trials.flatMap((trial): TrialRow[] => {
      const own = found(trial, each);
      if (own.length === 0) return [];
      const auroc = ({ results }: FinishedStudyRun) => results.selected.image.auroc;
      const pairs = own.flatMap((one) => {
        const other = base.find(({ run }) => run.set === one.run.set && run.seed === one.run.seed);
        return other ? [[auroc(one), auroc(other)] as const] : [];
      });
      const gain =
        trial === AS_IT_IS || pairs.length === 0
          ? null
          : pairedDifference(
              pairs.map(([a]) => a),
              pairs.map(([, b]) => b),
            );
      return [{ trial, shots: each, imageAuroc: meanInterval(own.map(auroc)), gain }];
    });
    return rows.sort((a, b) => b.imageAuroc.mean - a.imageAuroc.mean);
  });
}

/** The trials as text. */
export function formatTrials(results: DevelopResults): string {
  const { model, seeds, families, rows, finished, total, failed } = results;
  return [
    `${model}: trials of ${OWN} on ${families.join(', ')}, seeds ${seeds.join(', ')}, none of which is reported; ${finished} of ${total} runs are finished`,
    '',
    textColumns([
      ['', 'trial', 'runs', 'image AUROC', 'less no change', 'above : below, sign test'],
      ...rows.map(({ trial, shots, imageAuroc, gain }) => [
        `${shots}-shot`,
        trial,
        String(imageAuroc.count),
        intervalText(imageAuroc),
        gain ? signedText(gain) : '',
        gain ? `${gain.above}:${gain.below} p ${gain.signP.toPrecision(2)}` : '',
      ]),
    ]),
    '',
    'The best of many trials looks better than it is: what is chosen here has to be run on the reported seeds.',
    ...failed.map(({ run, reason }) => `FAILED   ${run}: ${reason}`),
    '',
  ].join('\n');
}
