import type { GpuArray } from '../../src/gpu/array.ts';
import type { Scope } from '../../src/gpu/memory.ts';

/** What the model knows of one allocation: whether it is owned by someone, by which scope, and its words. */
export interface Owner {
  alive: boolean;
  scope: ModelScope | null;
  /** By byte offset. */
  readonly words: Map<number, number>;
}

/** An array, or a view of one, with its owner in the model. */
export interface Handle {
  readonly array: GpuArray;
  readonly owner: Owner;
}

export interface ModelScope {
  readonly scope: Scope;
  readonly owned: Set<Owner>;
}

/** Who owns what, and what lies in it, as it should be; random choices among it come from its seed. */
export class OwnershipModel {
  #state: number;
  /** Handles of this sequence, and dead ones of those before. */
  handles: Handle[] = [];

  constructor(seed: number) {
    this.#state = seed;
  }

  end(scope: ModelScope): void {
    scope.scope[Symbol.dispose]();
    for (const owner of [...scope.owned]) this.die(owner);
  }

  die(owner: Owner): void {
    this.own(owner, null);
    owner.alive = false;
  }

  own(owner: Owner, scope: ModelScope | null): void {
    owner.scope?.owned.delete(owner);
    owner.scope = scope;
    scope?.owned.add(owner);
  }

  get({ array, owner }: Handle): number {
    return owner.words.get(array.offset)!;
  }

  set({ array, owner }: Handle, value: number): void {
    owner.words.set(array.offset, value);
  }

  /** A handle, mostly a live one. */
  pick(): Handle | null {
    let handle: Handle | null = null;
    for (let tries = this.below(5); tries >= 0 && !handle?.owner.alive; tries--) {
      handle = this.handles[this.below(this.handles.length)] ?? null;
    }
    return handle;
  }

  /** A whole number below `n`. */
  below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  }
}
