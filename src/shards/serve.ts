import { boolean, type InferOutput, nullable, number, object, string } from 'valibot';
import { FusionclipError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import type { Plan, Shard } from './plan.ts';
import { type ShardDoer, type ShardOutcome, STOPS, type WorkContext, workShard } from './work.ts';

const ORDER = object({ id: string(), at: number() });

/** A shard that is to be done: its id, and its number when the plan was last read. */
export type ShardOrder = InferOutput<typeof ORDER>;

const ANSWER = object({
  /** Null: the GPU is open, and orders are taken. */
  id: nullable(string()),
  state: string(),
  reason: nullable(string()),
  code: nullable(string()),
  images: number(),
  /** Whether the failure is that of the machine: another one may do the shard. */
  ofWorker: boolean(),
});

/** What became of an order, as a line of JSON says it. */
export type ShardAnswer = InferOutput<typeof ANSWER> & {
  readonly state: 'ready' | 'done' | 'was there' | 'failed' | 'never';
};

/** Reads an answer; null for a line that is none. */
export function readAnswer(line: string): ShardAnswer | null {
  if (!line.startsWith('{"id":')) return null;
  try {
    return parseJson(ANSWER, line) as ShardAnswer;
  } catch {
    return null;
  }
}

/** Does the shards that lines of JSON order, one after the other, and answers each with a line, until there are no more. After a failure
 * that the next shard would meet as well it ends, with that failure.
 * @throws FusionclipError `interrupted`, and as the last shard failed
 */
export async function serveShards(
  context: WorkContext,
  plan: Plan,
  doer: ShardDoer,
  orders: AsyncIterable<string>,
  answer: (line: string) => void,
): Promise<void> {
  const say = (id: string | null, state: ShardAnswer['state'], more: Partial<ShardAnswer> = {}) =>
    answer(`${JSON.stringify({ id, state, reason: null, code: null, images: 0, ofWorker: false, ...more })}\n`);
  say(null, 'ready');
  for await (const line of orders) {
    const order = parseJson(ORDER, line);
    const shard = await shardOf(plan, order);
    const outcome: ShardOutcome = shard
      ? await workShard(context, plan, shard, doer)
      : {
          state: 'failed',
          final: true,
          ofWorker: false,
          code: 'usage',
          reason: `${plan.path} has no such shard any more.`,
        };
    if (outcome.state !== 'failed') {
      say(order.id, outcome.state, { images: outcome.images });
      continue;
    }
    const { final, code, reason, ofWorker } = outcome;
    say(order.id, final ? 'never' : 'failed', { code, reason, ofWorker });
    if (code !== null && STOPS.has(code)) throw new FusionclipError(code, reason);
  }
}

/** The shard of an order; null where the plan has none of its id: it was made again, of other inputs. */
async function shardOf(plan: Plan, { id, at }: ShardOrder): Promise<Shard | null> {
  if (at < plan.facts.shards) for await (const shard of plan.shards(at, at + 1)) if (shard.id === id) return shard;
  for await (const shard of plan.shards()) if (shard.id === id) return shard;
  return null;
}
