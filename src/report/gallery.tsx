/** @jsxImportSource preact */
import { Fragment } from 'preact';
import { visible } from '../base/visible.ts';
import { heatColours } from '../data/heat_map.ts';
import { thresholdText } from '../detect/set_metrics.ts';
import type { GalleryItem } from './gallery_item.ts';
import { OUTLINE_WIDTH } from './outline.ts';
import { significant } from './verdict.ts';

/** What all pictures of a gallery have in common. */
export interface GalleryFacts {
  /** Whether the set has lesion masks. */
  readonly masks: boolean;
  readonly threshold: number | null;
}

interface GalleryProps extends GalleryFacts {
  readonly items: readonly GalleryItem[];
  /** Sets the names of its parts apart from those of other galleries. */
  readonly name: string;
}

/** Test images: the image, its map with the lines of lesion and threshold, and the lesion. */
export function Gallery({ items, name, masks, threshold }: GalleryProps) {
  return (
    <ul class={masks ? 'gallery masks' : 'gallery'}>
      {items.map((item, i) => (
        <li key={item.prediction.id}>
          <Views item={item} name={`${name}${i}`} masks={masks} />
          <Caption item={item} threshold={threshold} />
        </li>
      ))}
    </ul>
  );
}

/** Each picture and path stands in the file once; what shows it again refers to it. */
function Views({ item, name, masks }: { readonly item: GalleryItem; readonly name: string; readonly masks: boolean }) {
  const { prediction, image, layer, width, height, lesion, predicted } = item;
  const { id } = prediction;
  const box = { viewBox: `0 0 ${width} ${height}`, role: 'img' } as const;
  const fill = { width, height, preserveAspectRatio: 'none' };
  const shared = (part: string) => `${part}-${name}`;
  return (
    <div class="views">
      <svg {...box} aria-label={`${id}, as it is`}>
        {image ? <image id={shared('image')} href={image} {...fill} /> : <Missing height={height} />}
      </svg>
      <svg {...box} aria-label={layer ? `anomaly map over ${id}` : `${id} has no map`}>
        {image && <use class="under" href={`#${shared('image')}`} />}
        {layer ? <image href={layer} {...fill} /> : <Missing height={height} />}
        {lesion && <path id={shared('lesion')} d={lesion} class="lesion" />}
        {predicted && <path id={shared('predicted')} d={predicted} class="predicted" />}
      </svg>
      {masks && (
        <svg {...box} class="truth" aria-label={lesion ? `true lesion in ${id}` : `${id} has no lesion`}>
          {lesion && <use href={`#${shared('lesion')}`} />}
          {predicted && <use href={`#${shared('predicted')}`} />}
          {!lesion && <Label text={prediction.label === 1 ? 'no mask' : 'no lesion'} height={height} />}
        </svg>
      )}
    </div>
  );
}

function Missing({ height }: { readonly height: number }) {
  return <Label text="not there" height={height} />;
}

function Label({ text, height }: { readonly text: string; readonly height: number }) {
  return (
    <text x={OUTLINE_WIDTH / 2} y={height - 30} text-anchor="middle">
      {text}
    </text>
  );
}

function Caption({ item, threshold }: { readonly item: GalleryItem; readonly threshold: number | null }) {
  const { id, label, score, abnormal } = item.prediction;
  const right = abnormal === null ? null : abnormal === (label === 1);
  const verdict = label === 1 ? (right ? 'found' : 'missed') : right ? 'passed' : 'false alarm';
  return (
    <p class="caption">
      {right !== null && <b class={right ? 'right' : 'wrong'}>{`${right ? '✓' : '✗'} ${verdict}`}</b>}
      <span class={label === 1 ? 'tag abnormal' : 'tag normal'}>{label === 1 ? 'abnormal' : 'normal'}</span>
      <span>
        score {significant(score)}
        {threshold !== null && <small> (threshold {thresholdText(threshold)})</small>}
      </span>
      <Name id={id} />
    </p>
  );
}

/** The heat colours, and what the lines mean. */
export function GalleryLegend({
  range: [low, high],
  level,
  masks,
}: {
  readonly range: readonly [number, number];
  readonly level: number | null;
  readonly masks: boolean;
}) {
  const colours = heatColours();
  const stops = Array.from({ length: 17 }, (_, i) => {
    const [r, g, b] = colours.subarray(3 * Math.min(255, 16 * i), 3 * Math.min(255, 16 * i) + 3);
    return <stop key={i} offset={i / 16} stop-color={`rgb(${r} ${g} ${b})`} />;
  });
  const mark = level !== null && high > low ? (200 * (level - low)) / (high - low) : null;
  return (
    <ul class="legend">
      <li>
        {significant(low)}
        <svg viewBox="0 0 200 14" role="img" aria-label={`Colours from ${significant(low)} to ${significant(high)}`}>
          <linearGradient id="heat">{stops}</linearGradient>
          <rect width="200" height="14" fill="url(#heat)" />
          {mark !== null && mark >= 0 && mark <= 200 && <path class="predicted" d={`M${mark.toFixed(1)} 0V14`} />}
        </svg>
        {significant(high)}
      </li>
      {level !== null && (
        <li>
          <svg viewBox="0 0 30 14" class="swatch" aria-hidden="true">
            <path class="predicted" d="M3 7H27" />
          </svg>
          pixel threshold {thresholdText(level)}
        </li>
      )}
      {masks && (
        <li>
          <svg viewBox="0 0 30 14" class="swatch" aria-hidden="true">
            <path class="lesion" d="M3 7H27" />
          </svg>
          true lesion
        </li>
      )}
    </ul>
  );
}

/** The name of an image, which may go on in another line after each slash. */
export function Name({ id }: { readonly id: string }) {
  return (
    <span class="name">
      {visible(id)
        .split('/')
        .map((part, i) => (
          <Fragment key={i}>
            {i > 0 && '/'}
            {i > 0 && <wbr />}
            {part}
          </Fragment>
        ))}
    </span>
  );
}
