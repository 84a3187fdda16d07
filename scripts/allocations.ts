/** Arrays of numbers, by the names that programs have for them. */
const ARRAYS = 'Uint8 Uint8Clamped Int8 Uint16 Int16 Uint32 Int32 Float32 Float64 BigInt64 BigUint64'.split(' ');

interface Counted {
  readonly prototype: { constructor: unknown };
}

/**
 * Counts the bytes that arrays of numbers and buffers take from here on, in all of the program. Nothing that is let go is taken off, so
 * that a count is no less than what was held at any moment.
 */
export function countAllocations(): () => number {
  let bytes = 0;
  const names = ['ArrayBuffer', ...ARRAYS.map((name) => `${name}Array`)];
  const all = globalThis as unknown as Record<string, new (...args: unknown[]) => { byteLength: number }>;
  const plain = all.ArrayBuffer;
  for (const name of names) {
    const own = all[name];
    const counting: typeof own = new Proxy(own, {
      construct(target, args, by) {
        const made = Reflect.construct(target, args, by === counting ? target : by) as { byteLength: number };
        // A view of what was counted takes nothing.
        if (!(args[0] instanceof plain)) bytes += made.byteLength;
        return made;
      },
    });
    all[name] = counting;
    // slice and map ask there.
    (own as unknown as Counted).prototype.constructor = counting;
  }
  return () => bytes;
}
