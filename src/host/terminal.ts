import process from 'node:process';

/** How wide the terminal is, which COLUMNS says for all of them; null where there is none. */
export function terminalColumns(env: (name: string) => string | undefined): number | null {
  const said = Number(env('COLUMNS'));
  if (Number.isInteger(said) && said > 0) return said;
  return process.stdout.columns || process.stderr.columns || null;
}
