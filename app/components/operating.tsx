import { thresholdText } from '../../src/detect/set_metrics.ts';

interface Props {
  /** Scores at or above it are predicted abnormal. */
  readonly threshold: number;
  /** All that can be chosen, the highest first. */
  readonly thresholds: readonly number[];
  /** Which of them decides as `threshold` does. */
  readonly at: number;
  /** What comes of it, for those who do not see it. */
  readonly said: string;
  readonly onThreshold: (threshold: number) => void;
}

/** The threshold of decisions: further to the right is higher, as on every slider of the page. */
export function Operating({ threshold, thresholds, at, said, onThreshold }: Props) {
  const text = Number.isFinite(threshold) ? thresholdText(threshold) : 'none';
  const last = thresholds.length - 1;
  return (
    <>
      <label for="operating">Abnormal from a score of</label>
      <output for="operating">{text}</output>
      <input
        id="operating"
        type="range"
        min={0}
        max={last}
        step={1}
        value={last - at}
        aria-valuetext={`from ${text}: ${said}`}
        onInput={({ currentTarget }) => onThreshold(thresholds[last - currentTarget.valueAsNumber])}
      />
    </>
  );
}
