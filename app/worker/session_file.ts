import { isObject } from '../../src/base/json.ts';
import type { DataSource } from '../protocol/images.ts';
import type { SessionFile } from '../protocol/sessions.ts';
import type { SupportChoice, TrainingWish } from '../protocol/training.ts';

/** The session of a `session.json`, or null where that is damaged, or of a build that writes other ones. */
export function parseSession(text: string, id: string): SessionFile | null {
  try {
    const file: unknown = JSON.parse(text);
    // Its folder is what it is found and deleted by.
    return isSession(file) ? { ...file, id } : null;
  } catch {
    return null;
  }
}

/** Stands for a session whose file cannot be read. */
export function damaged(id: string): SessionFile {
  const nothing = { finished: false, figures: null, bytes: 0, source: null, images: false, wish: null };
  return { ...nothing, id, name: '', kind: 'train', created: '', damaged: true };
}

/** Whether a file that was read has what every part of the page counts on. */
function isSession(value: unknown): value is SessionFile {
  if (!isObject(value)) return false;
  const { name, kind, created, finished, source, wish, figures, notes = [] } = value;
  return (
    [name, created].every((one) => typeof one === 'string') &&
    ['train', 'evaluate', 'predict'].includes(kind as string) &&
    typeof finished === 'boolean' &&
    (source === null ? kind !== 'train' : isSource(source)) &&
    (wish === null ? kind !== 'train' : isWish(wish)) &&
    (figures === null ||
      (isObject(figures) && [figures.image, figures.pixel].every((one) => isNumberOrNull(one ?? null)))) &&
    isTexts(notes)
  );
}

function isSource(value: unknown): value is DataSource {
  if (!isObject(value)) return false;
  const { kind, family, seed, name, skip = [], accept = [], volume = null } = value;
  if (kind === 'phantoms') return typeof family === 'string' && typeof seed === 'number';
  return kind === 'folders' && typeof name === 'string' && isTexts(skip) && isTexts(accept) && isNumberOrNull(volume);
}

function isWish(value: unknown): value is TrainingWish {
  if (!isObject(value)) return false;
  const { model, shots, epochs, seed, object, support = null } = value;
  return (
    [model, object].every((one) => typeof one === 'string') &&
    [shots, seed].every((one) => typeof one === 'number') &&
    isNumberOrNull(epochs) &&
    (support === null || isSupport(support))
  );
}

function isSupport(value: unknown): value is SupportChoice {
  return isObject(value) && isTexts(value.normal) && isTexts(value.abnormal);
}

function isNumberOrNull(value: unknown): value is number | null {
  return value === null || typeof value === 'number';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
