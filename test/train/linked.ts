import type { Link } from '../../src/base/link.ts';

/** Both ends of a connection; `cut` after so many messages of the second. */
export function linked(name: string, most = Number.POSITIVE_INFINITY): readonly [Link, Link] {
  const queues = [[], []] as (Uint8Array | null)[][];
  const wakes = [() => {}, () => {}];
  let sent = 0;
  const put = (to: number, message: Uint8Array | null) => {
    queues[to].push(message);
    wakes[to]();
  };
  const close = () => {
    put(0, null);
    put(1, null);
  };
  const end = (own: number): Link => ({
    name,
    send: (message) => {
      if (own === 1 && ++sent > most) close();
      else put(1 - own, message.slice());
    },
    receive: async () => {
      while (queues[own].length === 0) {
        await new Promise<void>((resolve) => {
          wakes[own] = resolve;
        });
      }
      return queues[own].shift()!;
    },
    close,
  });
  return [end(0), end(1)];
}
