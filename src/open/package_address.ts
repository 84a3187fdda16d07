/** The address of the package that a file of `dist/` or `src/` belongs to, without a slash at its end. */
export function packageAddress(file: string): string {
  return file.replace(/^(.*)\/(?:dist|src)\/.*$/, '$1');
}
