import { baseName } from '../../base/paths.ts';

/** Patterns of folder names (lower case) and what MVFA's prompts call their content; the first match wins. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/brain|brats/, 'Brain'],
  [/liver/, 'Liver'],
  [/resc|oct/, 'retinal OCT'],
  [/chest|x-?ray/, 'Chest X-ray film'],
  [/histo|camelyon/, 'histopathological image'],
];

/**
 * What the prompts should call the things in a data set, guessed from its folder: the six BMAD sets (with or without
 * `_AD`) by MVFA's names, other folders by their own name with blanks for `_` and `-`. `override` is taken as it is.
 */
export function objectName(folder: string, override?: string): string {
  if (override) return override;
  const name = baseName(folder).replace(/_AD$/i, '');
  const known = NAMES.find(([pattern]) => pattern.test(name.toLowerCase()));
  return known ? known[1] : name.replace(/[_-]+/g, ' ').trim() || 'object';
}
