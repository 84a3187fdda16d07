import { Help } from '../components/help.tsx';
import { WHOLE, zoomed } from './frame.ts';
import { LAYOUTS, type Looks } from './looks.ts';

interface Props {
  readonly looks: Looks;
  readonly onLooks: (part: Partial<Looks>) => void;
}

/** Arrangement, what dragging does, and zoom. */
export function Toolbar({ looks, onLooks }: Props) {
  const { layout, tool, view } = looks;
  return (
    <div class="toolbar">
      <Choice
        name="layout"
        legend="Arrangement"
        options={LAYOUTS}
        chosen={layout}
        onChoose={(value) => onLooks({ layout: value })}
      />
      <Choice
        name="tool"
        legend="What dragging does"
        options={{ window: 'Drag: window', pan: 'Drag: move' }}
        chosen={tool}
        onChoose={(value) => onLooks({ tool: value })}
      />
      <fieldset class="row">
        <legend class="hidden">Zoom</legend>
        <button
          type="button"
          class="small"
          aria-label="Zoom out"
          onClick={() => onLooks({ view: zoomed(view, 1 / 1.5) })}
        >
          −
        </button>
        <output id="zoom">{Math.round(100 * view.zoom)} %</output>
        <button type="button" class="small" aria-label="Zoom in" onClick={() => onLooks({ view: zoomed(view, 1.5) })}>
          +
        </button>
        <button type="button" class="small" onClick={() => onLooks({ view: WHOLE })}>
          Fit
        </button>
        <Help name="viewer" about="Keys and gestures">
          Keys: O map on and off · I inverted · + − 0 zoom · Shift and arrows move · Page Up and Page Down slices · N
          and P next and previous image. Drag across for the width of the window, up and down for its level; with Shift
          it moves. The wheel goes through slices; with Ctrl it zooms.
        </Help>
      </fieldset>
    </div>
  );
}

interface ChoiceProps<T extends string> {
  readonly name: string;
  readonly legend: string;
  readonly options: Readonly<Record<T, string>>;
  readonly chosen: T;
  readonly onChoose: (value: T) => void;
}

function Choice<T extends string>({ name, legend, options, chosen, onChoose }: ChoiceProps<T>) {
  return (
    <fieldset class="segments">
      <legend class="hidden">{legend}</legend>
      {(Object.keys(options) as T[]).map((value) => (
        <label key={value}>
          <input type="radio" name={name} value={value} checked={chosen === value} onChange={() => onChoose(value)} />
          <span>{options[value]}</span>
        </label>
      ))}
    </fieldset>
  );
}
