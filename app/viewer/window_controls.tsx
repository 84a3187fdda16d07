import type { Slice } from '../protocol/viewing.ts';
import { type Shades, shadesOf, windowed } from './shades.ts';

interface Props {
  readonly slice: Slice | null;
  /** Whether the slice may still come. */
  readonly waiting: boolean;
  readonly shades: Shades | null;
  readonly onShades: (shades: Shades) => void;
}

/** Width and level of the grey values, with presets. */
export function WindowControls({ slice, waiting, shades, onShades }: Props) {
  if (!slice?.values || !shades) {
    if (waiting) return null;
    return <p class="hint">{slice ? 'Colours are shown as they are.' : 'The values of the file are not at hand.'}</p>;
  }
  const { windows } = slice;
  const { low, high, inverted } = shades;
  const chosen = windows.findIndex((one) => one.low === low && one.high === high);
  const [width, level] = [high - low, (high + low) / 2].map((value) => Number(value.toPrecision(5)));
  return (
    <div class="window">
      <label>
        <span>Grey values</span>
        <select
          id="window"
          value={chosen < 0 ? 'own' : String(chosen)}
          onChange={({ currentTarget }) =>
            onShades({ ...shadesOf(slice, windows[Number(currentTarget.value)]), inverted })
          }
        >
          {windows.map(({ name }, i) => (
            <option key={`${i} ${name}`} value={i}>
              {name}
            </option>
          ))}
          {chosen < 0 && <option value="own">as set by hand</option>}
        </select>
      </label>
      <label>
        <span>Width</span>
        <input
          id="window-width"
          type="number"
          step="any"
          value={width}
          onChange={({ currentTarget }) => onShades(windowed(shades, currentTarget.valueAsNumber, level))}
        />
      </label>
      <label>
        <span>Level</span>
        <input
          id="window-level"
          type="number"
          step="any"
          value={level}
          onChange={({ currentTarget }) => onShades(windowed(shades, width, currentTarget.valueAsNumber))}
        />
      </label>
      <label class="check">
        <input
          type="checkbox"
          id="inverted"
          checked={inverted}
          onChange={() => onShades({ ...shades, inverted: !inverted })}
        />
        Inverted
      </label>
    </div>
  );
}
