/** `worker.ts URL LOCK`: a worker of the queue, as `fusionclip worker` is one, whose shards go to a stand-in for the model. */
import { fileURLToPath } from 'node:url';
import { createNodeHost } from '../../src/host/node.ts';
import { runProgram } from '../../src/host/run_program.ts';
import { startAnother } from '../../src/launch/another.ts';
import { connect } from '../../src/queue/connect.ts';
import { takeJobs } from '../../src/queue/run_worker.ts';
import { ShardWorker } from '../../src/queue/shard_worker.ts';

const script = fileURLToPath(new URL('./stand_in.ts', import.meta.url));
const host = createNodeHost({ another: (args) => startAnother(script, args) });
const [url, lock] = host.args;

await runProgram(host, async () => {
  const say = (text: string) => host.stdout(`${text}\n`);
  const sleep = (seconds: number) => new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000));
  const doer = new ShardWorker(host, { plan: null, flags: [], minutes: 60, say, sleep });
  const connection = await connect(host, url);
  say('ready');
  await takeJobs(host, connection, doer, { lock: Number(lock), backoff: 1, drain: false, say });
  return 0;
});
