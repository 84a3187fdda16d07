import { toRgb } from '../../src/data/image.ts';
import { PHANTOM_FAMILIES, phantom } from '../../src/phantom/phantom.ts';
import type { FamilyPreview } from '../protocol/images.ts';

/** Pixels of the longer side of small pictures. */
export const SMALL = 128;

const TITLES: Readonly<Record<string, string>> = {
  brain: 'Brain MRI',
  liver: 'Liver CT',
  resc: 'Oedema OCT',
  oct2017: 'Retinal OCT',
  chest: 'Chest X-ray',
  histopathology: 'Histopathology',
};

/** A healthy and a diseased phantom of every family. */
export function familyPreviews(): FamilyPreview[] {
  return Object.values(PHANTOM_FAMILIES).map(({ name, masks }) => {
    const made = (abnormal: boolean) => toRgb(phantom(name, 1, 0, { size: SMALL, abnormal }).image);
    return { name, title: TITLES[name] ?? name, masks, healthy: made(false), diseased: made(true) };
  });
}
