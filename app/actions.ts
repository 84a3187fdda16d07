import { FusionclipError } from '../src/base/errors.ts';
import type { Client } from './client.ts';
import type { GivenImages, Outcome, Picture, TrainingWish } from './protocol.ts';
import type { Change, Phase } from './state.ts';

/** What a user can do. */
export interface Actions {
  choosePhantoms(family: string, seed: number): Promise<void>;
  chooseImages(images: GivenImages): Promise<void>;
  train(wish: TrainingWish): Promise<void>;
  pause(): void;
  resume(): Promise<void>;
  useAdapters(file: File): Promise<void>;
  picture(index: number): Promise<Picture>;
  /** Shows what went wrong outside of the worker. */
  fail(message: string): void;
}

/** The actions over a worker; what comes of them is dispatched. */
export function actionsOver(client: Client, dispatch: (change: Change) => void): Actions {
  /** Runs one piece of work; `after` is the phase that a failure leaves. */
  const attempt = async (phase: Phase, work: () => Promise<void>, after: Phase = 'idle') => {
    dispatch({ type: 'phase', phase });
    try {
      await work();
    } catch (error) {
      dispatch(failure(error, after));
    }
  };
  const finish = async (outcome: Promise<Outcome>) => {
    try {
      dispatch({ type: 'outcome', outcome: await outcome });
    } catch (error) {
      if (!(error instanceof FusionclipError)) throw error;
      if (error.code === 'interrupted') dispatch({ type: 'phase', phase: 'paused' });
      // The last checkpoint is there, and the next call opens a new device.
      else if (error.code === 'device_lost') dispatch({ type: 'failed', message: lost(error), phase: 'paused' });
      else throw error;
    }
  };
  return {
    choosePhantoms: (family, seed) =>
      attempt('preparing', async () => {
        dispatch({ type: 'forget' });
        dispatch({ type: 'family', family });
        dispatch({ type: 'dataset', dataset: await client.makePhantoms(family, seed) });
      }),
    chooseImages: (images) =>
      attempt('preparing', async () => {
        dispatch({ type: 'forget' });
        dispatch({ type: 'family', family: '' });
        dispatch({ type: 'dataset', dataset: await client.takeImages(images) });
      }),
    train: (wish) =>
      attempt('training', async () => {
        dispatch({ type: 'begin' });
        await finish(client.train(wish));
      }),
    pause() {
      dispatch({ type: 'phase', phase: 'pausing' });
      void client.pause();
    },
    resume: () => attempt('training', () => finish(client.resume()), 'paused'),
    useAdapters: (file) =>
      attempt('scoring', async () => {
        dispatch({ type: 'outcome', outcome: await client.useAdapters(file, file.name) });
      }),
    picture: (index) => client.picture(index),
    fail: (message) => dispatch({ type: 'failed', message }),
  };
}

/** Opens the machine; a page without one says what to do. */
export async function open(client: Client, dispatch: (change: Change) => void): Promise<void> {
  void client.families().then((families) => dispatch({ type: 'families', families }));
  try {
    dispatch({ type: 'opened', ...(await client.open()) });
  } catch (error) {
    // Why there is no adapter the page can say better than the library, which knows no browser.
    const known = error instanceof FusionclipError && error.code === 'no_adapter';
    dispatch(known ? { type: 'failed', message: '', phase: 'unusable' } : failure(error, 'unusable'));
  }
}

function failure(error: unknown, phase: Phase): Change {
  return { type: 'failed', message: error instanceof Error ? error.message : String(error), phase };
}

/** The advice at the end of the sentence is for a command line. */
function lost({ message }: FusionclipError): string {
  return `${message.replace(/(; [^;]*)?\.$/, '')}. Resume goes on from the last checkpoint.`;
}
