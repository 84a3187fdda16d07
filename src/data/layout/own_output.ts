import type { FileSystem } from '../../base/file_system.ts';
import { joinPath } from '../../base/paths.ts';

/**
 * What the program writes into the folder of a run, a prediction or an evaluation; in the order in which `--force` removes it: what
 * makes a folder a run goes last.
 */
export const OUTPUT_FILES: readonly string[] = [
  ...['results.json', 'env.json', 'shots.json', 'data.json', 'metrics.jsonl', 'checkpoint', 'predictions.csv'],
  ...[
    'predictions.json',
    'report.html',
    'bom.cdx.json',
    'checklist-claim.md',
    'checklist-tripod.md',
    'maps',
    'volumes',
    'volumes.json',
    'config.json',
  ],
];

/** Files that say who wrote them. */
const MARKS = ['config.json', 'predictions.json', 'results.json', 'env.json', 'data.json'];

/**
 * Whether a folder holds an output of this program: then what {@link OUTPUT_FILES} names in it is no input, above all
 * the heat maps. The JSON files begin with the program's name, and `predictions.csv` with its columns.
 * @param names of the entries of the folder
 */
export async function isOutputFolder(fs: FileSystem, folder: string, names: readonly string[]): Promise<boolean> {
  for (const name of MARKS) {
    if (!names.includes(name)) continue;
    if (isOwnText(await beginning(fs, joinPath(folder, name)))) return true;
  }
  if (!names.includes('predictions.csv')) return false;
  return (await beginning(fs, joinPath(folder, 'predictions.csv'))).startsWith('id,label,score,');
}

/** Whether a JSON file that begins so is of this program. */
export function isOwnText(text: string): boolean {
  return /^\s*\{\s*"fusionclip"\s*:/.test(text);
}

async function beginning(fs: FileSystem, path: string): Promise<string> {
  if ((await fs.stat(path))?.kind !== 'file') return '';
  return new TextDecoder().decode(await fs.readRange(path, 0, 100));
}
