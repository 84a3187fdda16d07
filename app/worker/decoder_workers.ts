import { type ErrorCode, FusionclipError } from '../../src/base/errors.ts';
import { decodeRaster } from '../../src/data/decode.ts';
import type { Raster } from '../../src/data/image.ts';
import type { Decoders } from '../../src/data/layout/read_scan.ts';

/** The name of a worker that decodes pictures for the page's worker. */
export const DECODER = 'decoder';

/** Bytes of a file from which on another core is worth the way there. */
const WORTH = 200_000;

/** Workers at most: each of them holds a picture of up to some hundred megabytes. */
const MOST = 4;

interface Request {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly name: string;
}

type Reply = { readonly raster: Raster } | { readonly code: ErrorCode; readonly message: string };

/** A picture that waits for its worker. */
interface Job extends Request {
  readonly resolve: (raster: Raster) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Decodes large pictures in workers, as many as there are cores beside this one; they start with the first large one. Where a
 * browser or a policy allows no worker in a worker, all is decoded here.
 */
export class DecoderWorkers implements Decoders {
  readonly count: number;
  readonly #idle: Worker[] = [];
  readonly #all: Worker[] = [];
  readonly #jobs: Job[] = [];
  #closed = false;

  constructor(cores = navigator.hardwareConcurrency || 2) {
    this.count = Math.max(1, Math.min(MOST, cores - 1)) + 1;
  }

  decode = async (bytes: Uint8Array<ArrayBuffer>, name: string): Promise<Raster> => {
    if (bytes.length < WORTH || this.#closed) return decodeRaster(bytes, name);
    return new Promise((resolve, reject) => {
      this.#jobs.push({ bytes, name, resolve, reject });
      this.#next();
    });
  };

  /** Ends the workers; what waits for one fails, and what one is at is never answered: nobody reads on then. */
  close(): void {
    this.#closed = true;
    for (const worker of this.#all) worker.terminate();
    for (const { reject } of this.#jobs.splice(0)) reject(new FusionclipError('interrupted', 'Stopped.'));
  }

  #next(): void {
    const job = this.#jobs[0];
    if (!job) return;
    const worker = this.#idle.pop() ?? this.#started();
    if (!worker) return;
    this.#jobs.shift();
    const { bytes, name, resolve, reject } = job;
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      this.#idle.push(worker);
      this.#next();
      if ('raster' in data) resolve(data.raster);
      else reject(new FusionclipError(data.code, data.message));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#closed = true;
      for (const one of [job, ...this.#jobs.splice(0)]) decodeHere(one);
    };
    worker.postMessage({ bytes, name } satisfies Request);
  }

  /** One more worker; null when there are enough. */
  #started(): Worker | null {
    if (this.#all.length >= this.count - 1) return null;
    try {
      const worker = new Worker(location.href, { type: isModule() ? 'module' : 'classic', name: DECODER });
      this.#all.push(worker);
      return worker;
    } catch {
      this.#closed = true;
      for (const one of this.#jobs.splice(0)) decodeHere(one);
      return null;
    }
  }
}

/** What a worker of that name does. */
export function serveDecoder(): void {
  addEventListener('message', ({ data: { bytes, name } }: MessageEvent<Request>) => {
    const send = (reply: Reply, transfer: Transferable[]) => postMessage(reply, { transfer });
    try {
      const raster = decodeRaster(bytes, name);
      send({ raster }, [raster.data.buffer]);
    } catch (error) {
      if (!(error instanceof FusionclipError)) throw error;
      send({ code: error.code, message: error.message }, []);
    }
  });
}

function decodeHere({ bytes, name, resolve, reject }: Job): void {
  try {
    resolve(decodeRaster(bytes, name));
  } catch (error) {
    reject(error as Error);
  }
}

/** Whether this worker's script is a module: only in others can scripts be imported. */
function isModule(): boolean {
  try {
    (globalThis as unknown as { importScripts(): void }).importScripts();
    return false;
  } catch {
    return true;
  }
}
