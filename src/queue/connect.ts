import type { QueueOptions } from 'bullmq';
import { FusionclipError } from '../base/errors.ts';
import type { Host } from '../host/host.ts';
import { type RedisAddress, redisAddress } from './address.ts';

/** Redis as it was found. */
export interface Connection {
  readonly bullmq: typeof import('bullmq');
  readonly address: RedisAddress;
  /** For queues and workers of BullMQ; a lost connection is waited for. */
  readonly options: QueueOptions;
  /** Bytes of memory that Redis used then; null where it does not tell. */
  readonly memory: number | null;
}

/** Milliseconds for the first answer of Redis. */
const FIRST_ANSWER = 10_000;
/** Milliseconds for each answer after it: a connection on which none comes, as when the machine at its other end is gone, is made anew. */
export const ANSWER = 30_000;
/** Events of the queue that Redis keeps; nobody here reads them. */
const EVENTS = 100;

/**
 * Loads what the queue needs, and asks Redis whether it will do.
 * @param patience milliseconds for its first answer
 * @throws FusionclipError `usage` where a package is missing, the address is none, Redis refuses user or password, shows a certificate
 * of nobody known, does not have the database, or drops keys when its memory is full; `io` where it cannot be reached
 */
export async function connect(host: Host, url: string | null, patience = FIRST_ANSWER): Promise<Connection> {
  if (!host.optional) throw new FusionclipError('usage', 'The queue needs Deno or Node; choose one with --runtime.');
  const address = await redisAddress(host, url);
  const { Redis: Client } = (await host.optional('ioredis')) as typeof import('ioredis');
  const bullmq = (await host.optional('bullmq')) as typeof import('bullmq');
  const client = new Client({
    ...address.options,
    lazyConnect: true,
    connectTimeout: FIRST_ANSWER,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let last: Error | null = null;
  client.on('error', (error: Error) => {
    last = error;
  });
  let memory: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${patience / 1000} s`)), patience);
  });
  try {
    const ask = async () => {
      await client.connect();
      // The client itself would go on in the first database.
      if (address.options.db) await client.select(address.options.db);
      return client.info('memory');
    };
    const info = await Promise.race([ask(), silent]);
    requireKeeping(info, address.name);
    memory = Number(/used_memory:(\d+)/.exec(info)?.[1]) || null;
  } catch (error) {
    if (error instanceof FusionclipError) throw error;
    throw refusal(address.name, last ?? error);
  } finally {
    clearTimeout(timer);
    client.disconnect();
  }
  const waiting = { maxRetriesPerRequest: null, socketTimeout: ANSWER };
  const connection = { ...address.options, ...waiting } as QueueOptions['connection'];
  return { bullmq, address, memory, options: { connection, streams: { events: { maxLen: EVENTS } } } };
}

/** Locks of shards have a time to live, so that Redis would drop them first. @throws FusionclipError `usage` */
function requireKeeping(info: string, name: string): void {
  const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1];
  if (!policy || policy === 'noeviction') return;
  throw new FusionclipError(
    'usage',
    `${name} drops keys when its memory is full (maxmemory-policy ${policy}), and shards with them; set it to noeviction.`,
  );
}

/** What Redis, or the way to it, said; neither repeats a password. */
function refusal(name: string, error: unknown): FusionclipError {
  const why = whyOf(error);
  if (/NOAUTH|WRONGPASS|NOPERM|no password is set|without any password/i.test(why)) {
    const text = `${name} refuses (${why}); set FUSIONCLIP_REDIS_USER and FUSIONCLIP_REDIS_PASSWORD.`;
    return new FusionclipError('usage', text, { cause: error });
  }
  if (/DB index|SELECT/.test(why)) {
    const text = `${name} is no database of that server (${why}); give another number, or none.`;
    return new FusionclipError('usage', text, { cause: error });
  }
  if (/certificate|altnames/i.test(why)) {
    const text = `${name} shows a certificate that is not taken (${why}); name its authority in FUSIONCLIP_REDIS_CA, and the server as the certificate does.`;
    return new FusionclipError('usage', text, { cause: error });
  }
  const text = `${name} cannot be reached (${why}); see whether it runs, and whether it wants TLS (rediss:).`;
  return new FusionclipError('io', text, { cause: error });
}

/** What a server answers for a while, and then no more: READONLY while another one takes its place. */
const PASSING = /^(READONLY|LOADING|BUSY|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|MISCONF|OOM|NOREPLICAS|UNBLOCKED)/;

/**
 * What a refusal of Redis comes to, where an error is one: its words do not change by trying again, unless they are of those that pass.
 * @returns null for every other error
 */
export function refusedByRedis(name: string, error: unknown): FusionclipError | null {
  if ((error as Error | null)?.name !== 'ReplyError') return null;
  const why = whyOf(error).replace(/ script: .*/s, '');
  const passes = PASSING.test(why);
  const help = passes
    ? 'try again when it takes what is written'
    : 'keys of another program may stand under bull:fusionclip; name another database, redis://HOST:PORT/1';
  return new FusionclipError(passes ? 'io' : 'usage', `${name} refuses what the queue asks (${why}); ${help}.`, {
    cause: error,
  });
}

/** What is said of an error of the connection. */
export function whyOf(error: unknown): string {
  const { message = '', code } = (error ?? {}) as { message?: string; code?: string };
  return (message || code || 'no reason').replace(/\.$/, '');
}

/**
 * Says once that the connection is lost, and once that it is back; BullMQ itself tries again for ever.
 * @param source a queue or a worker
 */
export function sayOutages(
  source: { on(event: 'error', listener: (error: Error) => void): unknown },
  name: string,
  say: (text: string) => unknown,
): () => void {
  let away = false;
  source.on('error', (error: Error) => {
    if (away || !isOfConnection(error)) {
      if (!away) say(`${whyOf(error)}`);
      return;
    }
    away = true;
    say(`${name} is out of reach (${whyOf(error)}); nothing is lost, this waits for it`);
  });
  return () => {
    if (away) say(`${name} is back`);
    away = false;
  };
}

function isOfConnection(error: Error): boolean {
  return /ECONN|EPIPE|TIMEDOUT|timeout|ENOTFOUND|EAI_AGAIN|EHOST|ENETUNREACH|closed|LOADING|connect/i.test(
    `${(error as { code?: string }).code} ${error.message}`,
  );
}
