import type { FusionclipError } from '../../src/base/errors.ts';
import { hasLostAdvice, pageWords } from './words.ts';

/** What to do in the page about a problem of a data set, by its kind. */
const ADVICE: Readonly<Record<string, string>> = {
  layout: 'Give the normal and the abnormal images as two folders instead.',
  unclear_folder: 'Leave the folder out of what you drop, or give the images as two folders.',
  outside: 'Move them into a class folder, or leave them out of what you drop.',
  unread: 'Convert them to PNG, or leave them out of what you drop.',
  empty_class: 'Put images there and drop the folder again.',
  too_few: 'Add images and drop the folder again.',
  missing_mask: 'Add the mask, or leave the image out of what you drop.',
  empty_masks: 'Mend the masks, or leave them out of what you drop.',
  inverted_masks: 'Invert the masks, so that lesions are white on black, and drop the folder again.',
  unclear_mask: 'Save image and mask again without an orientation, both turned as they are shown.',
  hub: 'On a computer that reaches it, `fusionclip model pull NAME --out FOLDER` fetches it; add that folder here then.',
  unlike: 'Nothing was scored: these adapters were trained on images of other grey levels.',
  odd_values:
    'Save such images with grey levels from 0 to 255 like those of the others, or leave them out of what you drop.',
};

/** The message of a failure in the words of the page, with what can be done here. */
export function pageMessage(error: FusionclipError): string {
  const message = pageWords(error.message);
  const { about } = error;
  const advice = about === 'hub' || hasLostAdvice(error.message) ? ADVICE[about ?? ''] : undefined;
  return advice ? `${message} ${advice}` : message;
}
