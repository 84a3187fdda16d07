/** Workers of a queue as processes that can be killed, and what they said. */
import { type ChildProcess, spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { DENO_FLAGS } from '../../src/launch/launch.ts';

const script = fileURLToPath(new URL('./worker.ts', import.meta.url));

export class Crew {
  readonly #args: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #members: ChildProcess[] = [];
  #isOpen = true;
  /** Shards of which a worker said that they are done, or were there. */
  ended = 0;
  /** Locks that were lost while the worker lived. */
  lost = 0;
  ready = 0;

  /** @param milliseconds that a shard takes */
  constructor(url: string, lock: number, milliseconds: number) {
    this.#args = [url, `${lock}`];
    this.#env = { STAND_IN_MS: `${milliseconds}` };
  }

  /** Starts so many workers, and waits until they take jobs. */
  async start(count: number): Promise<void> {
    const wanted = this.ready + count;
    for (let i = 0; i < count; i++) this.#replace(this.#members.length);
    while (this.ready < wanted) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Kills a worker at once; another one takes its place, as whoever looks after workers would have it. */
  kill(index: number): void {
    this.#members[index].kill('SIGKILL');
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    await Promise.all(
      this.#members.map((one) => {
        const gone = new Promise((resolve) => one.once('close', resolve));
        one.kill('SIGKILL');
        return gone;
      }),
    );
  }

  /** A worker also ends by itself, when Redis is not there as it starts. */
  #replace(index: number): void {
    const worker = this.#worker();
    this.#members[index] = worker;
    worker.once('close', () => {
      if (this.#isOpen) setTimeout(() => this.#isOpen && this.#replace(index), 300);
    });
  }

  #worker(): ChildProcess {
    const env = { ...process.env, ...this.#env };
    const child = spawn(process.execPath, [...DENO_FLAGS, script, ...this.#args], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let rest = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (process.env.CREW_LOG) console.log(child.pid, line);
        if (line === 'ready') this.ready++;
        else if (/: (done|was there)$/.test(line)) this.ended++;
        else if (/^the lock of /.test(line)) this.lost++;
      }
    });
    return child;
  }
}
