import { FusionclipError } from '../src/base/errors.ts';
import type { Image } from '../src/data/index.ts';
import { type Client, WorkFailure } from './client.ts';
import type { ExportedFile, Export as ExportName } from './protocol/calls.ts';
import type { ComparedResults } from './protocol/comparison.ts';
import { type GivenFile, type GivenImages, UNWAIVED, type Waived } from './protocol/images.ts';
import type { AdaptersFacts, Outcome } from './protocol/results.ts';
import type { SupportChoice, TrainingWish } from './protocol/training.ts';
import type { Picture, Slice, Stack } from './protocol/viewing.ts';
import { saveFile } from './save_file.ts';
import type { Change, Offer, Phase } from './state.ts';

/** What a user can do. */
export interface Actions {
  choosePhantoms(family: string, seed: number): Promise<void>;
  /** Says whether they were taken. */
  chooseImages(images: GivenImages, waived?: Waived): Promise<boolean>;
  /** Takes images that were refused. @param volume which one of each file, from 0 on, where the offer asks */
  goOn(offer: Offer, keep: boolean, volume?: number): Promise<unknown>;
  /** The images that can be learned from, in the order of the draw. */
  draw(seed: number): Promise<SupportChoice>;
  thumb(id: string): Promise<Image>;
  train(wish: TrainingWish, keep: boolean): Promise<void>;
  /** Stops what runs: a training so that it can go on. */
  pause(): void;
  resume(): Promise<void>;
  /** Loads adapters; where there is a data set, its test images are scored by them. */
  useAdapters(file: File, evaluate: boolean, keep: boolean): Promise<void>;
  predict(files: readonly GivenFile[], keep: boolean, waived?: Waived): Promise<void>;
  picture(index: number): Promise<Picture>;
  stackOf(index: number): Promise<Stack>;
  slice(index: number, k: number): Promise<Slice | null>;
  take(what: ExportName): Promise<void>;
  takeMap(index: number, what: 'png' | 'npy'): Promise<void>;
  openSession(id: string): Promise<void>;
  renameSession(id: string, name: string): Promise<void>;
  deleteSession(id: string): Promise<void>;
  compare(first: string, second: string): Promise<ComparedResults>;
  /** Looks again at what is kept: other tabs of the page make and delete sessions too. */
  refresh(): void;
  addModel(name: string, files: readonly GivenFile[]): Promise<void>;
  /** Fetches a model of the hub at an address. */
  fetchModel(hub: string, name: string): Promise<void>;
  deleteModel(name: string): Promise<void>;
  /** Shows what went wrong outside of the worker. */
  fail(message: string): void;
}

/** The actions over a worker; what comes of them is dispatched. */
export function actionsOver(client: Client, dispatch: (change: Change) => void): Actions {
  // Two drops are read at the same time, and both fields were open when they came.
  let working = false;
  /** Runs one piece of work, and says whether it came to its end; a failure leaves the phase of before. */
  const tried = async (phase: Phase, work: () => Promise<void>, offerOf?: (error: unknown) => Offer | undefined) => {
    if (working) {
      dispatch({ type: 'failed', message: AT_WORK });
      return false;
    }
    working = true;
    dispatch({ type: 'phase', phase });
    try {
      await work();
      return true;
    } catch (error) {
      const stopped = error instanceof FusionclipError && error.code === 'interrupted';
      dispatch(stopped ? { type: 'stopped' } : { ...failure(error, 'rest'), offer: offerOf?.(error) });
      return false;
    } finally {
      working = false;
    }
  };
  const attempt = async (phase: Phase, work: () => Promise<void>) => void (await tried(phase, work));
  const list = async () => dispatch({ type: 'kept', kept: await client.kept() });
  /** Work beside the phases; what fails is shown. */
  const beside = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      dispatch({ type: 'failed', message: messageOf(error) });
    }
  };
  /** Waits for results. A training that was broken off can go on: its checkpoint is kept. */
  const finish = async (work: Promise<Outcome>, offer?: (error: unknown) => Offer | undefined) => {
    try {
      dispatch({ type: 'outcome', outcome: await work });
    } catch (error) {
      if (!(error instanceof FusionclipError)) throw error;
      const goesOn = error instanceof WorkFailure && error.resumable;
      if (error.code !== 'interrupted') {
        dispatch({ ...failure(error, goesOn ? 'paused' : 'rest'), offer: offer?.(error) });
      } else dispatch(goesOn ? { type: 'phase', phase: 'paused' } : { type: 'stopped' });
    } finally {
      // The next work may begin before.
      void beside(list);
    }
  };
  const chooseImages = (images: GivenImages, waived = UNWAIVED) => {
    const take = async () =>
      dispatch({ type: 'dataset', dataset: await client.takeImages(images, waived), family: '' });
    return tried('preparing', take, (error) => offerOf(error, images, waived));
  };
  const predict = (files: readonly GivenFile[], keep: boolean, waived = UNWAIVED) => {
    const offer = (error: unknown) => offerOf(error, { kind: 'new', files }, waived);
    return attempt('scoring', () => finish(client.predict(files, keep, waived), offer));
  };
  const save = (file: Promise<ExportedFile>) => beside(async () => saveFile(await file));
  return {
    choosePhantoms: (family, seed) =>
      attempt('preparing', async () => {
        dispatch({ type: 'dataset', dataset: await client.makePhantoms(family, seed), family });
      }),
    chooseImages,
    goOn({ images, waived }, keep, volume) {
      const all = volume === undefined ? waived : { ...waived, volume };
      return images.kind === 'new' ? predict(images.files, keep, all) : chooseImages(images, all);
    },
    draw: (seed) => client.draw(seed),
    thumb: (id) => client.thumb(id),
    train: (wish, keep) =>
      attempt('training', async () => {
        dispatch({ type: 'begin' });
        await finish(client.train(wish, keep));
      }),
    pause() {
      dispatch({ type: 'stopping' });
      client.pause().catch(() => {});
    },
    resume: () => attempt('training', () => finish(client.resume())),
    useAdapters: (file, evaluate, keep) =>
      attempt('scoring', async () => {
        const adapters: AdaptersFacts = await client.takeAdapters(file, file.name);
        dispatch({ type: 'adapters', adapters, scores: evaluate });
        if (evaluate) await finish(client.evaluate(keep));
      }),
    predict,
    picture: (index) => client.picture(index),
    stackOf: (index) => client.stackOf(index),
    slice: (index, k) => client.slice(index, k),
    take: (what) => save(client.take(what)),
    takeMap: (index, what) => save(client.takeMap(index, what)),
    openSession: (id) =>
      attempt('preparing', async () => {
        dispatch({ type: 'session', opened: await client.openSession(id) });
      }),
    renameSession: (id, name) =>
      beside(async () => {
        await client.renameSession(id, name);
        await list();
      }),
    deleteSession: (id) =>
      beside(async () => {
        try {
          await client.deleteSession(id);
          dispatch({ type: 'deleted', id });
        } finally {
          await list();
        }
      }),
    compare: (first, second) => client.compare(first, second),
    refresh: () => void beside(list),
    addModel: (name, files) =>
      attempt('preparing', async () => {
        const added = await client.addModel(name, files);
        dispatch({ type: 'models', models: added.models, chosen: added.name });
      }),
    fetchModel: (hub, name) =>
      attempt('preparing', async () => {
        try {
          const added = await client.fetchModel(hub, name);
          dispatch({ type: 'models', models: added.models, chosen: added.name });
        } catch (error) {
          // What has come of it is listed.
          dispatch({ type: 'models', models: await client.models(), chosen: null });
          throw error;
        }
      }),
    deleteModel: (name) =>
      beside(async () => {
        const models = await client.deleteModel(name);
        dispatch({ type: 'models', models, chosen: null });
      }),
    fail: (message) => dispatch({ type: 'failed', message }),
  };
}

/** Opens the machine, and the session that was open last; a page without a machine says what to do. */
export async function open(client: Client, dispatch: (change: Change) => void, actions: Actions): Promise<void> {
  // The driver looks for its adapter while the worker draws.
  const [listed, opened] = [client.kept(), client.open()];
  opened.catch(() => {});
  void client.families().then((families) => dispatch({ type: 'families', families }));
  const known = listed.then(
    (kept) => {
      dispatch({ type: 'kept', kept });
      return kept;
    },
    // The page works without what it keeps.
    (error) => {
      dispatch({ type: 'failed', message: `What this browser keeps cannot be listed: ${messageOf(error)}` });
      return null;
    },
  );
  try {
    const kept = await known;
    dispatch({ type: 'opened', ...(await opened) });
    if (kept?.last) await actions.openSession(kept.last);
  } catch (error) {
    // Why there is no adapter the page can say better than the library, which knows no browser.
    const isKnown = error instanceof FusionclipError && error.code === 'no_adapter';
    dispatch(isKnown ? { type: 'failed', message: '', phase: 'unusable' } : failure(error, 'unusable'));
  }
}

/** How images can be taken all the same that were refused, where there is a way. */
function offerOf(error: unknown, images: Offer['images'], before: Waived): Offer | undefined {
  if (!(error instanceof WorkFailure)) return undefined;
  const { leave: skip, accept, volumes } = error;
  if (skip.length + accept.length + volumes === 0) return undefined;
  const waived = { ...before, skip: [...before.skip, ...skip], accept: [...before.accept, ...accept] };
  return { images, more: { skip, accept }, volumes, waived };
}

function failure(error: unknown, phase: Phase | 'rest'): Extract<Change, { type: 'failed' }> {
  const resumes = phase === 'paused' && !/resume/i.test(messageOf(error));
  return { type: 'failed', message: messageOf(error) + (resumes ? RESUME : ''), phase };
}

const AT_WORK = 'The page is at work already; what was given in the meantime was not taken: give it again afterwards.';

const RESUME = ' The last checkpoint is kept: Resume goes on from it, after a restart of the browser too.';

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
