import type { AdapterFacts } from '../src/gpu/adapter.ts';
import type { RunEvent } from '../src/run/events.ts';
import type { DatasetFacts, FamilyPreview, ModelChoice, Outcome, TrainingWish } from './protocol.ts';

/** What the worker is at. `paused` is a training that can go on. */
export type Phase = 'starting' | 'unusable' | 'idle' | 'preparing' | 'training' | 'pausing' | 'paused' | 'scoring';

/** A stage of work: `done` of `total` things, whatever they are. */
export interface Stage {
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

/** How far a training is. */
export interface Progress {
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  readonly etaSeconds: number;
}

/** All that the page shows. */
export interface State {
  readonly phase: Phase;
  /** What the worker computes on. */
  readonly machine: AdapterFacts | null;
  readonly models: readonly ModelChoice[];
  readonly families: readonly FamilyPreview[];
  readonly source: 'phantoms' | 'folders';
  /** The family that the data set is of, or ''. */
  readonly family: string;
  readonly dataset: DatasetFacts | null;
  readonly wish: TrainingWish;
  readonly stage: Stage | null;
  readonly progress: Progress | null;
  /** Steps and their losses. */
  readonly losses: { readonly steps: readonly number[]; readonly values: readonly number[] };
  readonly notes: readonly string[];
  readonly outcome: Outcome | null;
  /** One sentence about what went wrong last. */
  readonly error: string | null;
}

/** What changes the state. */
export type Change =
  | { readonly type: 'opened'; readonly machine: AdapterFacts; readonly models: readonly ModelChoice[] }
  | { readonly type: 'families'; readonly families: readonly FamilyPreview[] }
  | { readonly type: 'source'; readonly source: State['source'] }
  | { readonly type: 'family'; readonly family: string }
  | { readonly type: 'wish'; readonly wish: Partial<TrainingWish> }
  | { readonly type: 'phase'; readonly phase: Phase }
  /** Other images are on their way. */
  | { readonly type: 'forget' }
  /** A training begins at its first step. */
  | { readonly type: 'begin' }
  | { readonly type: 'dataset'; readonly dataset: DatasetFacts }
  | { readonly type: 'outcome'; readonly outcome: Outcome }
  /** What fails beside the work that is under way leaves the phase as it is. */
  | { readonly type: 'failed'; readonly message: string; readonly phase?: Phase }
  | { readonly type: 'dismiss' }
  | { readonly type: 'worker'; readonly event: RunEvent };

const NOTHING = { stage: null, progress: null, losses: { steps: [], values: [] }, notes: [], outcome: null } as const;

/** The state of a page that was just opened. */
export const START: State = {
  ...NOTHING,
  phase: 'starting',
  machine: null,
  models: [],
  families: [],
  source: 'phantoms',
  family: '',
  dataset: null,
  wish: { model: '', shots: 4, epochs: null, seed: 1, object: '' },
  error: null,
};

/** The state after a change. */
export function reduce(state: State, change: Change): State {
  switch (change.type) {
    case 'opened': {
      const { machine, models } = change;
      return { ...state, phase: 'idle', machine, models, wish: { ...state.wish, model: models[0].name } };
    }
    case 'families':
      return { ...state, families: change.families };
    case 'source':
      return { ...state, source: change.source, error: null };
    case 'family':
      return { ...state, family: change.family };
    case 'wish':
      return { ...state, wish: { ...state.wish, ...change.wish } };
    case 'phase':
      return { ...state, phase: change.phase, stage: null, error: null };
    case 'forget':
      return { ...state, ...NOTHING, phase: 'preparing', dataset: null, error: null };
    case 'begin':
      return { ...state, ...NOTHING, phase: 'training', error: null };
    case 'dataset': {
      const { dataset } = change;
      return { ...state, ...NOTHING, phase: 'idle', dataset, wish: { ...state.wish, object: dataset.object } };
    }
    case 'outcome':
      return { ...state, phase: 'idle', stage: null, outcome: change.outcome };
    case 'failed':
      return { ...state, ...(change.phase && { phase: change.phase, stage: null }), error: change.message };
    case 'dismiss':
      return { ...state, error: null };
    case 'worker':
      return afterEvent(state, change.event);
  }
}

function afterEvent(state: State, event: RunEvent): State {
  switch (event.type) {
    case 'stage':
      return { ...state, stage: event };
    case 'step': {
      const { steps, values } = state.losses;
      // After a pause the steps since the last checkpoint are told again.
      const kept = steps.findIndex((step) => step >= event.step);
      const keep = <T>(all: readonly T[]) => (kept < 0 ? all : all.slice(0, kept));
      const losses = { steps: [...keep(steps), event.step], values: [...keep(values), event.loss] };
      return { ...state, stage: null, progress: event, losses };
    }
    case 'note':
      return { ...state, notes: [...state.notes, event.text] };
    case 'eval':
      return state;
  }
}

/** Whether something runs that must end before anything else begins. */
export function isBusy({ phase }: State): boolean {
  return phase !== 'idle' && phase !== 'paused';
}
