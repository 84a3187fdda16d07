import { useRef } from 'preact/hooks';
import { thresholdText } from '../../src/detect/set_metrics.ts';
import { draw, usePainted } from '../components/raster.tsx';
import type { Outcome } from '../protocol/results.ts';
import { COLOURS, type ColourName } from './colours.ts';
import type { Looks } from './looks.ts';
import { Slider } from './slider.tsx';

interface Props {
  readonly outcome: Outcome;
  readonly looks: Looks;
  /** Scores with the first and the last colour. */
  readonly span: readonly [number, number];
  readonly onLooks: (part: Partial<Looks>) => void;
}

/** Colours, range and lines of the map. */
export function MapControls({ outcome, looks, span, onLooks }: Props) {
  const { range, metrics, thresholds } = outcome;
  const [low, high] = range;
  const { over, opacity, colours, per, floor, lined, level, outlined } = looks;
  return (
    <>
      <div class="control">
        <label class="check">
          <input type="checkbox" id="over" checked={over} onChange={() => onLooks({ over: !over })} />
          Map over the image (key O)
        </label>
        <Slider
          name="opacity"
          title="Opacity"
          value={opacity}
          low={0}
          high={1}
          shown={`${Math.round(100 * opacity)} %`}
          onInput={(value) => onLooks({ opacity: value })}
        />
        <MapLegend span={span} colours={colours} />
      </div>
      <div class="control">
        <div class="row">
          <label>
            <span>Colours</span>
            <select
              id="colours"
              value={colours}
              onChange={({ currentTarget }) => onLooks({ colours: currentTarget.value as ColourName })}
            >
              {Object.entries(COLOURS).map(([name, { title }]) => (
                <option key={name} value={name}>
                  {title}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span>They span</span>
            <select
              id="per"
              value={per}
              onChange={({ currentTarget }) => onLooks({ per: currentTarget.value as Looks['per'] })}
            >
              <option value="run">all images</option>
              <option value="image">this image</option>
            </select>
          </label>
        </div>
        <Slider
          name="floor"
          title="Hide below"
          value={floor}
          low={low}
          high={high}
          shown={floor <= low ? 'nothing' : floor.toPrecision(3)}
          onInput={(value) => onLooks({ floor: value })}
        />
        {per === 'image' && <p class="hint">Each image reaches the last colour: bright is relative, and no finding.</p>}
      </div>
      <div class="control">
        <label class="check">
          <input type="checkbox" id="lined" checked={lined} onChange={() => onLooks({ lined: !lined })} />
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
            onInput={(value) => onLooks({ level: value })}
          />
        )}
        {metrics?.pixel && (
          <label class="check">
            <input type="checkbox" id="outlined" checked={outlined} onChange={() => onLooks({ outlined: !outlined })} />
            True lesion, outlined in dashes
          </label>
        )}
        <p class="hint">
          {thresholds.pixel
            ? `Training chose ${thresholdText(thresholds.pixel.value)} as the threshold of the line.`
            : 'Training chose no threshold for maps, as it saw no masks: bright is relative, and no finding.'}
        </p>
      </div>
    </>
  );
}

/** The colours from the lowest to the highest score. */
function MapLegend({ span: [low, high], colours }: { span: Props['span']; colours: ColourName }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const show = (element: HTMLCanvasElement) =>
    draw(element, { width: 256, height: 1, channels: 3, data: COLOURS[colours].table() });
  usePainted(canvas, show, [colours]);
  return (
    <div class="legend">
      <span>{low.toPrecision(3)}</span>
      <canvas ref={canvas} role="img" aria-label={`Colours from ${low.toPrecision(3)} to ${high.toPrecision(3)}`} />
      <span>{high.toPrecision(3)}</span>
    </div>
  );
}
