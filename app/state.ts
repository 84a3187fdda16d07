import type { AdapterFacts } from '../src/gpu/adapter.ts';
import type { RunEvent } from '../src/run/events.ts';
import type { ModelChoice } from './protocol/calls.ts';
import type { DatasetFacts, FamilyPreview, GivenFile, GivenImages, Waived } from './protocol/images.ts';
import type { AdaptersFacts, Outcome } from './protocol/results.ts';
import type { Kept, OpenedSession } from './protocol/sessions.ts';
import type { Losses, Progress, TrainingWish } from './protocol/training.ts';

/** What the worker is at. `paused` is a training that can go on; `stopping` are scores that nobody wants any more. */
export type Phase =
  | 'starting'
  | 'unusable'
  | 'idle'
  | 'preparing'
  | 'training'
  | 'pausing'
  | 'paused'
  | 'scoring'
  | 'stopping';

/** A stage of work: `done` of `total` things, whatever they are. */
export interface Stage {
  readonly what: string;
  readonly done: number;
  readonly total: number;
  /** When it said first that some were done, and how many, and when it said this, in milliseconds of `Date.now()`. */
  readonly pace?: { readonly since: number; readonly from: number; readonly now: number };
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
  /** What the next training is asked for. */
  readonly wish: TrainingWish;
  /** Whether sessions keep their images. */
  readonly keep: boolean;
  readonly kept: Kept | null;
  /** The session that is open. */
  readonly session: { readonly id: string; readonly name: string; readonly needs: string | null } | null;
  /** What images can be scored with. */
  readonly adapters: AdaptersFacts | null;
  readonly stage: Stage | null;
  readonly progress: Progress | null;
  /** Whether `progress` is of the work at hand: a training that goes on loads its model first. */
  readonly moving: boolean;
  /** When the training will have ended, at the earliest and the latest, in milliseconds of `Date.now()`; null where nobody knows. */
  readonly due: readonly [number, number] | null;
  readonly losses: Losses;
  readonly notes: readonly string[];
  readonly outcome: Outcome | null;
  /** What the page was at before the work under way. */
  readonly rest: 'idle' | 'paused';
  /** What was on screen before work began that may be refused. */
  readonly before: Screen | null;
  /** One sentence about what went wrong last. */
  readonly error: string | null;
  /** How the images that were refused can be taken all the same, or null. */
  readonly offer: Offer | null;
}

/** Images that were refused, with what would have to be waived. */
export interface Offer {
  /** Of a data set, or without labels. */
  readonly images: GivenImages | { readonly kind: 'new'; readonly files: readonly GivenFile[] };
  /** What was refused: files and folders that would be left out, or words of the setting `accept`. */
  readonly more: Waived;
  /** Of how many volumes of a file one has to be chosen; 0 where none has. */
  readonly volumes: number;
  /** With all that was waived before. */
  readonly waived: Waived;
}

/** What changes the state. */
export type Change =
  | { readonly type: 'opened'; readonly machine: AdapterFacts; readonly models: readonly ModelChoice[] }
  | { readonly type: 'families'; readonly families: readonly FamilyPreview[] }
  | { readonly type: 'source'; readonly source: State['source'] }
  | { readonly type: 'wish'; readonly wish: Partial<TrainingWish> }
  | { readonly type: 'keep'; readonly keep: boolean }
  | { readonly type: 'phase'; readonly phase: Phase }
  /** A training begins at its first step. */
  | { readonly type: 'begin' }
  /** What runs is to stop. */
  | { readonly type: 'stopping' }
  /** It has stopped, and nothing of it is left. */
  | { readonly type: 'stopped' }
  | { readonly type: 'dataset'; readonly dataset: DatasetFacts; readonly family: string }
  | { readonly type: 'outcome'; readonly outcome: Outcome }
  /** `scores` when images are scored with them at once. */
  | { readonly type: 'adapters'; readonly adapters: AdaptersFacts; readonly scores: boolean }
  | { readonly type: 'kept'; readonly kept: Kept }
  | { readonly type: 'session'; readonly opened: OpenedSession }
  | { readonly type: 'deleted'; readonly id: string }
  /** `chosen` is null where the one of before stays, if it is still there. */
  | { readonly type: 'models'; readonly models: readonly ModelChoice[]; readonly chosen: string | null }
  /** `rest` is what the page was at before. What fails beside the work that is under way leaves the phase as it is. */
  | { readonly type: 'failed'; readonly message: string; readonly phase?: Phase | 'rest'; readonly offer?: Offer }
  | { readonly type: 'dismiss' }
  | { readonly type: 'worker'; readonly event: RunEvent };

const NOTHING = {
  stage: null,
  progress: null,
  moving: false,
  due: null,
  losses: { steps: [], values: [] },
  notes: [],
  outcome: null,
} as const;

/** Before the first step of any work. */
const WAITING = { stage: null, moving: false, due: null } as const;

/** The part of the state that a piece of work replaces. */
type Screen = Pick<State, 'progress' | 'losses' | 'notes' | 'outcome' | 'session'>;

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
  keep: false,
  kept: null,
  session: null,
  adapters: null,
  rest: 'idle',
  before: null,
  wish: { model: '', shots: 4, epochs: null, seed: 1, object: '', support: null },
  error: null,
  offer: null,
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
    case 'wish':
      return { ...state, wish: withWish(state.wish, change.wish) };
    case 'keep':
      return { ...state, keep: change.keep };
    case 'phase': {
      // What images are looked at or scored for may be refused, and then nothing was said of what is on screen.
      const before = ['preparing', 'scoring'].includes(change.phase) ? screenOf(state) : null;
      return { ...state, ...WAITING, phase: change.phase, rest: restOf(state), before, error: null };
    }
    case 'begin':
      return { ...state, ...NOTHING, before: screenOf(state), session: null, phase: 'training', error: null };
    case 'stopping':
      return { ...state, phase: state.phase === 'training' ? 'pausing' : 'stopping', stage: null };
    case 'stopped':
      return { ...state, ...state.before, before: null, phase: state.rest, stage: null };
    case 'dataset':
      return withDataset(state, change.dataset, change.family);
    case 'outcome': {
      const { outcome } = change;
      // What was scored without a training has no losses.
      const trained = outcome.kind === 'train' ? {} : NOTHING;
      const { session: id, adapters } = outcome;
      const session = { id, name: '', needs: null };
      return { ...state, ...trained, phase: 'idle', stage: null, before: null, outcome, session, adapters };
    }
    case 'adapters':
      return { ...state, adapters: change.adapters, phase: change.scores ? state.phase : state.rest };
    case 'kept':
      return { ...state, kept: change.kept, session: state.session ?? pausedOf(state, change.kept) };
    case 'session':
      return withSession(state, change.opened);
    case 'deleted': {
      if (change.id !== state.session?.id) return state;
      return { ...state, ...NOTHING, session: null, adapters: null, phase: 'idle' };
    }
    case 'models':
      return withModels(state, change.models, change.chosen);
    case 'failed': {
      const { message, offer = null } = change;
      if (!change.phase) return { ...state, error: message, offer };
      // Work that was refused before it began leaves everything as it was.
      const refused = change.phase === 'rest' ? state.before : null;
      const phase = change.phase === 'rest' ? state.rest : change.phase;
      return { ...state, ...refused, phase, stage: null, before: null, error: message, offer };
    }
    case 'dismiss':
      return { ...state, error: null };
    case 'worker':
      return afterEvent(state, change.event);
  }
}

/** Another draw has other images. */
function withWish(wish: TrainingWish, part: Partial<TrainingWish>): TrainingWish {
  const redrawn = 'shots' in part || 'seed' in part;
  return { ...wish, ...(redrawn && { support: null }), ...part };
}

/** A model that was added is chosen; work that is under way beside a deletion goes on. */
function withModels(state: State, models: readonly ModelChoice[], chosen: string | null): State {
  const { wish } = state;
  if (chosen !== null) return { ...state, phase: restOf(state), stage: null, models, wish: { ...wish, model: chosen } };
  const model = models.some(({ name }) => name === wish.model) ? wish.model : models[0].name;
  return { ...state, models, wish: { ...wish, model } };
}

/** The session of a training that was just paused: the last that was at work. */
function pausedOf({ phase }: State, { sessions, last }: Kept): State['session'] {
  const paused = phase === 'paused' ? sessions.find(({ id }) => id === last) : undefined;
  return paused ? { id: paused.id, name: paused.name, needs: null } : null;
}

function restOf({ phase, rest }: State): 'idle' | 'paused' {
  return phase === 'idle' || phase === 'paused' ? phase : rest;
}

function screenOf({ progress, losses, notes, outcome, session }: State): Screen {
  return { progress, losses, notes, outcome, session };
}

/** Other images; those of a training that waits for them let it go on. */
function withDataset(state: State, dataset: DatasetFacts, family: string): State {
  const { session, kept } = state;
  const open = kept?.sessions.find(({ id }) => id === session?.id);
  const waited = session?.needs && JSON.stringify(open?.source) === JSON.stringify(dataset.source);
  if (waited) {
    const phase = open?.finished ? 'idle' : 'paused';
    return { ...state, phase, stage: null, dataset, family, session: { ...session, needs: null } };
  }
  const wish = { ...state.wish, object: dataset.object, support: null };
  return { ...state, ...NOTHING, session: null, phase: 'idle', dataset, family, wish };
}

function withSession(state: State, { session, dataset, outcome, losses, progress }: OpenedSession): State {
  const { id, name, source, finished, kind } = session;
  const needs = !dataset && source?.kind === 'folders' ? source.name : null;
  return {
    ...state,
    ...NOTHING,
    phase: kind === 'train' && !finished ? 'paused' : 'idle',
    source: source?.kind ?? state.source,
    family: source?.kind === 'phantoms' ? source.family : '',
    dataset,
    wish: session.wish ?? { ...state.wish, object: dataset?.object ?? state.wish.object },
    session: { id, name, needs },
    losses,
    progress,
    outcome,
    adapters: outcome?.adapters ?? null,
    notes: outcome?.notes ?? [],
  };
}

function dueOf(seconds: number | null | undefined, range?: readonly [number, number]): State['due'] {
  if (seconds === null || seconds === undefined) return null;
  const [least, most] = range ?? [seconds, seconds];
  const now = Date.now();
  return [now + 1000 * least, now + 1000 * most];
}

/** A stage that knows when it began; what its first things took says little, for they compile and load. */
function pacedStage(before: Stage | null, { what, done, total }: Stage): Stage {
  const now = Date.now();
  if (done === 0) return { what, done, total };
  const goesOn = before?.pace && before.what === what && before.done <= done;
  const { since, from } = goesOn ? before.pace! : { since: now, from: done };
  return { what, done, total, pace: { since, from, now } };
}

function afterEvent(state: State, event: RunEvent): State {
  switch (event.type) {
    case 'stage':
      return { ...state, stage: pacedStage(state.stage, event), due: dueOf(event.etaSeconds) ?? state.due };
    case 'step': {
      const { steps, values } = state.losses;
      // After a pause the steps since the last checkpoint are told again.
      const kept = steps.findIndex((step) => step >= event.step);
      const keep = <T>(all: readonly T[]) => (kept < 0 ? all : all.slice(0, kept));
      const losses = { steps: [...keep(steps), event.step], values: [...keep(values), event.loss] };
      const due = dueOf(event.etaSeconds, event.etaRange);
      return { ...state, stage: null, progress: event, moving: true, due, losses };
    }
    case 'note':
      // A training that goes on, or runs twice, says some things again.
      if (state.notes.includes(event.text)) return state;
      return { ...state, notes: [...state.notes, event.text] };
    case 'eval':
      return state;
  }
}

/** Whether something runs that must end before anything else begins. */
export function isBusy({ phase }: State): boolean {
  return phase !== 'idle' && phase !== 'paused';
}

/** Whether something would be lost with the page: work under way, or results that no storage keeps. */
export function wouldLose(state: State): boolean {
  if (['training', 'pausing', 'scoring', 'stopping'].includes(state.phase)) return true;
  return state.kept?.lasting === false && state.kept.sessions.length > 0;
}
