/** The paths of a list: one a line, or each before a zero byte, as `find -print0` writes them whatever is in a name. */
export function pathsOf(text: string): string[] {
  return text.split(text.includes('\0') ? '\0' : /\r?\n/).filter((path) => path !== '');
}
