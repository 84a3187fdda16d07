import { counted } from '../base/counted.ts';
import { FusionclipError } from '../base/errors.ts';
import { hasWord } from '../data/layout/object_name.ts';
import type { Look, Volume } from './volume.ts';
import { PRESETS, parseWindow, type WindowRule, windowText } from './window.ts';

/** What `--window` came to for a set of volumes: said once, and the same for every volume that is looked at later. */
export interface DecidedWindow {
  readonly rule: WindowRule;
  /** As a setting: {@link parseWindow} makes the rule of it again. */
  readonly text: string;
  /** What it was decided from, for people. */
  readonly from: string;
}

/** Of MR without a window: percentiles of what lies above the background. */
const MR = 'percentile:0.5,99.5';
const MR_RULE = { ...(parseWindow(MR) as Extract<WindowRule, { kind: 'percentile' }>), guessed: true };

/**
 * What a setting comes to for these volumes together; colours have no part in it. `auto`: where all have 8 bits without a unit or a window, these;
 * where the files of each name its own window or table, that, and its numbers where it is the same of all; else of CT the preset of the
 * organ that the words name; else, where nothing is CT, percentiles. No pixel is read.
 * @param words that may name an organ of {@link PRESETS}
 * @throws FusionclipError `usage` where `auto` leads nowhere
 */
export function decideWindow(volumes: readonly Volume[], setting: string, words = ''): DecidedWindow {
  const rule = parseWindow(setting);
  if (rule.kind !== 'auto') return { rule, text: setting, from: 'given' };
  const grey = volumes.filter(({ look }) => look !== 'colour');
  if (grey.length === 0) return decided('full', 'all have colours, which stay as they are');
  if (grey.every(({ look }) => look === '8 bits')) return decided('full', 'all have 8 bits and name no window');
  if (grey.every(({ look }) => isOwn(look))) {
    const texts = new Set(grey.map(({ look }) => (typeof look === 'object' && look ? windowText(look) : 'dicom')));
    const [text] = texts;
    if (texts.size === 1 && text !== 'dicom')
      return decided(text, 'the window that all files name, the first of theirs');
    return decided('dicom', 'the files of each volume name a window or a table, not all the same');
  }
  const without = grey.filter(({ look }) => !isOwn(look));
  const presets = Object.keys(PRESETS);
  const ct = grey.filter(({ modality }) => modality === 'CT').length;
  const count = `${without.length} of ${counted(grey.length, grey[0].placed ? 'volume' : 'image')} name no one window`;
  if (ct === 0) return { ...decided(MR, `${count}, and none says that it is CT`), rule: MR_RULE };
  const organ = presets.find((name) => hasWord(words, [name, `${name}s`]));
  if (ct === grey.length && organ) return decided(organ, `${count}, all are CT, and the data are called ${organ}`);
  const [{ name, look }] = without;
  const why = `${name}: its ${look === 'different windows' ? `slices name ${look}` : 'files name no window'}`;
  const doubt = ct === grey.length ? 'no organ is named' : `of ${grey.length} volumes ${ct} say that they are CT`;
  throw new FusionclipError('usage', `${why}, and ${doubt}; say --window W,L or one of ${presets.join(', ')}.`);
}

function decided(text: string, from: string): DecidedWindow {
  return { rule: parseWindow(text), text, from };
}

/** Whether the files say by themselves how they are shown. */
function isOwn(look: Look): boolean {
  return typeof look === 'object' ? look !== null : look === 'table';
}
