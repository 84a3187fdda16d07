import { useEffect, useMemo, useState } from 'preact/hooks';
import { rangeOf, resampleMap } from '../../src/data/heat_map.ts';
import type { Picture, Slice } from '../protocol/viewing.ts';
import { ViewerCanvas } from './canvas.tsx';
import { usePointers } from './gestures.ts';
import { type Drawing, heatLayer, outlineOf, pictureLayer, sliceLayer } from './layers.ts';
import type { Looks } from './looks.ts';
import { Readout } from './readout.tsx';
import type { Shades } from './shades.ts';
import type { Looked } from './stack.ts';

interface Props {
  readonly id: string;
  readonly picture: Picture | null;
  readonly looked: Looked;
  readonly looks: Looks;
  readonly onLooks: (part: Partial<Looks>) => void;
  /** Scores of all images. */
  readonly range: readonly [number, number];
  readonly shades: Shades | null;
  readonly onShades: (shades: Shades) => void;
}

/** The image and its map. */
export function Viewer({ id, picture, looked, looks, onLooks, range, shades, onShades }: Props) {
  const { slice, scored, missing, stack, k } = looked;
  const { layout, view, over, opacity, colours, per, floor, lined, level, outlined, swipe } = looks;
  const [point, setPoint] = useState<readonly [number, number] | null>(null);
  // The slices of a volume are seen without a map where there is none; a picture waits for its own.
  const own = scored || !stack ? picture : null;
  const base = useMemo(() => {
    if (slice && shades) return sliceLayer(slice, shades);
    return picture && (scored || !stack) ? pictureLayer(picture.image) : null;
  }, [slice, shades, picture, scored, stack]);
  const map = own?.map ?? null;
  const span = useMemo(() => (per === 'run' || !map ? range : rangeOf(map.data)), [per, map, range]);
  const heat = useMemo(() => map && heatLayer(map, { colours, range: span, floor }), [map, colours, span, floor]);
  const threshold = useMemo(() => (map && lined ? outlineOf(map, level, 'threshold') : null), [map, lined, level]);
  const lesion = useMemo(
    () => (own?.lesion && outlined ? outlineOf(own.lesion, 0.5, 'lesion') : null),
    [own, outlined],
  );
  const plain = useMemo<Drawing | null>(
    () => base && { base, heat: null, opacity: 0, outlines: lesion && over ? [lesion] : [], swipe: 0 },
    [base, lesion, over],
  );
  const mapped = useMemo<Drawing | null>(() => {
    if (!base) return null;
    const outlines = [lesion, threshold].filter((one) => one !== null);
    return {
      base,
      heat: over ? heat : null,
      opacity,
      outlines: over ? outlines : [],
      swipe: layout === 'swipe' ? swipe : 0,
    };
  }, [base, heat, over, opacity, lesion, threshold, layout, swipe]);
  const pointers = usePointers({
    tool: looks.tool,
    view,
    shades: slice?.values ? shades : null,
    stacked: (stack?.rows.length ?? 1) > 1,
    onView: (next) => onLooks({ view: next }),
    onShades,
    onPoint: setPoint,
    onSlice: (by) => looked.go(k + by),
  });
  const image = sizeOf(slice, picture);
  const there = picture?.there !== false || slice !== null;
  const at = stack && stack.rows.length > 1 ? `, slice ${k + 1} of ${stack.rows.length}` : '';
  return (
    <div class={`views ${layout}`}>
      {layout === 'side' && (
        <ViewerCanvas
          id="plain"
          label={`${id}${at}, as it is`}
          caption={missing ? MISSING : there ? 'Image' : 'Image (not kept; give it again to see it)'}
          drawing={plain}
          {...{ view, image, pointers }}
        />
      )}
      <ViewerCanvas
        id="map"
        label={`${id}${at} with its anomaly map`}
        caption={missing ? MISSING : captionOf(layout, there, scored || !stack)}
        drawing={mapped}
        {...{ view, image, pointers }}
      />
      <Readout slice={slice} point={point} score={point && map ? scoreAt(map, point) : null} />
    </div>
  );
}

const MISSING = 'This slice is missing in its series';

function captionOf(layout: Looks['layout'], there: boolean, scored: boolean): string {
  if (!scored) return 'No map of this slice: nearly empty, or not to be tested';
  if (!there && layout !== 'side') return 'Anomaly map (the image is not kept; give it again to see it)';
  return layout === 'swipe' ? 'Image left, anomaly map right' : 'Anomaly map';
}

function sizeOf(slice: Slice | null, picture: Picture | null): { width: number; height: number; aspect: number } {
  if (slice) return slice;
  return { width: picture?.image.width ?? 1, height: picture?.image.height ?? 1, aspect: 1 };
}

/** The value of a map at a point, as it is drawn: linear between pixel centres. */
function scoreAt(map: Picture['map'], [x, y]: readonly [number, number]): number {
  const fine = 256;
  const [column, row] = [Math.floor(x * fine), Math.floor(y * fine)];
  return finely(map, fine)[row * fine + column];
}

const fineMaps = new WeakMap<Picture['map'], Float32Array>();

function finely(map: Picture['map'], side: number): Float32Array {
  const known = fineMaps.get(map) ?? resampleMap(map, side, side);
  fineMaps.set(map, known);
  return known;
}

/** The shades of what is looked at: those that were set stay within a volume, and begin anew with another picture. */
export function useShades(looked: Looked, fresh: (slice: Slice) => Shades) {
  const { stack, slice } = looked;
  const [shades, setShades] = useState<{ readonly of: string; readonly shades: Shades } | null>(null);
  const of = stack ? stack.name || `row ${stack.rows[0]}` : '';
  useEffect(() => {
    if (slice && shades?.of !== of) setShades({ of, shades: fresh(slice) });
  }, [of, slice]);
  const own = shades?.of === of ? shades.shades : slice && fresh(slice);
  return [own, (next: Shades) => setShades({ of, shades: next })] as const;
}
