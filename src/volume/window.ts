import { FusionclipError } from '../base/errors.ts';
import type { Window } from '../dicom/voi.ts';

/** How values become grey levels, as `--window` says it. */
export type WindowRule =
  | { readonly kind: 'auto' | 'dicom' }
  | { readonly kind: 'window'; readonly window: Window; readonly preset: string | null }
  | { readonly kind: 'percentile'; readonly low: number; readonly high: number };

/** A window for an organ in CT. */
export interface Preset {
  readonly center: number;
  readonly width: number;
  /** Where the numbers come from. */
  readonly source: string;
}

const RADIOPAEDIA = 'https://radiopaedia.org/articles/windowing-ct';

/** Windows by organ, in Hounsfield units. */
export const PRESETS: Readonly<Record<string, Preset>> = {
  brain: { center: 40, width: 80, source: RADIOPAEDIA },
  liver: { center: 30, width: 150, source: RADIOPAEDIA },
  lung: { center: -600, width: 1500, source: RADIOPAEDIA },
  bone: { center: 400, width: 1800, source: RADIOPAEDIA },
};

/**
 * Reads `auto`, `dicom`, `W,L` (width and level), the name of a preset, or `percentile:LO,HI`.
 * @throws FusionclipError `usage`
 */
export function parseWindow(text: string): WindowRule {
  if (text === 'auto' || text === 'dicom') return { kind: text };
  const preset = PRESETS[text];
  if (preset) return { kind: 'window', window: { ...levels(preset), shape: 'LINEAR' }, preset: text };
  const percentile = /^percentile:([^,]+),([^,]+)$/.exec(text);
  if (percentile) {
    const [low, high] = [numberOf(percentile[1]), numberOf(percentile[2])];
    if (low >= 0 && high <= 100 && low < high) return { kind: 'percentile', low, high };
    throw new FusionclipError('usage', `--window ${text}: the percentiles must rise, from 0 to 100.`);
  }
  const pair = /^([^,]+),([^,]+)$/.exec(text);
  if (pair) {
    const [width, center] = [numberOf(pair[1]), numberOf(pair[2])];
    if (width >= 1 && Number.isFinite(center)) {
      return { kind: 'window', window: { center, width, shape: 'LINEAR' }, preset: null };
    }
    throw new FusionclipError(
      'usage',
      `--window ${text}: give a width of at least 1 and a level, as in --window 80,40.`,
    );
  }
  const names = Object.keys(PRESETS).join(', ');
  throw new FusionclipError(
    'usage',
    `--window must be auto, dicom, W,L, percentile:LO,HI or one of ${names}, not "${text}".`,
  );
}

function levels({ center, width }: Preset): { center: number; width: number } {
  return { center, width };
}

function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}
