import type { RedisOptions } from 'ioredis';
import { FusionclipError } from '../base/errors.ts';
import type { Host } from '../host/host.ts';

/** Variables that say where Redis is and who asks; a password stands in no list of processes. */
export const REDIS_ENV = {
  url: 'FUSIONCLIP_REDIS',
  user: 'FUSIONCLIP_REDIS_USER',
  password: 'FUSIONCLIP_REDIS_PASSWORD',
  authority: 'FUSIONCLIP_REDIS_CA',
} as const;

/** Where Redis or Valkey is. */
export interface RedisAddress {
  /** To be shown: without user and password. */
  readonly name: string;
  readonly options: RedisOptions;
}

/** Schemes, and whether the connection is encrypted. */
const SCHEMES: Readonly<Record<string, boolean>> = {
  'redis:': false,
  'rediss:': true,
  'valkey:': false,
  'valkeys:': true,
};

/**
 * The address of `--redis`, or of the environment.
 * @param url `redis://HOST:PORT/DB`, or `rediss:` for TLS; null: as the environment has it
 * @throws FusionclipError `usage` for what is none, and for a password on the command line; `io` for a file of authorities that cannot be read
 */
export async function redisAddress(host: Pick<Host, 'env' | 'readFile'>, url: string | null): Promise<RedisAddress> {
  const text = url ?? host.env(REDIS_ENV.url);
  if (!text) {
    throw new FusionclipError(
      'usage',
      `Where Redis is, is not said; give --redis redis://HOST:PORT or ${REDIS_ENV.url}.`,
    );
  }
  const parsed = parse(text);
  if (!parsed) {
    throw new FusionclipError(
      'usage',
      'The address of Redis is none; it reads redis://HOST:PORT/DB, or rediss:// with TLS.',
    );
  }
  if (url !== null && parsed.password !== '') {
    throw new FusionclipError(
      'usage',
      `A password in --redis is seen by everyone on this machine; give it in ${REDIS_ENV.password}.`,
    );
  }
  const { protocol, hostname, pathname } = parsed;
  const bare = hostname.replace(/^\[|\]$/g, '');
  const port = Number(parsed.port || 6379);
  const db = Number(pathname.slice(1) || 0);
  const username = host.env(REDIS_ENV.user) ?? decodeURIComponent(parsed.username);
  const password = host.env(REDIS_ENV.password) ?? decodeURIComponent(parsed.password);
  const authority = host.env(REDIS_ENV.authority);
  const ca = authority ? new TextDecoder().decode(await host.readFile(authority)) : undefined;
  const isName = !hostname.startsWith('[') && !/^[\d.]+$/.test(hostname);
  return {
    name: `${protocol}//${hostname}:${port}${db === 0 ? '' : `/${db}`}`,
    options: {
      host: bare,
      port,
      db,
      ...(username !== '' && { username }),
      ...(password !== '' && { password }),
      ...(SCHEMES[protocol] && { tls: { ...(ca && { ca }), ...(isName && { servername: bare }) } }),
    },
  };
}

function parse(text: string): URL | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const fits = Object.hasOwn(SCHEMES, url.protocol) && url.hostname !== '' && /^(\/\d*)?$/.test(url.pathname);
  return fits && url.search === '' && url.hash === '' ? url : null;
}
