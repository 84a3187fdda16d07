import type { DataSource } from '../protocol.ts';

/** What of a set its source leaves out and accepts, as the settings `skip` and `accept` take it: commas part their names. */
export function waivedBy(source: DataSource): { readonly skip: readonly string[]; readonly accept: string } {
  if (source.kind === 'phantoms') return { skip: [], accept: '' };
  const { skip = [], accept = [] } = source;
  return { skip: skip.map((file) => file.replaceAll(',', '*')), accept: accept.join(',') };
}
