import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { middleOf } from '../base/progress.ts';
import type { Detector } from '../detect/detector.ts';
import type { SelectedBy } from '../detect/results.ts';
import type { ValidationSet } from '../detect/selection.ts';
import type { TrainItem } from '../detect/support.ts';
import type { SupportSet } from '../detect/support_set.ts';
import { type RunListener, stage, type TrainedStep } from '../run/events.ts';
import type { RunConfig } from '../run/run_config.ts';
import { BEST, LAST, LATEST, type RunFolder } from '../run/run_folder.ts';
import { type Choice, LOSS_TAIL, type RunState } from '../run/run_state.ts';
import { loadCheckpoint, saveCheckpoint, saveWeights } from './checkpoint.ts';
import type { Forecast } from './forecast.ts';
import type { Rehearsed } from './rehearsal.ts';
import {
  type KeptTraining,
  type SharedTrainings,
  type TrainedEpoch,
  TrainingReplay,
  trainingKey,
  weightsOf,
} from './shared_trainings.ts';
import type { Team } from './team.ts';
import { Trainer } from './trainer.ts';

/** What a campaign works with. */
export interface TrainingParts {
  readonly fs: FileSystem;
  readonly folder: RunFolder;
  readonly header: RunConfig;
  readonly items: readonly TrainItem[];
  readonly detector: Detector;
  readonly memory: SupportSet;
  /** What weights are compared on, or null when nothing is compared. */
  readonly contest: ValidationSet | null;
  readonly selectedBy: SelectedBy;
  readonly onEvent: RunListener;
  /** Foresees the end. */
  readonly forecast: Forecast;
  /** Times what comes after the steps. */
  readonly rehearsal: () => Promise<Rehearsed | null>;
  /** Where the same training may be had that another run has done. */
  readonly trainings?: SharedTrainings;
  /** Who computes parts of batches beside this process. */
  readonly team?: Team | null;
  readonly signal?: AbortSignal;
}

/** Both ends of a campaign. */
export interface TrainingEnd {
  /** The chosen weights lie in `checkpoint/best.safetensors`. */
  readonly best: Choice;
  /** The weights at the end of the training that the chosen ones come from, in `checkpoint/last.safetensors`. */
  readonly last: Choice;
  /** Folder of the run that did the training, where it was another one. */
  readonly trainedBy: string | null;
}

/** What a method without training is evaluated by. */
const UNTRAINED: Choice = { candidate: 0, epoch: 0, step: 0, score: null };

/**
 * Trains with one learning rate after the other (usually there is one), compares weights on the way, and leaves the best
 * and the last in the run folder.
 * @param resume whether to go on from the folder's checkpoint
 * @throws FusionclipError `interrupted` when the signal fired; a checkpoint was written
 */
export async function runTraining(parts: TrainingParts, resume: RunState | null): Promise<TrainingEnd> {
  const { header, folder, onEvent } = parts;
  if (parts.selectedBy === 'none') return { best: UNTRAINED, last: UNTRAINED, trainedBy: null };
  const rates: (number | null)[] = header.train['lr.grid'].length > 0 ? [...header.train['lr.grid']] : [null];
  let best = resume?.best ?? null;
  let trainedBy: string | null = null;
  for (let candidate = resume?.candidate ?? 0; candidate < rates.length; candidate++) {
    if (rates.length > 1) {
      const text = `Learning rate ${rates[candidate]} (${candidate + 1} of ${rates.length}).`;
      onEvent({ type: 'note', text });
    }
    const going = resume?.candidate === candidate ? resume : null;
    const known = going ? null : (parts.trainings?.find(trainingKey(header, candidate)) ?? null);
    trainedBy = known?.folder ?? trainedBy;
    best = await trainCandidate(parts, candidate, rates[candidate], best, known ?? going);
  }
  await folder.metrics.flush();
  const last = { candidate: best!.candidate, epoch: header.train.epochs, step: lastStep(parts), score: null };
  return { best: best!, last, trainedBy };
}

function lastStep({ header, items }: TrainingParts): number {
  return header.train.epochs * Math.ceil(items.length / header.train.batch);
}

/**
 * One training from the first to the last epoch; returns the best weights of all candidates so far.
 * @param begun the state that it goes on from, or the whole training where another run has done it
 */
async function trainCandidate(
  parts: TrainingParts,
  candidate: number,
  rate: number | null,
  bestBefore: Choice | null,
  begun: RunState | KeptTraining | null,
): Promise<Choice> {
  const { fs, folder, header, detector, memory, contest, onEvent, signal, forecast } = parts;
  const { train } = header;
  const kept = begun && 'epochs' in begun ? begun : null;
  const resume = kept ? null : (begun as RunState | null);
  let best = bestBefore;
  let losses = [...(resume?.losses ?? [])];
  await detector.restart(signal);
  const trainer = kept ? null : new Trainer(detector, parts.items, train, { rate, team: parts.team });
  const training = trainer ?? new TrainingReplay(detector, kept!);
  const done: TrainedEpoch[] = [];
  try {
    if (trainer && resume) await loadCheckpoint(fs, folder.file(LATEST), trainer);
    if (trainer && trainer.epoch < train.epochs) {
      const what = 'features of the support images';
      await trainer.prepare(stage(onEvent, what), signal);
      await forecast.rehearse(parts.rehearsal);
    }
    const save = async (due = false) => {
      await folder.metrics.flush();
      // A training that is repeated has no state of its own: it would be repeated from the start.
      if (!trainer) return;
      const state: RunState = { step: trainer.step, candidate, best, lines: folder.metrics.lines, due, losses };
      await saveCheckpoint(fs, folder.file(LATEST), header, trainer, state);
    };
    let compare = resume?.due ?? false;
    while (compare || training.epoch < train.epochs) {
      if (!trainer) signal?.throwIfAborted();
      const steps: TrainedStep[] = [];
      const hooks = {
        signal,
        onCheckpoint: () => save(),
        onStep: (own: TrainedStep) => {
          steps.push(own);
          forecast.stepped(candidate * own.steps + own.step);
          const left = forecast.left();
          const event = { ...own, etaSeconds: left && middleOf(...left) };
          losses = [...losses, event.loss].slice(-LOSS_TAIL);
          folder.metrics.add({ type: 'step', ...(rate !== null && { rate }), ...event });
          onEvent({ type: 'step', rate, ...event, ...(left && left[0] < left[1] && { etaRange: left }) });
        },
      };
      // An epoch whose weights were about to be compared is done.
      const finished = compare || (await training.runEpoch(hooks));
      compare = false;
      if (finished === false) {
        await save();
        throw interrupted(folder, training.step, trainer!.steps);
      }
      if (trainer) await forecast.rehearse(parts.rehearsal);
      const end = training.epoch === train.epochs;
      const choice = { candidate, epoch: training.epoch, step: training.step };
      const due = end || (parts.selectedBy !== 'last' && training.epoch % train['eval.every'] === 0);
      if (parts.trainings && !begun) done.push({ steps, weights: due ? await weightsOf(detector) : null });
      if (contest && due) {
        await save(true);
        const score = await forecast.comparing(() =>
          memory.withScorer((scorer) => contest.evaluate(scorer, choice), { signal }),
        );
        const better = !best?.score || score.value > best.score.value;
        const on = parts.selectedBy === 'test-oracle' ? 'test-oracle' : 'valid';
        folder.metrics.add({ type: 'eval', ...(rate !== null && { rate }), ...choice, on, ...score, best: better });
        onEvent({ type: 'eval', rate, epoch: choice.epoch, step: choice.step, on, score, best: better });
        if (better) {
          best = { ...choice, score };
          if (score.value >= 1) forecast.perfect();
          await saveWeights(fs, folder.file(BEST), header, detector.method.parameters);
        }
      } else if (end && !contest) {
        best = { ...choice, score: null };
        await saveWeights(fs, folder.file(BEST), header, detector.method.parameters);
      }
      if (end && best?.candidate === candidate) {
        await saveWeights(fs, folder.file(LAST), header, detector.method.parameters);
      }
      await save();
    }
    if (done.length === train.epochs) {
      parts.trainings?.keep(trainingKey(header, candidate), { folder: folder.path, epochs: done });
    }
    return best!;
  } catch (error) {
    // On a full disk this fails as well, and what came first is the news.
    await folder.metrics.flush().catch(() => {});
    throw error;
  } finally {
    trainer?.release();
  }
}

function interrupted(folder: RunFolder, step: number, steps: number): FusionclipError {
  return new FusionclipError(
    'interrupted',
    `Interrupted after step ${step} of ${steps}; the state is saved: go on with fusionclip train --resume --out ${folder.path}.`,
  );
}
