import type { FileSystem } from '../../base/file_system.ts';
import type { RangeRule } from '../range/rule.ts';
import { type CheckOptions, openInspected } from './check.ts';
import type { Dataset } from './dataset.ts';
import type { Inventory } from './inventory.ts';

/** A data set that was looked at. */
export interface InspectedSet {
  readonly dataset: Dataset;
  readonly inventory: Inventory;
  /** How values become grey levels. */
  readonly grey: RangeRule;
  /** Whether it was looked at by this call. */
  readonly fresh: boolean;
}

/** Data sets that were looked at, for studies whose runs share them: each is read once. */
export class InspectedSets {
  readonly #known = new Map<string, Omit<InspectedSet, 'fresh'>>();

  /** As `openInspected`; what is known is not looked at again. */
  async open(fs: FileSystem, path: string, options: CheckOptions): Promise<InspectedSet> {
    const { rules = {}, object, grey } = options;
    const { normal, abnormal, skip, group } = rules;
    const names = [
      ...(['mask.background', 'mask.orientation', 'range', 'split.seed', 'shots.abnormal'] as const),
      ...(['window', 'plane', 'accept', 'volume'] as const),
    ];
    const key = JSON.stringify([path, object, normal, abnormal, skip, group, names.map((name) => rules[name]), grey]);
    const known = this.#known.get(key);
    if (known) return { ...known, fresh: false };
    const opened = await openInspected(fs, path, options);
    this.#known.set(key, opened);
    return { ...opened, fresh: true };
  }
}
