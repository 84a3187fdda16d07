import { FusionclipError } from '../base/errors.ts';
import type { VoiFunction, Window } from '../dicom/voi.ts';

/** How values become grey levels, as `--window` says it. */
export type WindowRule =
  /** `full`: of 8 bits without a unit all, and nothing else. */
  | { readonly kind: 'auto' | 'dicom' | 'full' }
  | { readonly kind: 'window'; readonly window: Window; readonly preset: string | null }
  | {
      readonly kind: 'percentile';
      readonly low: number;
      readonly high: number;
      /** That nobody said it: then values as CT has them are asked about, where a file does not name its modality. */
      readonly guessed?: boolean;
    };

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

/** How windows that are not the usual linear ones are written behind their level. */
const SHAPES: Readonly<Record<string, VoiFunction>> = { '': 'LINEAR', ',exact': 'LINEAR_EXACT', ',sigmoid': 'SIGMOID' };

/** A window as a setting. */
export function windowText({ width, center, shape }: Window): string {
  const [suffix] = Object.keys(SHAPES).filter((one) => SHAPES[one] === shape);
  return `${width},${center}${suffix}`;
}

/**
 * Reads `auto`, `dicom`, `full`, `W,L` (width and level; `W,L,exact` and `W,L,sigmoid` of the other functions of PS3.3), the name of a
 * preset, or `percentile:LO,HI`.
 * @throws FusionclipError `usage`
 */
export function parseWindow(text: string): WindowRule {
  if (text === 'auto' || text === 'dicom' || text === 'full') return { kind: text };
  const preset = PRESETS[text];
  if (preset) return { kind: 'window', window: { ...levels(preset), shape: 'LINEAR' }, preset: text };
  const percentile = /^percentile:([^,]+),([^,]+)$/.exec(text);
  if (percentile) {
    const [low, high] = [numberOf(percentile[1]), numberOf(percentile[2])];
    if (low >= 0 && high <= 100 && low < high) return { kind: 'percentile', low, high };
    throw new FusionclipError('usage', `--window ${text}: the percentiles must rise, from 0 to 100.`);
  }
  const pair = /^([^,]+),([^,]+)(,exact|,sigmoid|)$/.exec(text);
  if (pair) {
    const [width, center] = [numberOf(pair[1]), numberOf(pair[2])];
    const shape = SHAPES[pair[3]];
    if ((shape === 'LINEAR' ? width >= 1 : width > 0) && Number.isFinite(center)) {
      return { kind: 'window', window: { center, width, shape }, preset: null };
    }
    throw new FusionclipError(
      'usage',
      `--window ${text}: give a width of at least 1 and a level, as in --window 80,40.`,
    );
  }
  const names = Object.keys(PRESETS).join(', ');
  throw new FusionclipError(
    'usage',
    `--window must be auto, dicom, full, W,L, percentile:LO,HI or one of ${names}, not "${text}".`,
  );
}

function levels({ center, width }: Preset): { center: number; width: number } {
  return { center, width };
}

function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}
