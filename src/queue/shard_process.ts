import type { Another, Host } from '../host/host.ts';
import { readAnswer, type ShardAnswer, type ShardOrder } from '../shards/serve.ts';

/** A process that does shards (`fusionclip work --serve`), beside one that stays free to keep their locks. */
export class ShardProcess {
  readonly #process: Another;
  readonly #answers: AsyncIterator<string>;
  #isReady = false;

  /** Starts one. */
  constructor(start: NonNullable<Host['another']>, args: readonly string[]) {
    this.#process = start(args);
    this.#answers = this.#process.lines[Symbol.asyncIterator]();
  }

  /** Waits until its GPU is open: true; or what it ended with (null: a signal), when it ended before. */
  async ready(): Promise<true | number | null> {
    this.#isReady ||= (await this.#next()) !== null;
    return this.#isReady || this.#process.ended;
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
