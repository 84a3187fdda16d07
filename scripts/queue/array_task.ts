/** `work PLAN --shard i/n` with a stand-in for the model; the second task fails the first time as one does whose device is lost. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT_CODES } from '../../src/host/exit_codes.ts';
import { createNodeHost } from '../../src/host/node.ts';
import { runProgram } from '../../src/host/run_program.ts';
import { Plan } from '../../src/shards/plan.ts';
import { chosenShards, workShards } from '../../src/shards/work.ts';
import { STAND_IN } from './archive.ts';

await runProgram(createNodeHost(), async (host) => {
  const [, path, , shard] = host.args;
  const mark = join(path, 'jobs', 'failed_once');
  if (shard.startsWith('2/') && !existsSync(mark)) {
    writeFileSync(mark, '');
    return EXIT_CODES.device_lost;
  }
  const plan = await Plan.open(host, path);
  const context = { fs: host, runtime: 'stand-in' };
  const { failed } = await workShards(context, plan, await chosenShards(plan, shard), STAND_IN);
  return failed.length > 0 ? 1 : 0;
});
