import { type ErrorCode, FusionclipError } from '../src/base/errors.ts';
import type { RunEvent } from '../src/run/events.ts';
import type { Calls, Reply, Request } from './protocol.ts';
import address from './worker/main.ts?worker&url';

/** The worker's functions as the page calls them. */
export type Client = Calls;

/**
 * Starts the worker.
 *
 * Its script is a blob with one import: a worker of a blob inherits the page's content security policy, which a worker
 * of a file does not do where the server sends no policy of its own.
 */
export function startWorker(onEvent: (event: RunEvent) => void): Client {
  const script = `import ${JSON.stringify(new URL(address, document.baseURI).href)};`;
  const blob = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const worker = new Worker(blob, { type: 'module' });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let count = 0;

  worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
    if ('event' in data) return onEvent(data.event);
    const call = waiting.get(data.id);
    waiting.delete(data.id);
    if ('result' in data) call?.resolve(data.result);
    else call?.reject(errorOf(data.failure.code, data.failure.message));
  });
  worker.addEventListener('error', ({ message }) => {
    const reason = message || 'its script could not be loaded';
    for (const { reject } of waiting.values()) reject(new Error(`The worker failed: ${reason}; load the page again.`));
    waiting.clear();
  });

  const call = (name: keyof Calls, args: readonly unknown[]) =>
    new Promise<unknown>((resolve, reject) => {
      const id = count++;
      waiting.set(id, { resolve, reject });
      const request: Request = { id, call: name, args };
      worker.postMessage(request);
    });
  return new Proxy({} as Client, {
    get:
      (_, name) =>
      (...args: unknown[]) =>
        call(name as keyof Calls, args),
  });
}

function errorOf(code: ErrorCode | null, message: string): Error {
  return code === null ? new Error(message) : new FusionclipError(code, message);
}
