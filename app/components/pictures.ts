import { useMemo, useRef, useState } from 'preact/hooks';
import type { Actions } from '../actions.ts';
import type { Outcome } from '../protocol/results.ts';
import type { Picture } from '../protocol/viewing.ts';

/** Pictures by index, fetched from the worker when they are first asked for. */
export interface Pictures {
  get(index: number): Picture | undefined;
}

/** The pictures of an outcome. */
export function usePictures(outcome: Outcome, { picture, fail }: Actions): Pictures {
  const [, redraw] = useState(0);
  const shown = useRef(outcome);
  shown.current = outcome;
  return useMemo(() => {
    const known = new Map<number, Picture | undefined>();
    return {
      get(index) {
        if (!known.has(index)) {
          known.set(index, undefined);
          const show = (got: Picture) => {
            known.set(index, got);
            redraw((n) => n + 1);
          };
          // What has left the screen is no news.
          picture(index).then(show, (error: Error) => shown.current === outcome && fail(error.message));
        }
        return known.get(index);
      },
    };
  }, [outcome]);
}
