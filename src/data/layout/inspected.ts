import type { FileSystem } from '../../base/file_system.ts';
import type { RangeRule } from '../range/rule.ts';
import { type CheckOptions, type OpenedSet, openInspected } from './check.ts';
import { findObject } from './object_name.ts';

/** A data set that was looked at. */
export interface InspectedSet extends OpenedSet {
  /** Whether it was looked at by this call. */
  readonly fresh: boolean;
}

/** Data sets that were looked at, for studies whose runs share them: each is read once. */
export class InspectedSets {
  readonly #known = new Map<string, OpenedSet>();

  /** As `openInspected`; what is known is not looked at again. */
  async open(fs: FileSystem, path: string, options: CheckOptions): Promise<InspectedSet> {
    const { rules = {}, object, grey } = options;
    const { normal, abnormal, skip, group } = rules;
    const names = [
      ...(['mask.background', 'mask.orientation', 'mask.values', 'range', 'split.seed'] as const),
      ...(['window', 'plane', 'accept', 'volume'] as const),
    ];
    const normalOnly = rules['shots.abnormal'] === 0;
    const shared = [path, normal, abnormal, skip, group, names.map((name) => rules[name]), normalOnly];
    const keyOf = (rule: RangeRule | undefined) => JSON.stringify([...shared, rule]);
    const known = this.#known.get(keyOf(grey));
    if (known) {
      const named = await findObject(fs, path, object);
      return { ...known, inventory: { ...known.inventory, ...named }, fresh: false };
    }
    const opened = await openInspected(fs, path, options);
    this.#known.set(keyOf(grey), opened);
    // Whoever is given the rule that was found finds the same.
    this.#known.set(keyOf(opened.grey), opened);
    return { ...opened, fresh: true };
  }

  /** Forgets a data set that is not there any more. */
  forget(path: string): void {
    for (const key of this.#known.keys()) if ((JSON.parse(key) as unknown[])[0] === path) this.#known.delete(key);
  }
}
