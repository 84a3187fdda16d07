import type { Given } from './dropped.ts';

/** What lies in the fields of the two classes. */
export interface ClassFields {
  readonly normal: Given | null;
  readonly abnormal: Given | null;
  /** Whether these two are the data set at hand. */
  readonly used: boolean;
}

/** Nothing was given. */
export const EMPTY_FIELDS: ClassFields = { normal: null, abnormal: null, used: false };

/** After something was given or taken back: a pair that was used is over, so that nothing new stands beside something old. */
export function withField(fields: ClassFields, field: 'normal' | 'abnormal', given: Given | null): ClassFields {
  return { ...(fields.used ? EMPTY_FIELDS : fields), [field]: given };
}

/** Both folders, when they are there and not used yet. */
export function pairOf({ normal, abnormal, used }: ClassFields): readonly [Given, Given] | null {
  return normal && abnormal && !used ? [normal, abnormal] : null;
}

/** What a field says of what lies in it. */
export function fieldText(given: Given | null): string {
  if (!given) return 'PNG, JPEG, TIFF, BMP';
  const { folder, files } = given;
  return `${folder === null ? '' : `${folder}: `}${files.length} ${files.length === 1 ? 'file' : 'files'}`;
}
