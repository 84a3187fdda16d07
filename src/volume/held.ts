/**
 * What is decoded of volumes and held because it is asked for again: of one volume at a time, so that memory does not grow with
 * their number. A volume, its views in other planes and its mask are one owner.
 */
export class Held {
  #owner: string | null = null;
  #forget: (() => void)[] = [];

  /** Another owner's things are forgotten. @param forget drops what `owner` holds now */
  by(owner: string, forget: () => void): void {
    if (this.#owner !== owner) {
      this.clear();
      this.#owner = owner;
    }
    if (!this.#forget.includes(forget)) this.#forget.push(forget);
  }

  /** Forgets all. */
  clear(): void {
    for (const one of this.#forget.splice(0)) one();
    this.#owner = null;
  }
}
