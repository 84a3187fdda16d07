import { counted } from '../../base/counted.ts';
import { FusionclipError } from '../../base/errors.ts';
import { integer, type OptionTable, toggle } from '../../base/option.ts';
import { EXIT_CODES } from '../../host/exit_codes.ts';
import { ANSWER, connect, refusedByRedis, sayOutages } from '../../queue/connect.ts';
import { endOf, feed } from '../../queue/feed.ts';
import { QUEUE, type ShardJob } from '../../queue/jobs.ts';
import { isEmpty } from '../../queue/run_worker.ts';
import { queueStatus } from '../../queue/status.ts';
import { Plan } from '../../shards/plan.ts';
import { byteText, type Command, exactly, flagValues, word } from '../command.ts';
import { Reporter } from '../reporter.ts';
import { interruptSignal } from '../session.ts';

/** Where Redis is. */
export const REDIS_FLAGS = {
  redis: word('URL', 'redis://HOST:PORT/DB, or rediss:// with TLS; default: FUSIONCLIP_REDIS'),
} satisfies OptionTable;

/** What the environment holds. */
export const REDIS_HELP = `FUSIONCLIP_REDIS_USER and FUSIONCLIP_REDIS_PASSWORD say who asks; FUSIONCLIP_REDIS_CA names a file of authorities
for TLS. Needs bullmq and ioredis (npm install bullmq ioredis).`;

const FLAGS = {
  ...REDIS_FLAGS,
  tries: integer(5, [1, 9], 'of a shard whose failure may pass; then it is put aside'),
  again: toggle(false, 'shards that were put aside are tried once more'),
  wait: toggle(false, 'stay until all shards are done or put aside, and put in again what Redis has lost'),
} satisfies OptionTable;

/** Milliseconds between two lines of progress. */
const EVERY = 5000;

/** `fusionclip queue` */
export const queueCommand: Command = {
  name: ['queue'],
  summary: 'puts the shards of a plan into a queue on Redis or Valkey (BullMQ) for fusionclip worker',
  usage: 'PLAN --redis URL',
  examples: [
    'fusionclip queue /plans/scans --redis redis://queue:6379',
    'fusionclip queue /plans/scans --redis rediss://queue:6379 --wait',
  ],
  details: `One job a shard; shards whose part is there are left out, and those in the queue stay as they are, so the same call
again does no harm. PLAN is its path as the workers see it. Redis holds ids and counts only.
${REDIS_HELP}`,
  flags: [{ title: 'Queue', table: FLAGS }],
  async run(call) {
    exactly(1, call, 'fusionclip queue PLAN --redis URL');
    const { host, positional } = call;
    const { redis, wait, ...options } = flagValues(FLAGS, call);
    const plan = await Plan.open(host, positional[0]);
    const path = host.absolutePath ? await host.absolutePath(plan.path) : plan.path;
    const connection = await connect(host, redis);
    const reporter = new Reporter(host);
    const say = (text: string) => reporter.say(`fusionclip: ${text}`);
    const queue = new connection.bullmq.Queue<ShardJob>(QUEUE, connection.options);
    const { signal, undo } = interruptSignal(host, reporter, 'Interrupted; what is in the queue stays there.');
    const stopped = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    stopped.catch(() => {});
    const back = sayOutages(queue, connection.address.name, say);
    const patiently = async <T>(work: Promise<T>): Promise<T> => {
      const result = await Promise.race([work, stopped]).catch((error) => {
        throw refusedByRedis(connection.address.name, error) ?? error;
      });
      back();
      return result;
    };
    try {
      for (let again = options.again; ; again = false) {
        const fed = await patiently(feed(queue, host, plan, { ...options, again, path }));
        const { done, added, aside } = fed;
        const text = `${done} of ${counted(plan.facts.shards, 'shard')} done, ${added} in the queue, ${aside} put aside`;
        if (wait && added > 0) say(text);
        else host.stdout(`${text}\n`);
        if (!wait || added === 0) return wait && aside > 0 ? EXIT_CODES.bad_data : 0;
        const isOver = await endOf(queue, host, plan, path);
        while (!(await patiently(isEmpty(queue))) && !(await patiently(isOver()))) {
          await patiently(new Promise((resolve) => setTimeout(resolve, EVERY)));
          const { waiting, active, delayed, aside: put, rate } = await patiently(queueStatus(host, queue, 0));
          const pace = rate === null ? '' : `, ${rate.toFixed(1)} shards a minute`;
          say(`${waiting} wait, ${active} in work, ${delayed} wait for another try, ${put} put aside${pace}`);
        }
      }
    } finally {
      undo();
      await Promise.race([queue.close(), new Promise((resolve) => setTimeout(resolve, 2000))]);
    }
  },
};

const STATUS = { ...REDIS_FLAGS, json: toggle(false, 'as JSON') } satisfies OptionTable;

/** `fusionclip queue status` */
export const queueStatusCommand: Command = {
  name: ['queue', 'status'],
  summary: 'how the queue stands: what waits, is in work, was put aside and why, and how fast it goes',
  usage: '--redis URL',
  examples: ['fusionclip queue status --redis redis://queue:6379', 'fusionclip queue status --json'],
  details: REDIS_HELP,
  flags: [{ title: 'Queue', table: STATUS }],
  async run(call) {
    exactly(0, call, 'fusionclip queue status --redis URL');
    const { host } = call;
    const { redis, json } = flagValues(STATUS, call);
    const connection = await connect(host, redis);
    const queue = new connection.bullmq.Queue<ShardJob>(QUEUE, { ...connection.options, skipMetasUpdate: true });
    sayOutages(queue, connection.address.name, (text) => host.stderr(`fusionclip: ${text}\n`));
    try {
      const status = await answered(connection.address.name, queueStatus(host, queue));
      const { memory } = connection;
      if (json) {
        host.stdout(`${JSON.stringify({ ...status, memory })}\n`);
        return 0;
      }
      const { waiting, active, delayed, aside, done, rate, workers, reasons } = status;
      host.stdout(
        [
          `${waiting} wait, ${active} in work, ${delayed} wait for another try, ${aside} put aside, ${done} ended`,
          `${rate === null ? 'no whole minute yet' : `${rate.toFixed(1)} shards a minute`}, ${workers ?? 'unknown'} workers`,
          ...(memory === null ? [] : [`Redis uses ${byteText(memory)}`]),
          ...reasons.map(
            ({ id, plan, tries, reason, short }) =>
              `put aside after ${tries} ${tries === 1 ? 'try' : 'tries'}: ${id ?? 'a shard'} of ${plan ?? 'a plan'}: ${reason ?? short}`,
          ),
          '',
        ].join('\n'),
      );
      return 0;
    } finally {
      await Promise.race([queue.close(), new Promise((resolve) => setTimeout(resolve, 2000))]);
    }
  },
};

/** Who asks how things stand does not wait for a Redis that went away meanwhile. @throws FusionclipError `io` */
async function answered<T>(name: string, work: Promise<T>): Promise<T> {
  const late = new FusionclipError('io', `${name} does not answer; ask again when it is back.`);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late), ANSWER);
  });
  try {
    return await Promise.race([work, silence]);
  } catch (error) {
    throw refusedByRedis(name, error) ?? error;
  } finally {
    clearTimeout(timer);
  }
}
