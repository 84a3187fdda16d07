import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Actions } from '../actions.ts';
import type { Outcome } from '../protocol/results.ts';
import type { Slice, Stack } from '../protocol/viewing.ts';

/** Slices that are held: enough to go back and forth without waiting. */
const HELD = 32;

/** The slice that is looked at. */
export interface Looked {
  readonly stack: Stack | null;
  readonly k: number;
  /** Null while it is fetched, and where its file is not there any more. */
  readonly slice: Slice | null;
  /** Whether it is being fetched. */
  readonly waiting: boolean;
  /** Whether the map of the chosen image belongs to it. */
  readonly scored: boolean;
  /** Whether the series has no file of it. */
  readonly missing: boolean;
  /** Goes to a slice. */
  go(k: number): void;
}

/**
 * The stack that the chosen image is in, and the slice of it that is looked at.
 * @param onChoose chooses the image of a slice that has scores
 */
export function useStack(outcome: Outcome, chosen: number, actions: Actions, onChoose: (row: number) => void): Looked {
  const [stack, setStack] = useState<Stack | null>(null);
  // A slice is looked at for as long as no other image is chosen.
  const [gone, setGone] = useState({ k: 0, of: -1 });
  const [, redraw] = useState(0);
  /** Undefined while it is fetched. */
  const held = useMemo(() => new Map<string, Slice | null | undefined>(), [outcome]);
  const { stackOf, slice, fail } = actions;
  const say = (error: Error) => fail(error.message);
  useEffect(() => {
    let wanted = true;
    stackOf(chosen).then((found) => {
      if (wanted) setStack(found);
    }, say);
    return () => {
      wanted = false;
    };
  }, [outcome, chosen]);
  const rows = stack?.rows ?? [];
  // The image may be another one already, and its stack still on the way.
  const known = rows.includes(chosen);
  const at = gone.of === chosen ? gone.k : Math.max(0, rows.indexOf(chosen));
  const keyOf = (one: number) => `${stack?.name === '' ? chosen : stack?.name} ${one}`;
  useEffect(() => {
    if (!known) return;
    const fetchSlice = async (one: number) => {
      const key = keyOf(one);
      if (one < 0 || one >= rows.length || held.has(key)) return;
      held.set(key, undefined);
      for (const old of held.keys()) if (held.size > HELD) held.delete(old);
      try {
        held.set(key, await slice(chosen, one));
      } catch (error) {
        // It may be there the next time that it is looked at.
        held.delete(key);
        throw error;
      }
      redraw((n) => n + 1);
    };
    fetchSlice(at)
      .then(() => fetchSlice(at + 1))
      .then(() => fetchSlice(at - 1))
      .catch(say);
  }, [known, stack, chosen, at]);
  return {
    stack: known ? stack : null,
    k: at,
    slice: (known && held.get(keyOf(at))) || null,
    waiting: !known || held.get(keyOf(at)) === undefined,
    scored: known && rows[at] === chosen,
    missing: known && stack!.missing.includes(at),
    go(to) {
      const next = Math.min(rows.length - 1, Math.max(0, to));
      if (!known || next === at) return;
      const row = rows[next];
      setGone({ k: next, of: row ?? chosen });
      if (row !== null) onChoose(row);
    },
  };
}
