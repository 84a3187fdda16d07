import { choice, integer, list, type OptionValues, optional, resolveOptions, text } from '../../base/option.ts';
import { rangeOption } from '../range/rule.ts';

const NAME = text('', /\S/, 'NAME', '');

/** How a data set is to be read where names leave it open. The flags of `train`, `eval` and `data check`, stored with a run. */
export const DATA_OPTIONS = {
  normal: list(
    NAME,
    [],
    'folders of normal images, of DICOM also patients and images; default: good, normal, healthy and other usual names',
  ),
  abnormal: list(
    NAME,
    [],
    'folders of abnormal images; default: every other class folder, if nothing speaks against it',
  ),
  skip: list(NAME, [], 'files and folders to leave out, by name or path; * stands for any characters'),
  'mask.background': choice(
    ['auto', 'black', 'white'],
    'auto',
    'what is no lesion in masks; auto: black, refused where most of them would be lesion for the most part',
  ),
  'mask.orientation': choice(
    ['auto', 'shown', 'stored'],
    'auto',
    'whether masks that do not say lie over images as these are shown or as they are stored, where EXIF turns them; auto: by size, else refused',
  ),
  'mask.values': optional(
    list(integer(1, [0, 65535], ''), [], ''),
    'the values of masks that are lesion, in numbers of their files, where these hold codes of several things; none: all but the background',
  ),
  range: rangeOption(
    'which values of files are black and white; auto: of 8 bits all, of others what valid uses, images that do not fit refused; full: all of the type; percentile: each image by itself',
  ),
  group: optional(
    text('', /\S/, 'REGEX|folder|auto', ''),
    'splits, draws and bootstraps by patient: found in the file name by a REGEX (first group, or the match), the folder below the class, or the name without its last number (auto)',
  ),
  window: text(
    'auto',
    /\S/,
    'auto|dicom|W,L|ORGAN|percentile:LO,HI',
    'DICOM and NIfTI: how values become grey levels; auto: by the files, the modality and the organ (docs/clinical.md)',
  ),
  plane: choice(
    ['auto', 'axial', 'coronal', 'sagittal', 'all'],
    'auto',
    'DICOM and NIfTI: the plane of the slices; auto: as stored; all: three planes, their maps averaged',
  ),
  accept: text('', /^[a-z,]*$/, 'WORD,…', 'DICOM: what series may have against them: gaps, doubles, uneven, tilt, …'),
  volume: optional(integer(0, [0, 1e6], ''), 'NIfTI: which volume of a file with several, from 0 on'),
};

/** `DATA_OPTIONS` and what else of a run's settings decides how its data are read. */
export interface DataRules extends OptionValues<typeof DATA_OPTIONS> {
  readonly 'split.seed': number;
  /** With 0 the validation split needs no abnormal image. */
  readonly 'shots.abnormal': number;
  /** Of `skip`, what has left out something of the volumes whose slices these are. */
  readonly skipped?: readonly string[];
}

/** Rules, with defaults for those that are not given. */
export function dataRules(given: Partial<DataRules> = {}): DataRules {
  const base = { ...resolveOptions(DATA_OPTIONS, {}), 'split.seed': 0, 'shots.abnormal': 1, skipped: [] };
  const own = Object.entries(base).map(([name, value]) => [name, given[name as keyof DataRules] ?? value]);
  return Object.fromEntries(own) as DataRules;
}

/** One spelling of a name: letters with accents in one form (NFC), in lower case, without spaces around it. */
export function plainName(name: string): string {
  return name.normalize('NFC').toLowerCase().trim();
}

/** Names of patients, series and images, with the numbers that they have among those of a set: `patient-3-1a2b3c4d`. */
const NUMBERED = /\b(patient|series|image)[- ](?:\d+-)?([0-9a-f]{8})(?![0-9a-f])/g;

/** A name as patterns are compared with it: the numbers of patients, series and images change when a set grows, and count for nothing. */
function named(text: string): string {
  return plainName(text).replace(NUMBERED, '$1 $2');
}

/** Whether a relative path, or one of its parts, is what a pattern of `skip` names. */
export function matchesPattern(path: string, pattern: string): boolean {
  const plain = named(pattern).replace(/^\.\//, '').replace(/\/+$/, '');
  const text = plain.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  const wanted = new RegExp(`^${text}$`, 's');
  const whole = named(path);
  return wanted.test(whole) || whole.split('/').some((part) => wanted.test(part));
}
