import type { RunEvent } from '../src/run/events.ts';
import type { Failure, Reply } from './protocol/messages.ts';

/** A worker and its functions as a page calls them. */
export interface StartedWorker<C> {
  readonly calls: C;
  /** Ends it, whatever it is at; calls that wait fail with the reason. */
  end(reason: string): void;
}

/** What the page hears of its worker. */
export interface WorkerListener {
  readonly onEvent: (event: RunEvent) => void;
  /** It could not start, or died. */
  readonly onDead: (reason: string) => void;
  /** What a call that failed is rejected with. */
  readonly failureOf: (failure: Failure) => Error;
}

/** Milliseconds within which the worker's script has to run: it is loaded from beside the page. */
const PATIENCE = 30_000;

/**
 * Starts the worker.
 *
 * Its script is a blob with one import: a worker of a blob inherits the page's content security policy, which a worker
 * of a file does not do where the server sends no policy of its own. A page that is one file has the script inside, packed.
 * Where a server's policy refuses blobs, the worker is started from its file. One that does not start is said.
 */
export function startWorker<C extends object>(address: string, listener: WorkerListener): StartedWorker<C> {
  const { onEvent, onDead, failureOf } = listener;
  type Request = { readonly id: number; readonly call: string; readonly args: readonly unknown[] };
  const waiting = new Map<number, { request: Request; resolve(value: unknown): void; reject(error: Error): void }>();
  const url = new URL(address, document.baseURI).href;
  const inside = document.getElementById('worker')?.textContent;
  const ways = inside ? [] : [addressOf(`import ${JSON.stringify(url)};`), url];
  let worker: Worker | null = null;
  let ready = false;
  let count = 0;

  const fail = (reason: string) => {
    worker = null;
    for (const { reject } of waiting.values()) reject(new Error(reason));
    waiting.clear();
    onDead(reason);
  };
  const next = (why: string) => {
    const way = ways.shift();
    if (way === undefined) {
      const text = `The worker that computes did not start (${why}); `;
      return fail(`${text}a policy of the server or an extension may forbid workers. Load the page again.`);
    }
    try {
      const started = new Worker(way, { type: inside ? 'classic' : 'module' });
      listen(started);
      worker = started;
      // Messages wait until its script runs.
      for (const { request } of waiting.values()) started.postMessage(request);
    } catch (error) {
      next(error instanceof Error ? error.message : String(error));
    }
  };
  const listen = (started: Worker) => {
    const timer = setTimeout(() => {
      if (ready || worker !== started) return;
      started.terminate();
      ways.length = 0;
      next('its script did not run in time');
    }, PATIENCE);
    started.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      if ('ready' in data) {
        ready = true;
        return clearTimeout(timer);
      }
      if ('event' in data) return onEvent(data.event);
      const call = waiting.get(data.id);
      waiting.delete(data.id);
      if ('result' in data) return call?.resolve(data.result);
      call?.reject(failureOf(data.failure));
    });
    started.addEventListener('error', ({ message }) => {
      clearTimeout(timer);
      const reason = message || 'its script could not be loaded';
      if (ready) return fail(`The worker failed (${reason}); load the page again: what was kept is there.`);
      if (worker === started) next(reason);
    });
  };
  if (inside) {
    const start = (script: string) => {
      ways.push(addressOf(script));
      next('');
    };
    unpacked(inside).then(start, (error: Error) => next(error.message));
  } else next('');

  const call = (name: string, args: readonly unknown[]) =>
    new Promise<unknown>((resolve, reject) => {
      const request: Request = { id: count++, call: name, args };
      waiting.set(request.id, { request, resolve, reject });
      worker?.postMessage(request);
    });
  const calls = new Proxy({} as C, {
    get:
      (_, name) =>
      (...args: unknown[]) =>
        call(String(name), args),
  });
  return {
    calls,
    end(reason) {
      const ended = worker;
      worker = null;
      ended?.terminate();
      for (const { reject } of waiting.values()) reject(new Error(reason));
      waiting.clear();
    },
  };
}

function addressOf(script: string): string {
  return URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
}

/** The text that was packed by gzip and written in base 64. */
async function unpacked(text: string): Promise<string> {
  const packed = await fetch(`data:application/gzip;base64,${text}`);
  return new Response(packed.body!.pipeThrough(new DecompressionStream('gzip'))).text();
}
