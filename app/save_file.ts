import type { ExportedFile } from './protocol/calls.ts';

/** Milliseconds after which the browser has certainly begun to save. */
const SOON = 60_000;

/** Has the browser save a file. */
export function saveFile({ name, blob }: ExportedFile): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), SOON);
}
