import { counted } from '../../base/counted.ts';
import { FusionclipError } from '../../base/errors.ts';
import { integer, type OptionTable, toggle } from '../../base/option.ts';
import { EXIT_CODES } from '../../host/exit_codes.ts';
import { connect } from '../../queue/connect.ts';
import { takeJobs } from '../../queue/run_worker.ts';
import { ShardWorker } from '../../queue/shard_worker.ts';
import { Plan } from '../../shards/plan.ts';
import { type Command, exactly, flagValues, word } from '../command.ts';
import { Reporter } from '../reporter.ts';
import { REDIS_FLAGS, REDIS_HELP } from './queue.ts';
import { PLACE_FLAGS } from './work.ts';

const FLAGS = {
  ...REDIS_FLAGS,
  plan: word('PLAN', 'where the plan lies for this worker; default: as it was put into the queue'),
  drain: toggle(false, 'end when nothing is left to do; default: wait for more'),
  lock: integer(30, [1, 3600], 'seconds after which the shard of a worker that is gone goes to another one'),
  backoff: integer(10, [1, 86_400], 'seconds before the second try of a shard; each further one waits twice as long'),
  minutes: integer(240, [1, 1e5], 'after which the process of a shard is ended, and the shard tried again'),
} satisfies OptionTable;

/** `fusionclip worker` */
export const worker: Command = {
  name: ['worker'],
  summary: 'does shards that fusionclip queue has put into a queue on Redis or Valkey; start as many as there are GPUs',
  usage: '--redis URL',
  examples: [
    'fusionclip worker --redis redis://queue:6379',
    'fusionclip worker --redis rediss://queue:6379 --drain --model /models/vit-l-14',
  ],
  details: `The GPU's work runs in a process of its own, so that the lock of a long shard is renewed meanwhile. Ctrl-C hands
the shard in work back. A worker without a GPU, the plan or the model ends and leaves the shards to others.
${REDIS_HELP}`,
  flags: [{ title: 'Worker', table: { ...FLAGS, ...PLACE_FLAGS } }],
  async run(call) {
    exactly(0, call, 'fusionclip worker --redis URL');
    const { host } = call;
    const { redis, plan, lock, backoff, drain, minutes } = flagValues(FLAGS, call);
    const places = flagValues(PLACE_FLAGS, call);
    if (!host.another)
      throw new FusionclipError('usage', 'fusionclip worker needs Deno or Node; choose one with --runtime.');
    // A wrong folder is told at once; one that goes away later is waited for.
    if (plan !== null) await Plan.open(host, plan);
    const flags = Object.entries(places).flatMap(([name, value]) => (value === null ? [] : [`--${name}`, value]));
    const reporter = new Reporter(host);
    const say = (text: string) => reporter.say(`fusionclip: ${text}`);
    const connection = await connect(host, redis);
    const sleep = (seconds: number) => new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000));
    const doer = new ShardWorker(host, { plan, flags, minutes, say, sleep });
    say(`waits for shards at ${connection.address.name}`);
    const { shards, images, failed, interrupted } = await takeJobs(host, connection, doer, {
      lock,
      backoff,
      drain,
      say,
    });
    host.stdout(`${counted(shards, 'shard')} done (${counted(images, 'image')}), ${failed} failed\n`);
    if (doer.over !== null) return doer.over;
    return interrupted ? EXIT_CODES.interrupted : 0;
  },
};
