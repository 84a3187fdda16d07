/** @jsxImportSource preact */
import { Name } from '../gallery.tsx';
import { significant } from '../verdict.ts';
import type { MapStrip } from './map_strips.ts';

/** The maps of several methods side by side, a strip for each image. @param name sets its parts apart from others' */
export function MapFigure({ strips, name }: { readonly strips: readonly MapStrip[]; readonly name: string }) {
  return (
    <>
      {strips.map((strip, i) => (
        <Strip key={strip.id} strip={strip} name={`${name}-${i}`} />
      ))}
    </>
  );
}

/** The image as it is, then the map of each method over it in grey, with the line of the true lesion. */
function Strip({ strip: { set, id, maps }, name }: { readonly strip: MapStrip; readonly name: string }) {
  const [{ picture: first }] = maps;
  const { width, height, image, lesion, prediction } = first;
  const box = { viewBox: `0 0 ${width} ${height}`, role: 'img' } as const;
  const fill = { width, height, preserveAspectRatio: 'none' };
  const abnormal = prediction.label === 1;
  return (
    <figure class="strip">
      <figcaption>
        {set}, <span class={abnormal ? 'tag abnormal' : 'tag normal'}>{abnormal ? 'abnormal' : 'normal'}</span>{' '}
        <Name id={id} />
      </figcaption>
      <ul class="views">
        <li>
          <svg {...box} aria-label={`${id}, as it is`}>
            {image && <image id={`image-${name}`} href={image} {...fill} />}
            {lesion && <path id={`lesion-${name}`} d={lesion} class="lesion" />}
          </svg>
          <span>{lesion ? 'image and lesion' : 'image'}</span>
        </li>
        {maps.map(({ row, picture }) => (
          <li key={row}>
            <svg {...box} aria-label={picture.layer ? `map of ${row} over ${id}` : `${row} has no map of ${id}`}>
              {image && <use class="under" href={`#image-${name}`} />}
              {picture.layer && <image href={picture.layer} {...fill} />}
              {lesion && <use href={`#lesion-${name}`} />}
            </svg>
            <span>
              {row} <small>{significant(picture.prediction.score)}</small>
            </span>
          </li>
        ))}
      </ul>
    </figure>
  );
}
