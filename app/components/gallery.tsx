import { useState } from 'preact/hooks';
import type { ScoredRow } from '../protocol/results.ts';
import { MapThumb, type ThumbLooks } from './map_thumb.tsx';
import type { Pictures } from './pictures.ts';

/** Orders of the gallery: by score, or those first whose verdict is wrong. */
export type Order = 'highest' | 'lowest' | 'wrong';

interface Props {
  readonly rows: readonly ScoredRow[];
  readonly pictures: Pictures;
  readonly looks: ThumbLooks;
  readonly threshold: number;
  readonly order: Order;
  readonly chosen: number;
  readonly onOrder: (order: Order) => void;
  readonly onChoose: (index: number) => void;
}

/** Pictures on one page of the gallery. */
const PAGE = 24;

const ORDERS: Readonly<Record<Order, string>> = {
  highest: 'highest score first',
  lowest: 'lowest score first',
  wrong: 'wrong decisions first',
};

/** The indices of rows in an order. */
export function ordered(rows: readonly ScoredRow[], order: Order, threshold: number): number[] {
  const indices = rows.map((_, i) => i);
  return indices.sort((a, b) => {
    if (order === 'lowest') return rows[a].score - rows[b].score;
    const wrong = (i: number) => Number(isWrong(rows[i], threshold));
    return (order === 'wrong' ? wrong(b) - wrong(a) : 0) || rows[b].score - rows[a].score;
  });
}

function isWrong({ label, score }: ScoredRow, threshold: number): boolean {
  return label !== null && (label === 1) !== score >= threshold;
}

/** All maps in small: radio buttons, so that arrow keys walk through them. */
export function Gallery({ rows, pictures, looks, threshold, order, chosen, onOrder, onChoose }: Props) {
  const [shown, setShown] = useState(PAGE);
  const labelled = rows.some(({ label }) => label !== null);
  const indices = ordered(rows, order, threshold);
  return (
    <div class="gallery">
      <div class="bar">
        <h3>All images</h3>
        <p class="hint">{labelled ? '✗ marks a wrong decision.' : 'The decision follows the threshold above.'}</p>
        <label>
          <span class="hidden">Order</span>
          <select value={order} onChange={({ currentTarget }) => onOrder(currentTarget.value as Order)}>
            {Object.entries(ORDERS)
              .filter(([name]) => labelled || name !== 'wrong')
              .map(([name, title]) => (
                <option key={name} value={name}>
                  {title}
                </option>
              ))}
          </select>
        </label>
      </div>
      <fieldset class="thumbs scrolls">
        <legend class="hidden">Images</legend>
        {indices.slice(0, shown).map((i) => {
          const picture = pictures.get(i);
          const { id, label, score } = rows[i];
          const wrong = isWrong(rows[i], threshold);
          // Without a label the decision stands there.
          const truth = (label === null ? score >= threshold : label === 1) ? 'abnormal' : 'normal';
          return (
            <label key={id}>
              <input
                type="radio"
                name="picture"
                value={id}
                data-score={score}
                checked={i === chosen}
                aria-label={`${id}, score ${score.toPrecision(3)}, ${wrong ? 'wrongly predicted, ' : ''}${truth}`}
                onChange={() => onChoose(i)}
              />
              {picture ? <MapThumb picture={picture} looks={looks} /> : <span class="blank" />}
              <span class="caption">
                <span>{score.toPrecision(3)}</span>
                <span class={`truth ${truth}`}>
                  {wrong && <b>✗ </b>}
                  {truth}
                </span>
              </span>
            </label>
          );
        })}
      </fieldset>
      {shown < rows.length && (
        <button type="button" onClick={() => setShown(shown + PAGE)}>
          Show more ({rows.length - shown} left)
        </button>
      )}
    </div>
  );
}
