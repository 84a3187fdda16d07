import type { DataSource } from '../protocol.ts';

/** What of a set its source leaves out, as the setting `skip` takes it: commas part its names. */
export function skippedBy(source: DataSource): string[] {
  return source.kind === 'folders' ? (source.skip ?? []).map((file) => file.replaceAll(',', '*')) : [];
}
