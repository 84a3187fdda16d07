/** Parts joined with `/`; empty parts are left out and no slash is doubled but behind the scheme of an address. */
export function joinPath(...parts: string[]): string {
  return parts
    .filter((part) => part !== '')
    .join('/')
    .replace(/(?<!:)\/{2,}/g, '/');
}

/** A path from a folder on, without its slash; one that does not lie below it as it is. */
export function pathBelow(folder: string, path: string): string {
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
}

/** The last part of a path, whichever slash separates it. */
export function baseName(path: string): string {
  return path.replace(/[/\\]+$/, '').replace(/^.*[/\\]/, '');
}

/** A file name without folders and without its last extension. */
export function stem(path: string): string {
  return baseName(path).replace(/(.)\.[^.]*$/, '$1');
}

/** The last extension in lower case without the dot; empty when there is none. */
export function extension(path: string): string {
  return /.\.([^.]*)$/.exec(baseName(path))?.[1].toLowerCase() ?? '';
}
