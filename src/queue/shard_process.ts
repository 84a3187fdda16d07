import type { Another, Host } from '../host/host.ts';
import { readAnswer, type ShardAnswer, type ShardOrder } from '../shards/serve.ts';

/** A process that does shards (`fusionclip work --serve`), beside one that stays free to keep their locks. */
export class ShardProcess {
  readonly #process: Another;
  readonly #answers: AsyncIterator<string>;

  private constructor(process: Another) {
    this.#process = process;
    this.#answers = process.lines[Symbol.asyncIterator]();
  }

  /** Starts one and waits until its GPU is open; what it ended with, when it ended before. */
  static async open(
    start: NonNullable<Host['another']>,
    args: readonly string[],
  ): Promise<ShardProcess | number | null> {
    const made = new ShardProcess(start(args));
    return (await made.#next()) ? made : made.#process.ended;
  }

  /** Does a shard; what the process ended with (null: a signal), when it ended before it answered. */
  async do({ id, at }: ShardOrder): Promise<ShardAnswer | number | null> {
    this.#process.send(JSON.stringify({ id, at }));
    const answer = await this.#next();
    return answer?.id === id ? answer : this.#end();
  }

  /** Ends it. What it was about to write is whole or not there. */
  kill(): void {
    this.#process.kill();
  }

  async #end(): Promise<number | null> {
    this.kill();
    return this.#process.ended;
  }

  async #next(): Promise<ShardAnswer | null> {
    for (;;) {
      const { value, done } = await this.#answers.next();
      if (done) return null;
      const answer = readAnswer(value);
      if (answer) return answer;
    }
  }
}
