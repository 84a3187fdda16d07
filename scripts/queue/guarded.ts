/** The queue on a server with TLS, a user and a password: what gets in, what does not, and where the password is to be seen. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT_CODES } from '../../src/host/exit_codes.ts';
import type { Plan } from '../../src/shards/plan.ts';
import { within } from './bounds.ts';
import type { Child } from './child.ts';
import { Crew } from './crew.ts';
import { RedisServer } from './redis.ts';

const USER = 'queue';
const PASSWORD = 'Passw0rd-of-this-run';
const SHARDS = 4;

type Say = (text: string, holds?: boolean) => void;
type Program = (args: readonly string[], env: Readonly<Record<string, string>>) => Child;

/**
 * @param fusionclip starts the program
 * @param planOf makes a plan of so many shards in a folder
 */
export async function guarded(
  program: string,
  folder: string,
  fusionclip: Program,
  planOf: (folder: string, shards: number) => Promise<Plan>,
  say: Say,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const pair = ['req', '-x509', '-days', '2', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate];
  if (spawnSync('openssl', [...pair, ...names]).status !== 0) return say('no openssl: TLS is left out');
  const plan = await planOf(join(folder, 'tls'), SHARDS);
  const server = await RedisServer.start(program, join(folder, 'redis'), {
    ...{ certificate, key, user: USER, password: PASSWORD },
  });
  const url = `rediss://localhost:${server.port}`;
  const right = {
    FUSIONCLIP_REDIS_USER: USER,
    FUSIONCLIP_REDIS_PASSWORD: PASSWORD,
    FUSIONCLIP_REDIS_CA: certificate,
  };
  const ask = async (to: string, env: Readonly<Record<string, string>>) => {
    const child = fusionclip(['queue', 'status', '--redis', to], env);
    const end = await within(child.ended, { seconds: 120, what: 'queue status', state: () => child.text });
    return { end, text: child.text };
  };
  try {
    const crew = new Crew(url, 5, 1000, right);
    try {
      await crew.start(2);
      const fed = fusionclip(['queue', plan.path, '--redis', url, '--wait'], right);
      const life = () => `${crew.ended} ${fed.text !== ''}`;
      const state = () => `${crew.state()}\n  the feeder: ${fed.text.trim()}`;
      const seen = new Set<string>();
      const watch = setInterval(() => {
        for (const where of revealing(PASSWORD)) seen.add(where);
      }, 100);
      const end = await within(fed.ended, { seconds: 180, what: 'the shards', life, state });
      clearInterval(watch);
      say(`over TLS with a user and a password: ${crew.ended} of ${SHARDS} shards done`, end === 0);
      const where = seen.size === 0 ? 'in no' : `in the ${[...seen].join(' and the ')} of a`;
      say(
        `the password is ${where} process that does shards, and in no line`,
        seen.size === 0 && !crew.state().includes(PASSWORD),
      );
    } finally {
      await crew.close();
    }
    for (const [what, to, env, code] of [
      ['a wrong password', url, { ...right, FUSIONCLIP_REDIS_PASSWORD: 'Wrong-one' }, EXIT_CODES.usage],
      ['no password', url, { FUSIONCLIP_REDIS_CA: certificate }, EXIT_CODES.usage],
      ['an unknown authority', url, { ...right, FUSIONCLIP_REDIS_CA: '' }, EXIT_CODES.usage],
      ['another name than the certificate has', `rediss://127.0.0.1:${server.port}`, right, EXIT_CODES.usage],
      ['no TLS', `redis://localhost:${server.port}`, right, EXIT_CODES.io],
      ['all of it', url, right, 0],
    ] as const) {
      const { end, text } = await ask(to, env);
      const holds = end === code && !/Passw0rd|Wrong-one/.test(text);
      say(`${what}: exit code ${end}${end === 0 ? '' : `, ${text.trim().split('\n').at(-1)}`}`, holds);
    }
  } finally {
    await server.kill();
  }
}

/** Where processes that do shards show a text: their arguments, or what they have in the environment. Linux tells. */
function revealing(text: string): string[] {
  const out: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      if (!line.includes('stand_in.ts')) continue;
      if (line.includes(text)) out.push('arguments');
      if (readFileSync(`/proc/${pid}/environ`, 'utf8').includes(text)) out.push('environment');
    } catch {} // it has ended
  }
  return out;
}
