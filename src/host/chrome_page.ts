import { FusionclipError } from '../base/errors.ts';
import type { FileSystem, FileWriter } from '../base/file_system.ts';
import { modelCacheFolder } from '../clip/model_cache.ts';
import { dicomWebOf } from '../dicomweb/network.ts';
import { withDicomWeb } from '../dicomweb/study_files.ts';
import { webOf, withWeb } from '../hub/index.ts';
import { persistenceOf } from '../hub/persist.ts';
import { type BridgeFailure, type Output, relayedFetch, SLICE, type Start } from './bridge.ts';
import { EXIT_CODES } from './exit_codes.ts';
import type { Host } from './host.ts';
import { OWN_MODELS } from './own_models.ts';
import { dialFromPage } from './page_links.ts';

type Query = Readonly<Record<string, string | number>>;

/** Sends one request to the launcher, next to which the page lies; throws what went wrong there. */
async function ask(name: string, query: Query = {}, body?: BodyInit, signal?: AbortSignal): Promise<Response> {
  const parameters = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]));
  let answer: Response;
  try {
    answer = await fetch(`bridge/${name}?${parameters}`, { method: 'POST', body, signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new FusionclipError('io', 'The launcher of this page has ended; start the program again.', { cause });
  }
  if (answer.ok) return answer;
  const failure = (await answer.json()) as BridgeFailure;
  if (failure.code) throw new FusionclipError(failure.code, failure.message);
  throw new Error(failure.message);
}

async function askBytes(name: string, query: Query): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await ask(name, query)).arrayBuffer());
}

/**
 * `length` bytes in slices, as one answer may not exceed what the browser takes at once. They are received into their
 * place: the copies that `arrayBuffer()` makes on the way would wait for the garbage collector.
 */
async function readSlices(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  if (length <= SLICE) return askBytes('readRange', { path, offset, length });
  const { bytes } = (await (await ask('stat', { path })).json()) ?? { bytes: 0 };
  let out = new Uint8Array(Math.max(0, Math.min(length, bytes - offset)));
  for (let at = 0; at < out.length; ) {
    const end = Math.min(at + SLICE, out.length);
    const answer = await ask('readRange', { path, offset: offset + at, length: end - at });
    const reader = answer.body!.getReader({ mode: 'byob' });
    while (at < end) {
      const { value, done } = await reader.read(out.subarray(at, end));
      // Each read takes the memory away and gives it back under a new name.
      out = new Uint8Array(value!.buffer);
      // The file has become shorter.
      if (done) return out.slice(0, at);
      at += value!.length;
    }
    await reader.cancel();
  }
  return out;
}

class PageWriter implements FileWriter {
  readonly #id: string;

  constructor(id: string) {
    this.#id = id;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += SLICE) {
      // A copy, so that the caller may change its bytes when this returns.
      const slice = bytes.slice(at, at + SLICE);
      await ask('write', { id: this.#id }, slice);
    }
  }

  async close(): Promise<void> {
    await ask('close', { id: this.#id });
  }

  async abort(): Promise<void> {
    await ask('abort', { id: this.#id });
  }
}

async function createWriter(path: string): Promise<FileWriter> {
  return new PageWriter(await (await ask('open', { path })).text());
}

async function createAppender(path: string): Promise<FileWriter> {
  return new PageWriter(await (await ask('open', { path, append: 1 })).text());
}

const files: FileSystem = {
  async readFile(path) {
    const stat = (await (await ask('stat', { path })).json()) as { kind: string; bytes: number } | null;
    // A small, a missing and a special file: the launcher answers, or finds the words for the error.
    if (stat?.kind !== 'file' || stat.bytes <= SLICE) return askBytes('readFile', { path });
    return readSlices(path, 0, stat.bytes);
  },
  readRange: readSlices,
  stat: async (path) => (await ask('stat', { path })).json(),
  list: async (path) => (await ask('list', { path })).json(),
  realPath: async (path) => (await ask('realPath', { path })).text(),
  absolutePath: async (path) => (await ask('absolutePath', { path })).text(),
  async writeFile(path, bytes) {
    const data = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
    const writer = await createWriter(path);
    try {
      await writer.write(data);
      await writer.close();
    } catch (error) {
      await writer.abort().catch(() => {});
      throw error;
    }
  },
  appendFile: async (path, text) => void (await ask('append', { path }, text)),
  makeDir: async (path) => void (await ask('makeDir', { path })),
  rename: async (from, to) => void (await ask('rename', { from, to })),
  remove: async (path) => void (await ask('remove', { path })),
  createWriter,
  createAppender,
  async lock(path) {
    const { id, abandonedBy } = (await (await ask('lock', { path })).json()) as {
      id: string;
      abandonedBy: string | null;
    };
    return { abandonedBy, release: async (folder) => void (await ask('unlock', { id, folder: String(folder) })) };
  },
  link: async (target, path) => void (await ask('link', { target, path })),
};

/** Servers are asked by the launcher, which has the tokens. */
const dicomWebFetch = relayedFetch((message, signal) => ask('relay', {}, message, signal));

/** Sends output in order, what gathers during one request in the next. */
class OutputQueue {
  #waiting: Output[] = [];
  #sending: Promise<void> | null = null;

  push(fd: 1 | 2, text: string): void {
    this.#waiting.push([fd, text]);
    this.#sending ??= this.#send();
  }

  async #send(): Promise<void> {
    while (this.#waiting.length) {
      const batch = this.#waiting;
      this.#waiting = [];
      await ask('output', {}, JSON.stringify(batch)).catch(() => {});
    }
    this.#sending = null;
  }

  async flush(): Promise<void> {
    while (this.#sending) await this.#sending;
  }
}

interface UserAgentData {
  getHighEntropyValues(hints: string[]): Promise<{ fullVersionList?: { brand: string; version: string }[] }>;
}

/** Chrome's version, e.g. `143.0.7499.40`; the user agent tells only the first number. */
async function chromeVersion(): Promise<string> {
  const data = (navigator as { userAgentData?: UserAgentData }).userAgentData;
  const { fullVersionList = [] } = (await data?.getHighEntropyValues(['fullVersionList'])) ?? {};
  const named = fullVersionList.find((one) => /Chrom/.test(one.brand))?.version;
  return named ?? /Chrom(?:e|ium)\/([\d.]+)/.exec(navigator.userAgent)?.[1] ?? 'unknown';
}

/** WebGPU's entry point; the first answers of a browser that has just started can be null, so it is asked for 2 s. */
async function entryPoint(): Promise<GPU | null> {
  const entry = navigator.gpu as GPU | undefined;
  for (let attempt = 0; entry && attempt < 10; attempt++) {
    if (await entry.requestAdapter()) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return entry ?? null;
}

/** The host of a page that the launcher has opened: files, terminal and signals are the launcher's. */
export async function createPageHost(): Promise<Host> {
  const start = (await (await ask('start')).json()) as Start;
  const output = new OutputQueue();
  const handlers = new Set<() => void>();
  const waiting = new Set<() => void>();
  const events = new EventSource('bridge/events');
  const exit = async (code: number): Promise<never> => {
    await output.flush();
    await ask('exit', { code });
    return new Promise<never>(() => {});
  };
  events.addEventListener('interrupt', () => {
    // Without a handler an interrupt ends the page, as it ends a process.
    if (handlers.size === 0) void exit(EXIT_CODES.interrupted);
    for (const handler of [...handlers, ...waiting]) handler();
  });
  let entry: Promise<GPU | null> | undefined;
  const env = (name: string) => start.env[name];
  const persistence = persistenceOf((text) => output.push(2, text), waiting);
  return {
    ...withDicomWeb(withWeb(files, webOf(env, persistence)), dicomWebOf({ env, dicomWebFetch, persistence })),
    dicomWebFetch,
    persistence,
    // Of the launcher, which has the file.
    secret: env('FUSIONCLIP_SECRET') === undefined ? undefined : async () => env('FUSIONCLIP_SECRET')!,
    modelCache: modelCacheFolder(env),
    ownModels: env(OWN_MODELS),
    runtime: 'chrome',
    version: await chromeVersion(),
    args: start.args,
    isTerminal: start.isTerminal,
    columns: () => start.columns,
    gpu() {
      entry ??= entryPoint();
      return entry;
    },
    env,
    dial: dialFromPage,
    stdout: (text) => output.push(1, text),
    stderr: (text) => output.push(2, text),
    onInterrupt(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    exit,
  };
}
