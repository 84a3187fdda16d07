import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Image } from '../../src/data/index.ts';
import type { Actions } from '../actions.ts';
import type { SupportChoice } from '../protocol/training.ts';
import { type Change, isBusy, type State } from '../state.ts';
import { type ClassName, drawn, exchanged, withoutImage } from '../support.ts';
import { Raster } from './raster.tsx';

interface Props {
  readonly state: State;
  readonly actions: Actions;
  readonly dispatch: (change: Change) => void;
}

/** Images of a class that are shown; the draw of a larger number can be trusted. */
const MOST = 24;

/** The images that the next training learns from; each can be exchanged for another or left out. */
export function SupportImages({ state, actions, dispatch }: Props) {
  const { dataset, wish } = state;
  const order = useOrder(state, actions);
  const thumbs = useThumbs(state, actions);
  if (!dataset || !order) return null;
  const support = wish.support ?? drawn(order, wish.shots);
  const choose = (next: SupportChoice) => dispatch({ type: 'wish', wish: { support: next } });
  return (
    <div class="support">
      {(['normal', 'abnormal'] as const).map((of) => (
        <Row
          key={of}
          of={of}
          ids={support[of]}
          spare={order[of].length > support[of].length}
          disabled={isBusy(state)}
          thumbOf={thumbs}
          onExchange={(id) => choose(exchanged(support, order, of, id))}
          onLeaveOut={(id) => choose(withoutImage(support, of, id))}
        />
      ))}
      {wish.support && (
        <p class="hint">
          These are your choice, not the draw of the seed.{' '}
          <button type="button" class="small" onClick={() => dispatch({ type: 'wish', wish: { support: null } })}>
            Back to the draw
          </button>
        </p>
      )}
    </div>
  );
}

interface RowProps {
  readonly of: ClassName;
  readonly ids: readonly string[];
  /** Whether there are images to exchange one for. */
  readonly spare: boolean;
  readonly disabled: boolean;
  readonly thumbOf: (id: string) => Image | undefined;
  readonly onExchange: (id: string) => void;
  readonly onLeaveOut: (id: string) => void;
}

function Row({ of, ids, spare, disabled, thumbOf, onExchange, onLeaveOut }: RowProps) {
  const shown = ids.slice(0, MOST);
  return (
    <figure data-class={of}>
      <figcaption>
        {ids.length} {of}
        {ids.length > MOST && `, the first ${MOST} of them`}
      </figcaption>
      <ul>
        {shown.map((id) => {
          const image = thumbOf(id);
          return (
            <li key={id} data-id={id}>
              {image ? <Raster image={image} label={id} /> : <span class="blank" />}
              <span class="support-buttons">
                <button
                  type="button"
                  class="small"
                  data-do="exchange"
                  aria-label={`Exchange ${id} for another image`}
                  title="Another image in its place"
                  disabled={disabled || !spare}
                  onClick={() => onExchange(id)}
                >
                  ⟳
                </button>
                <button
                  type="button"
                  class="small"
                  data-do="leave-out"
                  aria-label={`Leave ${id} out`}
                  title="Leave it out"
                  disabled={disabled || ids.length === 1}
                  onClick={() => onLeaveOut(id)}
                >
                  ×
                </button>
              </span>
            </li>
          );
        })}
      </ul>
    </figure>
  );
}

/** The order of the draw; null until it is known. */
function useOrder({ dataset, wish: { seed } }: State, { draw, fail }: Actions): SupportChoice | null {
  const [known, setKnown] = useState<{ readonly of: unknown; readonly seed: number; order: SupportChoice } | null>(
    null,
  );
  useEffect(() => {
    if (!dataset || !Number.isInteger(seed) || seed < 0) return undefined;
    let wanted = true;
    draw(seed).then(
      (order) => wanted && setKnown({ of: dataset, seed, order }),
      (error: Error) => wanted && fail(error.message),
    );
    return () => {
      wanted = false;
    };
  }, [dataset, seed]);
  return known?.of === dataset ? known!.order : null;
}

/** Small pictures of the data set by id, fetched when they are first asked for. */
function useThumbs({ dataset }: State, { thumb, fail }: Actions): (id: string) => Image | undefined {
  const [, redraw] = useState(0);
  const shown = useRef(dataset);
  shown.current = dataset;
  return useMemo(() => {
    const known = new Map<string, Image | undefined>();
    return (id) => {
      if (!known.has(id)) {
        known.set(id, undefined);
        const show = (image: Image) => {
          known.set(id, image);
          redraw((n) => n + 1);
        };
        // Images that have left the screen are no news.
        thumb(id).then(show, (error: Error) => shown.current === dataset && fail(error.message));
      }
      return known.get(id);
    };
  }, [dataset]);
}
