interface Props {
  readonly name: string;
  readonly title: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** What the value is called. */
  readonly shown: string;
  /** Of the slider; by default a two-hundredth of its length. */
  readonly step?: number;
  readonly onInput: (value: number) => void;
}

/** Steps of a slider between its ends. */
const STEPS = 200;

/** A slider with its title and its value as text. */
export function Slider({ name, title, value, low, high, shown, step, onInput }: Props) {
  return (
    <div class="slider">
      <label for={name}>{title}</label>
      <output for={name}>{shown}</output>
      <input
        id={name}
        type="range"
        min={low}
        max={high}
        step={step ?? ((high - low) / STEPS || 1)}
        value={value}
        aria-valuetext={shown}
        onInput={({ currentTarget }) => onInput(currentTarget.valueAsNumber)}
      />
    </div>
  );
}
