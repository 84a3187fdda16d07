import { useMemo, useState } from 'preact/hooks';
import { rangeOf } from '../../src/data/heat_map.ts';
import type { Actions } from '../actions.ts';
import type { Outcome, ScoredRow } from '../protocol/results.ts';
import { viewerKey } from '../viewer/keys.ts';
import { OPACITY, useLooks } from '../viewer/looks.ts';
import { MapControls } from '../viewer/map_controls.tsx';
import { shadesOf } from '../viewer/shades.ts';
import { Slider } from '../viewer/slider.tsx';
import { useStack } from '../viewer/stack.ts';
import { Toolbar } from '../viewer/toolbar.tsx';
import { useShades, Viewer } from '../viewer/viewer.tsx';
import { WindowControls } from '../viewer/window_controls.tsx';
import { Gallery, type Order, ordered } from './gallery.tsx';
import { usePictures } from './pictures.ts';

interface Props {
  readonly outcome: Outcome;
  /** Scores at or above it are predicted abnormal. */
  readonly threshold: number;
  readonly actions: Actions;
}

/** The maps: one large, and all as a gallery. */
export function MapsPanel({ outcome, threshold, actions }: Props) {
  const { rows, range } = outcome;
  const [order, setOrder] = useState<Order>('highest');
  const [chosen, setChosen] = useState(() => highest(outcome));
  const [looks, onLooks] = useLooks(outcome);
  const pictures = usePictures(outcome, actions);
  const picture = pictures.get(chosen) ?? null;
  const row = rows[chosen];
  const looked = useStack(outcome, chosen, actions, setChosen);
  const [shades, onShades] = useShades(looked, shadesOf);
  const { stack, k, go } = looked;
  // Small pictures stay as they are: to draw them all again at each step of the slider takes too long.
  const small = useMemo(() => ({ opacity: OPACITY, range }), [range]);
  const span = useMemo(
    () => (looks.per === 'image' && picture ? rangeOf(picture.map.data) : range),
    [looks.per, picture, range],
  );
  const depth = stack?.rows.length ?? 1;
  const onImage = (by: number) => {
    const all = ordered(rows, order, threshold);
    const next = all[all.indexOf(chosen) + by];
    if (next !== undefined) setChosen(next);
  };
  const onInvert = () => shades && onShades({ ...shades, inverted: !shades.inverted });
  return (
    <section
      class="card maps"
      aria-labelledby="maps-title"
      onKeyDown={(event) => viewerKey(event, { looks, onLooks, onInvert, onSlice: (by) => go(k + by), onImage })}
    >
      <div class="bar">
        <h2 id="maps-title">Maps</h2>
        <p class="picture-name">
          <strong>{row.id.split('/').at(-1)}</strong>
          <span class={row.score >= threshold ? 'verdict abnormal' : 'verdict'}>
            {predicted(row, threshold, outcome.calibrated)}
          </span>
          <span class="hint">
            score {row.score.toPrecision(4)}
            {row.pValue == null ? '' : `, p = ${row.pValue.toPrecision(2)}`}
            {row.probability == null ? '' : `, probability ${row.probability.toFixed(2)}`}
            {row.label === null ? '' : row.label === 1 ? '; it is abnormal' : '; it is normal'}
          </span>
        </p>
      </div>
      <Toolbar looks={looks} onLooks={onLooks} />
      <Viewer id={row.id} {...{ picture, looked, looks, onLooks, range, shades, onShades }} />
      {depth > 1 && (
        <Slider
          name="slice"
          title="Slice"
          value={k + 1}
          low={1}
          high={depth}
          step={1}
          shown={`${k + 1} of ${depth}`}
          onInput={(value) => go(value - 1)}
        />
      )}
      {looks.layout === 'swipe' && (
        <Slider
          name="swipe"
          title="Image left of"
          value={looks.swipe}
          low={0}
          high={1}
          shown={`${Math.round(100 * looks.swipe)} %`}
          onInput={(swipe) => onLooks({ swipe })}
        />
      )}
      <Gallery
        rows={rows}
        pictures={pictures}
        looks={small}
        threshold={threshold}
        order={order}
        chosen={chosen}
        onOrder={setOrder}
        onChoose={setChosen}
      />
      <div class="controls">
        <MapControls {...{ outcome, looks, span, onLooks }} />
        <div class="control">
          <WindowControls slice={looked.slice} waiting={looked.waiting} shades={shades} onShades={onShades} />
          <div class="row">
            <button type="button" class="small" id="take-png" onClick={() => void actions.takeMap(chosen, 'png')}>
              Save as PNG
            </button>
            <button type="button" class="small" id="take-npy" onClick={() => void actions.takeMap(chosen, 'npy')}>
              Raw map (npy)
            </button>
          </div>
        </div>
      </div>
    </section>
  );
}

/** As the calibration has it while its threshold is the one that is set: only there a score is borderline. */
function predicted({ score, decision }: ScoredRow, threshold: number, calibrated: Outcome['calibrated']): string {
  if (decision === 'borderline' && threshold === calibrated?.threshold) return 'borderline';
  return score >= threshold ? 'predicted abnormal' : 'predicted normal';
}

function highest({ rows }: Outcome): number {
  return rows.reduce((best, { score }, i) => (score > rows[best].score ? i : best), 0);
}
