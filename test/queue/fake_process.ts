import type { Another, Host } from '../../src/host/host.ts';
import type { MemoryFileSystem } from '../data/memory_file_system.ts';

/** What a process that was started says to an order; null: it is gone; `ends`: with this exit code. */
export type Reply = (id: string, turn: number) => string | null | 'silent' | { readonly ends: number };

/** Processes that a worker starts, by what they do. */
export class FakeProcesses {
  readonly started: (readonly string[])[] = [];
  /** Exit codes of those that end before their GPU is open, by the order of their start. */
  readonly refusals = new Map<number, number>();
  /** Whether they start and never say that their GPU is open. */
  hang = false;
  killed = 0;
  turn = 0;
  readonly #reply: Reply;

  constructor(reply: Reply) {
    this.#reply = reply;
  }

  /** A host on files in memory. */
  host(fs: MemoryFileSystem): Host {
    return Object.assign(fs, { another: (args: readonly string[]) => this.#start(args) }) as unknown as Host;
  }

  #start(args: readonly string[]): Another {
    const refusal = this.refusals.get(this.started.length);
    this.started.push(args);
    const lines: (string | null)[] = [];
    let wake = (): void => {};
    let end: (code: number | null) => void = () => {};
    const ended = new Promise<number | null>((resolve) => {
      end = resolve;
    });
    const put = (line: string | null, code: number | null = null): void => {
      lines.push(line);
      if (line === null) end(code);
      wake();
    };
    if (refusal !== undefined) put(null, refusal);
    else if (!this.hang) put('{"id":null,"state":"ready","reason":null,"code":null,"images":0,"ofWorker":false}');
    async function* read(): AsyncGenerator<string> {
      for (;;) {
        while (lines.length === 0) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        const line = lines.shift()!;
        if (line === null) return;
        yield line;
      }
    }
    return {
      lines: read(),
      ended,
      send: (line) => {
        const reply = this.#reply((JSON.parse(line) as { id: string }).id, this.turn++);
        if (reply !== null && typeof reply === 'object') put(null, reply.ends);
        else if (reply !== 'silent') put(reply);
      },
      kill: () => {
        this.killed++;
        put(null);
      },
    };
  }
}
