import { useState } from 'preact/hooks';
import type { Outcome } from '../protocol/results.ts';
import type { ColourName } from './colours.ts';
import { type View, WHOLE } from './frame.ts';
import type { Tool } from './gestures.ts';

/** Arrangements of image and map. */
export const LAYOUTS = { side: 'Side by side', swipe: 'Swipe', map: 'Map alone' } as const;

/** How everything in the viewer is shown. */
export interface Looks {
  readonly layout: keyof typeof LAYOUTS;
  readonly tool: Tool;
  readonly view: View;
  /** Whether anything lies over the image. */
  readonly over: boolean;
  readonly opacity: number;
  readonly colours: ColourName;
  /** Whether colours span the scores of all images or of each by itself. */
  readonly per: 'run' | 'image';
  /** Scores below it are transparent. */
  readonly floor: number;
  /** Whether the line of `level` is drawn. */
  readonly lined: boolean;
  readonly level: number;
  /** Whether the true lesion is outlined. */
  readonly outlined: boolean;
  /** Share of the frame left of which the image is bare. */
  readonly swipe: number;
}

/** Of the colours at the start, and in small pictures. */
export const OPACITY = 0.6;

/** Below this the page has room for one frame. */
const NARROW = 700;

/** The looks of an outcome, and what changes some of them. */
export function useLooks({ thresholds, range: [low, high] }: Outcome): [Looks, (part: Partial<Looks>) => void] {
  const [looks, setLooks] = useState<Looks>({
    layout: innerWidth < NARROW ? 'map' : 'side',
    tool: 'window',
    view: WHOLE,
    over: true,
    opacity: OPACITY,
    colours: 'heat',
    per: 'run',
    floor: low,
    // Without a threshold that was chosen a line would look like a finding.
    lined: thresholds.pixel !== null,
    level: thresholds.pixel?.value ?? low + 0.8 * (high - low),
    outlined: true,
    swipe: 0.5,
  });
  return [looks, (part) => setLooks((before) => ({ ...before, ...part }))];
}
