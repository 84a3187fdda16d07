/** `work PLAN --serve` with a stand-in for the model, which blocks its process for STAND_IN_MS milliseconds a shard as a GPU would. */
import process from 'node:process';
import { createNodeHost } from '../../src/host/node.ts';
import { runProgram } from '../../src/host/run_program.ts';
import { Plan } from '../../src/shards/plan.ts';
import { serveShards } from '../../src/shards/serve.ts';
import type { ShardDoer } from '../../src/shards/work.ts';
import { STAND_IN } from './archive.ts';

/** Milliseconds between two looks at whether the worker is still there: a process that blocks for minutes does not see its leash end. */
const LOOK = 200;
const worker = process.ppid;
const cell = new Int32Array(new SharedArrayBuffer(4));
const doer: ShardDoer = {
  do(shard, inputs) {
    for (let left = Number(process.env.STAND_IN_MS ?? 0); left > 0; left -= LOOK) {
      if (process.ppid !== worker) process.exit(1);
      Atomics.wait(cell, 0, 0, Math.min(LOOK, left));
    }
    return STAND_IN.do(shard, inputs);
  },
};

await runProgram(createNodeHost(), async (host) => {
  const plan = await Plan.open(host, host.args[1]);
  const context = { fs: host, runtime: 'stand-in' };
  await serveShards(context, plan, doer, host.lines!(), (line) => host.stdout(line));
  return 0;
});
