/** What is to be said of volumes, each sentence once, of all that it is true of. */
export class Remarks {
  readonly #names = new Map<string, Set<string>>();

  /** @param name of the volume */
  add(name: string, text: string): void {
    const names = this.#names.get(text);
    if (names) names.add(name);
    else this.#names.set(text, new Set([name]));
  }

  /** What is said of one volume. */
  of(name: string): string {
    return [...this.#names].flatMap(([text, names]) => (names.has(name) ? [text] : [])).join('; ');
  }

  /** All of it, for people. */
  lines(): string[] {
    return [...this.#names].map(([text, names]) => `${listed([...names])}: ${text}`);
  }
}

function listed([first, second, ...others]: readonly string[]): string {
  if (!second) return first;
  return others.length === 0 ? `${first}, ${second}` : `${first} and ${others.length + 1} more`;
}
