/** The server of an address, `dicomweb:https://SERVER/…` or `https://SERVER/…`; null for paths of files. */
export function serverOf(path: string): string | null {
  return /^(?:[a-z]+:)?https?:\/\/(?:[^/?#]*@)?([^/?#:]+)/i.exec(path)?.[1] ?? null;
}

/** Whether nobody on the way to an address can read what is said there: by https, or within this machine. */
export function isUnseen({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/** What stands for a search or a token that an address had. */
const HIDDEN = 'not-kept';

/**
 * A path as it may be kept and told: an address without its query, which may name a patient or hold a token, and without a
 * password. Paths of files are as they were.
 */
export function keptPath(path: string): string {
  if (serverOf(path) === null) return path;
  return path.replace(/\/\/[^/?#]*@/, '//').replace(/[?#].*$/s, `?${HIDDEN}`);
}

/** Whether an address is one that {@link keptPath} has taken the query from. */
export function isHidden(query: string): boolean {
  return query === HIDDEN;
}

/** A sentence whose addresses have lost what {@link keptPath} takes from them. */
export function withoutSecrets(text: string): string {
  const named = text.replace(/\b([a-z][a-z+.-]*:\/\/)[^/?#\s"'<>]*@/gi, '$1');
  return named.replace(/https?:\/\/[^\s"'<>]+/gi, (address) => {
    const end = /[.,;:)\]}]*$/.exec(address)![0];
    return keptPath(address.slice(0, address.length - end.length)).replace(`?${HIDDEN}`, '?…') + end;
  });
}
