/** @jsxImportSource preact */
import { contourSegments } from '../data/contour.ts';
import type { Image } from '../data/image.ts';
import type { Prediction, RunRecord } from './read_run.ts';
import { dataUrl } from './thumbnails.ts';
import { fixed } from './verdict.ts';

/** A test image with all that is shown of it. */
export interface Exhibit {
  readonly prediction: Prediction;
  readonly image: string | null;
  readonly map: string | null;
  readonly mask: string | null;
  /** Outline of the true lesion in [0, 1]², as an SVG path; empty without a lesion. */
  readonly outline: string;
}

/** Reads what the gallery shows of some images. */
export async function exhibits({ pictures }: RunRecord, chosen: readonly Prediction[]): Promise<Exhibit[]> {
  const out: Exhibit[] = [];
  for (const prediction of chosen) {
    const { id } = prediction;
    const [image, map, mask] = [await pictures.image(id), await pictures.map(id), await pictures.mask(id)];
    out.push({
      prediction,
      image: image && dataUrl(image),
      map: map && dataUrl(map),
      mask: mask && dataUrl(mask),
      outline: mask ? outlineOf(mask) : '',
    });
  }
  return out;
}

/** The test images with the worst scores: image, map with the outline of the lesion, and the lesion. */
export function Gallery({ all }: { all: readonly Exhibit[] }) {
  return (
    <ol class="gallery">
      {all.map(({ prediction: { id, label, score, abnormal }, image, map, mask, outline }) => (
        <li key={id} class={abnormal !== null && abnormal !== (label === 1) ? 'wrong' : 'right'}>
          <div class="views">
            <Shown url={image} what={`${id}, as it is`} />
            <div class="mapped">
              <Shown url={map} what={`anomaly map over ${id}`} />
              {outline && (
                <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
                  <path class="outline" d={outline} />
                </svg>
              )}
            </div>
            {mask ? (
              <Shown url={mask} what={`lesion in ${id}`} />
            ) : (
              <p class="none">{label === 1 ? 'no mask' : 'no lesion'}</p>
            )}
          </div>
          <p class="caption">
            <span class={label === 1 ? 'tag abnormal' : 'tag normal'}>{label === 1 ? 'abnormal' : 'normal'}</span>
            <span>
              {fixed(score)}
              {abnormal === null ? '' : abnormal ? ', called abnormal' : ', called normal'}
            </span>
            <span class="name">{id}</span>
          </p>
        </li>
      ))}
    </ol>
  );
}

function Shown({ url, what }: { url: string | null; what: string }) {
  return url ? <img src={url} alt={what} /> : <p class="none">not there</p>;
}

function outlineOf({ width, height, data }: Image): string {
  const lines = contourSegments({ width, height, data: Float32Array.from(data) }, 127.5);
  const parts: string[] = [];
  for (let i = 0; i < lines.length; i += 4) {
    const [x0, y0, x1, y1] = lines.subarray(i, i + 4);
    parts.push(`M${short(x0)} ${short(y0)}L${short(x1)} ${short(y1)}`);
  }
  return parts.join('');
}

function short(value: number): string {
  return value.toFixed(3).replace(/^0/, '');
}
