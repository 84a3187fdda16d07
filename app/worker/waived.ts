import { type DataSource, GREYS, type Waived } from '../protocol.ts';

/** What of a set its source leaves out and accepts, as the settings `skip` and `accept` take it: commas part their names. */
export function waivedBy(source: DataSource): { readonly skip: readonly string[]; readonly accept: string } {
  if (source.kind === 'phantoms') return { skip: [], accept: '' };
  const { skip = [], accept = [] } = source;
  return { skip: skip.map((file) => file.replaceAll(',', '*')), accept: accept.join(',') };
}

/** How images without labels are read of which something is waived. */
export function readAs({ accept }: Waived): { readonly accept: readonly string[]; readonly range?: 'full' } {
  const words = accept.filter((word) => word !== GREYS);
  return words.length < accept.length ? { accept: words, range: 'full' } : { accept };
}
