import type { SliceStack } from '../volume/stack.ts';
import type { ImageSource, SourceOf } from './decider.ts';

/** A volume whose slices are scored. */
interface Sliced extends ImageSource {
  readonly stacks: readonly SliceStack[];
}

/** Patient and scanner of the slices of volumes, by their ids; of other images nothing is known. */
export function sliceSource(volumes: readonly Sliced[] | null): SourceOf {
  const known = new Map<string, ImageSource>();
  for (const { patient, scanner, stacks } of volumes ?? []) {
    for (const id of stacks.flatMap(({ slices }) => slices)) if (id !== null) known.set(id, { patient, scanner });
  }
  return (id) => known.get(id) ?? null;
}
