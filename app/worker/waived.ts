import { type DataSource, GREYS, type Waived } from '../protocol/images.ts';

/** What of a set its source leaves out, accepts and chooses, as the settings of these names take it: commas part names. */
export function waivedBy(source: DataSource): {
  readonly skip: readonly string[];
  readonly accept: string;
  readonly volume?: number;
} {
  if (source.kind === 'phantoms') return { skip: [], accept: '' };
  const { skip = [], accept = [], volume } = source;
  const files = skip.map((file) => file.replaceAll(',', '*'));
  return { skip: files, accept: accept.join(','), ...(volume !== undefined && { volume }) };
}

/** How images without labels are read of which something is waived. */
export function readAs({ accept }: Waived): { readonly accept: readonly string[]; readonly range?: 'full' } {
  const words = accept.filter((word) => word !== GREYS);
  return words.length < accept.length ? { accept: words, range: 'full' } : { accept };
}
