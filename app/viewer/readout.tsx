import type { Slice } from '../protocol/viewing.ts';

interface Props {
  readonly slice: Slice | null;
  /** Under the pointer, in shares of the image. */
  readonly point: readonly [number, number] | null;
  readonly score: number | null;
}

/** What is under the pointer: place, value and score. */
export function Readout({ slice, point, score }: Props) {
  if (!slice || !point) return <p class="readout hint">Point at the image: its value is shown here.</p>;
  const { width, height, step } = slice;
  const [x, y] = [Math.floor(point[0] * width), Math.floor(point[1] * height)];
  const where = `column ${x * step}, row ${y * step}`;
  const mean = step > 1 ? ` (mean of ${step}×${step})` : '';
  return (
    <p class="readout">
      <span>{where}</span>
      <output id="value">
        {valueText(slice, y * width + x)}
        {mean}
      </output>
      {score !== null && <span>map {score.toPrecision(4)}</span>}
    </p>
  );
}

function valueText({ values, rgb, unit }: Slice, i: number): string {
  if (rgb) return `RGB ${rgb.subarray(3 * i, 3 * i + 3).join(', ')}`;
  return `value ${Number(values![i].toPrecision(7))}${unit && ` ${unit}`}`;
}
