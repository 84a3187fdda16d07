import { FusionclipError } from '../base/errors.ts';
import { VERSION } from '../base/version.ts';
import type { OpenedSet } from '../data/layout/check.ts';
import { InspectedSets } from '../data/layout/inspected.ts';
import { type Inventory, inventoryLines } from '../data/layout/inventory.ts';
import type { RangeRule } from '../data/range/rule.ts';
import { stage } from '../run/events.ts';
import type { TrainOptions } from '../run/options.ts';
import type { RunContext } from './run_context.ts';

/** A data set to be opened for a run. */
export interface DataRequest {
  readonly path: string;
  readonly rules: TrainOptions;
  /** What prompts call the images, if that was said. */
  readonly object?: string;
  /** Whether `object` is what a run was trained with. */
  readonly keeps?: boolean;
  /** By which a run reads values; found or given by the rules otherwise. */
  readonly grey?: RangeRule;
  /** The run whose data set this was, for advice where it is not there any more. */
  readonly of?: string;
}

/** An open data set. */
export interface OpenData extends OpenedSet {
  /** Says what is used and what is not: when nothing else can be refused any more, so that a refusal stands alone. */
  tell(): void;
}

/**
 * Looks at everything in a data set, and opens it.
 * @throws FusionclipError `io`; `bad_data` or `bad_image` when anything in it needs a decision
 */
export async function openData(
  { fs, onEvent = () => {}, inspected = new InspectedSets() }: Pick<RunContext, 'fs' | 'onEvent' | 'inspected'>,
  { path, rules, object, of, grey: known, keeps = false }: DataRequest,
): Promise<OpenData> {
  if (of !== undefined && (await fs.stat(path)) === null) {
    const text = `There is no folder ${path}, where the data set of ${of} lay; say where it lies now with --data DIR.`;
    throw new FusionclipError('io', text);
  }
  const progress = stage(onEvent, 'a look at the images');
  let images = 0;
  const onProgress = (done: number, total: number) => {
    images = total;
    if (done < total) progress(done, total);
  };
  const opened = await inspected.open(fs, path, { rules, object, grey: known, onProgress });
  const { inventory: found, fresh } = opened;
  const inventory: Inventory = keeps ? { ...found, from: 'run' } : found;
  const tell = () => {
    if (!fresh) return;
    progress(images, images);
    onEvent({ type: 'note', text: inventoryLines(inventory).join('\n') });
  };
  return { ...opened, inventory, tell };
}

/** `data.json`: the inventory, marked as this program's, and as the text that was shown. */
export function dataJson(inventory: Inventory): string {
  return `${JSON.stringify({ fusionclip: VERSION, ...inventory, lines: inventoryLines(inventory) }, null, 2)}\n`;
}
