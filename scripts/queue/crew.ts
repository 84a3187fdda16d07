/** Workers of a queue as processes that can be killed, and what they said. */
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { DENO_FLAGS } from '../../src/launch/launch.ts';
import { until } from './bounds.ts';
import { Child } from './child.ts';

const script = fileURLToPath(new URL('./worker.ts', import.meta.url));
/** Milliseconds after which another worker takes the place of one that has ended. */
const REST = 300;

export class Crew {
  readonly #args: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #members: Child[] = [];
  #isOpen = true;
  /** Shards of which a worker said that they are done, or were there. */
  ended = 0;
  /** Locks that were lost while the worker lived. */
  lost = 0;
  ready = 0;

  /**
   * @param milliseconds that a shard takes
   * @param env of the workers beside this script's own
   */
  constructor(url: string, lock: number, milliseconds: number, env: Readonly<Record<string, string>> = {}) {
    this.#args = [url, `${lock}`];
    this.#env = { ...env, STAND_IN_MS: `${milliseconds}` };
  }

  /** Starts so many workers, and waits until they take jobs. */
  async start(count: number): Promise<void> {
    const wanted = this.ready + count;
    for (let i = 0; i < count; i++) this.#replace(this.#members.length);
    const life = () => this.ready;
    const state = () => this.state();
    await until(() => this.ready >= wanted, { seconds: 120, what: `${count} workers to come up`, life, state });
  }

  /** Kills a worker at once; another one takes its place, as whoever looks after workers would have it. */
  kill(index: number): void {
    this.#members[index].kill();
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    await Promise.all(this.#members.map((one) => one.close()));
  }

  /** How it stands, and the last words of each worker. */
  state(): string {
    const said = this.#members.map(({ pid, end, text }) => {
      const last = text.trim().split('\n').slice(-2).join(' | ');
      return `  worker ${pid} ${end === null ? 'runs' : `ended (${end})`}: ${last || 'said nothing'}`;
    });
    return [`${this.ready} times a worker came up, ${this.ended} shards ended, ${this.lost} locks lost`, ...said].join(
      '\n',
    );
  }

  /** A worker also ends by itself, when Redis is not there as it starts. */
  #replace(index: number): void {
    const worker = new Child(process.execPath, [...DENO_FLAGS, script, ...this.#args], this.#env);
    this.#members[index] = worker;
    worker.onLine((line) => {
      if (process.env.CREW_LOG) console.log(worker.pid, line);
      if (line === 'ready') this.ready++;
      else if (/: (done|was there)$/.test(line)) this.ended++;
      else if (/^the lock of /.test(line)) this.lost++;
    });
    void worker.ended.then(() => {
      if (this.#isOpen) setTimeout(() => this.#isOpen && this.#replace(index), REST);
    });
  }
}
