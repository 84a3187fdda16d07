import { useMemo, useState } from 'preact/hooks';
import { thresholdText } from '../../src/detect/set_metrics.ts';
import type { Actions } from '../actions.ts';
import type { Outcome } from '../protocol.ts';
import { Gallery, type Order } from './gallery.tsx';
import { MapLegend, MapView } from './map_view.tsx';
import { usePictures } from './pictures.ts';

interface Props {
  readonly outcome: Outcome;
  /** Scores at or above it are predicted abnormal. */
  readonly threshold: number;
  readonly actions: Actions;
}

/** Of the colours at the start, and in small pictures. */
const OPACITY = 0.6;

/** Steps of the threshold slider between the lowest and the highest value. */
const STEPS = 200;

/** The maps: one large, with sliders, and all as a gallery. */
export function MapsPanel({ outcome, threshold, actions }: Props) {
  const { rows, range, metrics, thresholds } = outcome;
  const [low, high] = range;
  const [order, setOrder] = useState<Order>('highest');
  const [opacity, setOpacity] = useState(OPACITY);
  const [level, setLevel] = useState(thresholds.pixel?.value ?? low + 0.8 * (high - low));
  // Without a threshold that was chosen a line would look like a finding.
  const [lined, setLined] = useState(thresholds.pixel !== null);
  const [outlined, setOutlined] = useState(true);
  const [chosen, setChosen] = useState(() => highest(outcome));
  const pictures = usePictures(outcome, actions);
  const picture = pictures.get(chosen) ?? null;
  const row = rows[chosen];
  const looks = { opacity, range };
  // Small pictures stay as they are: to draw them all again at each step of the slider takes too long.
  const small = useMemo(() => ({ opacity: OPACITY, range }), [range]);
  return (
    <section class="card" aria-labelledby="maps-title">
      <h2 id="maps-title">Maps</h2>
      <div class="viewer">
        <MapView picture={picture} id={row.id} looks={looks} level={lined ? level : null} outlined={outlined} />
        <div class="controls">
          <p class="picture-name">
            <strong>{row.id.split('/').at(-1)}</strong>
            <span class={row.score >= threshold ? 'verdict abnormal' : 'verdict'}>
              {row.score >= threshold ? 'predicted abnormal' : 'predicted normal'}
            </span>
          </p>
          <p class="hint">
            Score {row.score.toPrecision(4)}
            {row.label === null ? '' : row.label === 1 ? '; it is abnormal' : '; it is normal'}
          </p>
          <MapLegend range={range} />
          <Slider
            name="opacity"
            title="Opacity"
            value={opacity}
            low={0}
            high={1}
            shown={`${Math.round(100 * opacity)} %`}
            onInput={setOpacity}
          />
          <label class="check">
            <input type="checkbox" id="lined" checked={lined} onChange={() => setLined(!lined)} />
            Line where the map reaches a threshold
          </label>
          {lined && (
            <Slider
              name="level"
              title="Threshold of the line"
              value={level}
              low={low}
              high={high}
              shown={thresholdText(level)}
              onInput={setLevel}
            />
          )}
          {metrics?.pixel && (
            <label class="check">
              <input type="checkbox" id="outlined" checked={outlined} onChange={() => setOutlined(!outlined)} />
              True lesion, outlined in dashes
            </label>
          )}
          <p class="hint">
            {thresholds.pixel
              ? `Training chose ${thresholdText(thresholds.pixel.value)} as the threshold of the line.`
              : 'Training chose no threshold for maps, as it saw no masks: bright is relative, and no finding.'}
          </p>
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
    </section>
  );
}

interface SliderProps {
  readonly name: string;
  readonly title: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly shown: string;
  readonly onInput: (value: number) => void;
}

function Slider({ name, title, value, low, high, shown, onInput }: SliderProps) {
  return (
    <div class="slider">
      <label for={name}>{title}</label>
      <output for={name}>{shown}</output>
      <input
        id={name}
        type="range"
        min={low}
        max={high}
        step={(high - low) / STEPS || 1}
        value={value}
        aria-valuetext={shown}
        onInput={({ currentTarget }) => onInput(currentTarget.valueAsNumber)}
      />
    </div>
  );
}

function highest({ rows }: Outcome): number {
  return rows.reduce((best, { score }, i) => (score > rows[best].score ? i : best), 0);
}
