import { type ErrorCode, FusionclipError } from '../src/base/errors.ts';
import type { RunEvent } from '../src/run/events.ts';
import type { Calls, Failure, Reply, Request } from './protocol.ts';
import address from './worker/main.ts?worker&url';

/** The worker's functions as the page calls them. */
export type Client = Calls;

/** A failure of the worker; `resumable` when a training was broken off that can go on. */
export class WorkFailure extends FusionclipError {
  readonly resumable: boolean;

  constructor(code: ErrorCode, { message, resumable, leave }: Failure) {
    super(code, message, { leave });
    this.resumable = resumable;
  }
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
export function startWorker(onEvent: (event: RunEvent) => void, onDead: (reason: string) => void): Client {
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
      const { code, message } = data.failure;
      call?.reject(code === null ? new Error(message) : new WorkFailure(code, data.failure));
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

  const call = (name: keyof Calls, args: readonly unknown[]) =>
    new Promise<unknown>((resolve, reject) => {
      const request: Request = { id: count++, call: name, args };
      waiting.set(request.id, { request, resolve, reject });
      worker?.postMessage(request);
    });
  return new Proxy({} as Client, {
    get:
      (_, name) =>
      (...args: unknown[]) =>
        call(name as keyof Calls, args),
  });
}

function addressOf(script: string): string {
  return URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
}

/** The text that was packed by gzip and written in base 64. */
async function unpacked(text: string): Promise<string> {
  const packed = await fetch(`data:application/gzip;base64,${text}`);
  return new Response(packed.body!.pipeThrough(new DecompressionStream('gzip'))).text();
}
